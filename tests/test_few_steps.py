"""What chapter 14 reads from files: a part of it is computed again, and its verdicts hold for every seed."""

import json
from pathlib import Path

import pytest
import torch

from lib import GaussianMixture, randn, seeded
from tools.results import few_steps, matching

RESULTS = Path(__file__).parents[1] / "results"
FEW = json.loads((RESULTS / "few_steps.json").read_text())
MATCH = json.loads((RESULTS / "matching.json").read_text())


def mean(values):
    return sum(values) / len(values)


def of(name, what, i=0):
    return [row[what][i] for row in FEW["rows"][name].values()]


def test_the_file_holds_every_recipe_and_every_seed():
    assert [*FEW["rows"]] == [*few_steps.RECIPES] and FEW["calls"] == [*few_steps.CALLS]
    assert all([*rows] == [str(seed) for seed in few_steps.SEEDS] for rows in FEW["rows"].values())


def test_the_marks_are_those_of_the_exact_map_and_of_perfect_samples():
    again = few_steps.marks()
    torch.testing.assert_close(again["exact"], FEW["marks"]["exact"], rtol=0, atol=2e-4)  # seen: 0 on two kinds of CPU
    for name in ("floor", "gaussian", "nothing"):
        torch.testing.assert_close(again[name], FEW["marks"][name], rtol=0, atol=2e-4)


@pytest.mark.parametrize("name", ["reflow on exact pairs", "shortcut"])
def test_a_tenth_of_a_training_goes_where_the_row_says(name):
    """Nets after 300 steps are not yet what they become, and far from what they were."""
    recipe = few_steps.RECIPES[name]._replace(steps=300)
    row = few_steps.judged(few_steps.trained(recipe, 0)[0], 0)
    assert FEW["rows"][name]["0"]["apart"][0] < row["apart"][0] < 0.5 * mean(of("flow matching", "apart"))


def test_pairs_reach_the_floor_in_one_call_and_data_alone_comes_near():
    exact = mean(FEW["marks"]["exact"])
    assert mean(of("reflow on exact pairs", "distance")) <= 1.2 * exact
    assert max(of("reflow on exact pairs", "apart")) <= 0.05
    assert max(of("Lagrangian, 9,000 steps", "distance")) <= 1.8 * exact


@pytest.mark.parametrize("name", ["shortcut", "Lagrangian", "MeanFlow", "Lagrangian, 9,000 steps"])
def test_four_calls_are_better_than_one(name):
    assert mean(of(name, "distance", 2)) < mean(of(name, "distance", 0))


def test_the_recipes_that_fail_fail_for_every_seed():
    good = max(of("MeanFlow", "distance"))
    assert min(of("MeanFlow, t_scale 1000", "distance")) > 2 * good
    assert min(of("MeanFlow, power 1", "distance", 2)) > 2 * max(of("MeanFlow", "distance", 2))
    for name in ("Lagrangian, t_scale 1000", "shortcut, t_scale 1000"):
        assert max(of(name, "distance")) < 2 * good


def test_the_diagonal_of_a_trained_map_is_its_velocity():
    """The mean square of the velocity's error: a few per cent of the velocity's variance at most."""
    for name in ("shortcut", "Lagrangian", "MeanFlow", "Lagrangian, 9,000 steps"):
        assert max(row["excess"] for row in FEW["rows"][name].values()) < 0.02


def test_drifting_is_computed_again():
    again = matching.drifted(0, 0.1, blob=True)
    then = MATCH["drifting"]["blob"]["0.1"][0]
    torch.testing.assert_close(again["shares"], then["shares"], rtol=0, atol=0.05)
    assert abs(again["speed"] - then["speed"]) < 0.002


def test_nothing_drifts_where_both_clouds_are_drawn_alike():
    """In the mean: half of a cloud against the other half, beside a cloud that stands elsewhere."""
    x = randn((4000, 2), generator=seeded(0))
    still = matching.drift(x[:2000], x[2000:], 0.5).mean(0).norm()
    moved = matching.drift(x[:2000], x[2000:] + 0.5, 0.5).mean(0).norm()
    assert still < 0.02 < 0.1 < moved


def test_a_generator_loses_modes_only_where_the_noise_is_short():
    kept = {t: [sum(one > 1 / 16 for one in shares) for shares in runs] for t, runs in MATCH["matching"].items()}
    assert all(count == 8 for count in kept["0.05"]) and all(count < 8 for count in kept["0.9"])
    assert isinstance(matching.RING, GaussianMixture) and [*kept] == [str(t) for t in matching.T_MIN]
