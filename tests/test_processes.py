"""Two processes of torch's own, on the CPU: what the museum's stand-in for DistributedDataParallel is compared with."""

import warnings
from datetime import timedelta
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from classroom.exercises.ch16 import gradients_of_a_process as exhibit
from classroom.exercises.jumps import SmallNet, draws
from lib.seeding import seeded
from tests.exercises.ch16 import together_by_a_call

LOSSES = {"found": exhibit.jump_loss, "mended": exhibit.solution, "a call besides": together_by_a_call}


def refused(ddp: nn.Module, inputs: tuple, moves: tuple) -> str:
    """Why a wrapper has no forward derivative; nothing where it has one."""
    try:
        torch.func.jvp(ddp, inputs, moves)
    except RuntimeError as error:
        return str(error)
    return ""


def work(rank: int, folder: str) -> None:
    """One of two processes: what it holds after each loss has gone backwards, and what its wrapper refuses."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2, timeout=timedelta(seconds=120)
    )
    draw = [part.chunk(2)[rank] for part in draws(seeded(3))]
    x, s, t, u = draw
    found = {}
    for name, loss_of in LOSSES.items():
        ddp = DistributedDataParallel(SmallNet())  # has to live until the backward pass is over
        loss_of(ddp, *draw).backward()
        found[name] = torch.cat([weight.grad.flatten() for weight in ddp.parameters()])
    times = (s, t), (torch.ones_like(s), torch.zeros_like(t))
    with_buffers = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).double()
    found["plain"] = refused(DistributedDataParallel(SmallNet()), (x, *times[0]), (u, *times[1]))
    found["buffers"] = refused(DistributedDataParallel(with_buffers), (x,), (u,))
    unused = DistributedDataParallel(SmallNet(), find_unused_parameters=True)
    found["unused"] = refused(unused, (x, *times[0]), (u, *times[1]))
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def each(tmp_path_factory) -> list[dict]:
    folder: Path = tmp_path_factory.mktemp("processes")
    mp.spawn(work, (str(folder),), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("name", LOSSES)
def test_two_processes_of_torch_hold_what_the_stand_in_says(each, name):
    expected = exhibit.run(LOSSES[name], *draws(seeded(3)))
    for rank, own in enumerate(each):
        assert torch.allclose(own[name], expected[f"process {rank}"], rtol=0, atol=1e-8)


def test_a_net_that_is_called_past_its_wrapper_is_not_kept_together(each):
    one, two = each
    assert (one["found"] - two["found"]).abs().max() > 0.01
    assert one["mended"].equal(two["mended"])
    (whole,) = exhibit.gradients(exhibit.solution, draws(seeded(3)), [SmallNet()])
    assert torch.allclose(one["mended"], torch.cat([part.flatten() for part in whole]), rtol=0, atol=1e-8)


def test_what_torch_refuses(each):
    """The derivative of a wrapper is there for a plain net, and missing with buffers or `find_unused_parameters`."""
    for own in each:
        assert own["plain"] == "" and "in-place" in own["buffers"] and "setup_context" in own["unused"]
