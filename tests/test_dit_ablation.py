"""results/dit_ablation.json: what its tool makes, and the beginning of a run made again."""

import json
from itertools import islice

import pytest
import torch

from lib.nets.dit import DiT, DiTBlock
from lib.seeding import randn, seeded
from tools.results import dit_ablation as tool

REPORT = json.loads(tool.TARGET.read_text())


def test_the_report_is_about_todays_runs():
    assert REPORT["net"] == tool.SHAPE and REPORT["looks"] == list(tool.LOOKS)
    assert (REPORT["steps"], REPORT["batch"], REPORT["lr"]) == (tool.STEPS, tool.BATCH, tool.RATE)
    assert set(REPORT["runs"]) == set(tool.WAYS)
    for seeds in REPORT["runs"].values():
        assert sorted(seeds) == [str(seed) for seed in tool.SEEDS]
        assert all(len(losses) == len(tool.LOOKS) for losses in seeds.values())


@pytest.mark.parametrize("way", ["gates 0", "gates 1", "MLP, lower rate"])
def test_the_beginning_of_a_run_is_what_the_report_says(way):
    ((step, loss),) = islice(tool.run(way, 0), 1)
    assert step == tool.LOOKS[0] and loss == pytest.approx(REPORT["runs"][way]["0"][0], abs=0.02)


def test_the_ways_differ_in_what_they_say():
    nets = {way: tool.net(way, 0) for way in tool.WAYS}
    first = {way: net.embed.weight.detach() for way, net in nets.items() if isinstance(net, DiT)}
    assert all(torch.equal(weight, first["gates 0"]) for weight in first.values())
    for gate in tool.GATES:
        parts = nets[f"gates {gate:g}"].blocks[0].modulation[1].bias.chunk(6)
        assert [part.unique().item() for part in parts] == pytest.approx([0, 0, gate] * 2)
    assert nets["no positions"].positions.abs().max() == 0 < nets["gates 0"].positions.abs().max()


def test_new_gains_and_biases_change_nothing():
    plain, affine = DiTBlock(8, 2), tool.AffineBlock(8, 2)
    torch.nn.init.normal_(plain.modulation[1].weight, generator=seeded(0))
    missing, _ = affine.load_state_dict(plain.state_dict(), strict=False)
    assert sorted(missing) == ["biases.0", "biases.1", "gains.0", "gains.1"]
    h, c = randn((2, 4, 8), generator=seeded(1)), randn((2, 8), generator=seeded(2))
    assert torch.allclose(affine(h, c), plain(h, c), atol=1e-6)
