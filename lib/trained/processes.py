"""One process or several, and what they must agree on.

    torchrun --standalone --nproc_per_node 8 -m lib.trained ...

starts eight and tells each its number; torch's own launcher needs no other package. Without it there is one.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor


class Place(NamedTuple):
    """This process among the others: its device, its number, how many there are."""

    device: torch.device
    rank: int = 0
    world: int = 1


def place() -> Place:
    """Join the processes that torchrun started, each on a GPU of its own, or on the CPU; else one process on the first GPU.

    Raises ValueError where a machine with GPUs was given more processes than it has of them.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not dist.is_torchelastic_launched():
        return Place(torch.device("cuda" if gpus else "cpu"))
    local = dist.get_node_local_rank()
    if gpus and local >= gpus:
        raise ValueError(f"There are {gpus} GPUs and more processes: --nproc_per_node can be {gpus} at most.")
    if gpus:
        torch.cuda.set_device(local)
    if not dist.is_initialized():
        dist.init_process_group()  # gloo between CPUs, NCCL between GPUs
    return Place(torch.device("cuda", local) if gpus else torch.device("cpu"), dist.get_rank(), dist.get_world_size())


def mean_over_processes(value: Tensor, world: int) -> float:
    """The mean of a scalar over all processes."""
    if world > 1:
        value = value.clone()
        dist.all_reduce(value)
    return value.item() / world


def anywhere(flag: bool, world: int) -> bool:
    """Whether a flag is set in any process."""
    if world == 1:
        return flag
    asked = torch.tensor(int(flag))  # on the CPU, so that no GPU is waited for
    dist.all_reduce(asked, dist.ReduceOp.MAX)
    return bool(asked)


@contextmanager
def one_line(kept: Callable[[], str] = str) -> Iterator[None]:
    """Around a command: what goes wrong inside is one line on stderr, and a status. kept() says what a full disk spared."""
    try:
        yield
    except KeyboardInterrupt as error:
        _leave(str(error) or "Interrupted.", code=130)
    except OSError as error:
        _leave(f"error: {error} {kept()}")
    except (ValueError, FloatingPointError, ModuleNotFoundError) as error:
        _leave(f"error: {error}")
    if dist.is_initialized():
        dist.destroy_process_group()


def _leave(text: str, code: int = 1) -> None:
    """End the program; of several processes one speaks."""
    if not dist.is_initialized() or dist.get_rank() == 0:
        print(" ".join(text.split()), file=sys.stderr)
    sys.exit(code)


def leave_together(world: int) -> None:
    """Nobody leaves while the first still writes."""
    if world > 1:
        dist.barrier()


@contextmanager
def patient() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C (SIGINT) only sets what the yielded function tells; a second one, a second later, interrupts at once.

    Handlers of others stay, and so does SIGINT in a thread, where none can be set.
    """
    asked: list[float] = []

    def note(*_) -> None:
        if asked and time.monotonic() - asked[0] > 1:  # torchrun passes the same one on, right after the terminal
            raise KeyboardInterrupt
        asked.append(time.monotonic())

    mine = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if mine:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(asked)
    finally:
        if mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)
