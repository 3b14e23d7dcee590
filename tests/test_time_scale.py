"""The ablation of chapter 8: its file belongs to the code that made it, is complete, and a part of it comes out again."""

import json

import pytest
import torch

from tools.results import time_scale_ablation as ablation

FILE = json.loads(ablation.TARGET.read_text())


def test_the_file_was_made_by_this_code():
    assert FILE["code"] == ablation.code(), f"run `{FILE['command']}`"
    for kind, rates in ablation.GRIDS.items():
        assert {int(steps): set(map(float, runs)) for steps, runs in FILE[kind].items()} == {
            steps: set(rates[steps]) for steps in rates
        }
        for steps, runs in FILE[kind].items():
            for run in runs.values():
                assert list(run) == list(ablation.views_of(kind, int(steps)))
                assert all(len(row) == len(ablation.SEEDS) >= 5 for rows in run.values() for row in rows.values())


@pytest.mark.parametrize(("kind", "inputs"), [("runs", ablation.ONE), ("small", ablation.MANY)])
def test_a_part_comes_out_again(kind, inputs):
    """Up to float32's differences between machines, which a short training does not blow up."""
    views, seeds = {name: ablation.VIEWS[name] for name in ("scale 20", "raw t")}, (0, 1)
    found = ablation.excess(ablation.train(views, seeds, 100, 0.01, inputs), views, seeds)
    for name, row in zip(views, found.tolist()):
        assert row == pytest.approx(FILE[kind]["100"]["0.01"][name]["excess"][:2], rel=0.05)


@pytest.mark.parametrize("inputs", [ablation.ONE, ablation.MANY])
def test_nets_of_one_seed_begin_with_the_same_weights_on_the_point(inputs):
    """However many numbers tell them the time; only the weights on those numbers are wider where they are few."""
    views = {name: ablation.VIEWS[name] for name in ("scale 1", "scale 1,000", "log-SNR", "no t")}
    first, *rest = ablation.initial(views, (3,), inputs)
    assert (first[:, :2] == first[:1, :2]).all() and all((w == w[:1]).all() for w in rest)
    assert first[:, :2].abs().max().item() == pytest.approx(inputs**-0.5, rel=0.05)
    assert first[0, 2:].abs().max().item() == pytest.approx(ablation.MANY**-0.5, rel=0.05)
    assert first[2, 2:].abs().max().item() == pytest.approx(ablation.ONE**-0.5, rel=0.05)
    assert torch.equal(first[0, 2:], first[1, 2:])


def test_comments_and_layout_leave_the_digest_alone_and_code_does_not():
    assert ablation.digest("x = 1  # one") == ablation.digest("x  =  1")
    assert ablation.digest('def f():\n    """One."""\n    return 1') == ablation.digest("def f():\n    return 1")
    assert ablation.digest("x = 1") != ablation.digest("x = 2")
