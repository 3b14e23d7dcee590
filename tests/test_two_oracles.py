"""What chapter 15 reads from its file: a part of it is computed again, and its verdicts hold for every seed."""

import json

import pytest

from lib.trained.shipped import results
from tools.results import two_oracles as tool

FILE = json.loads(results("two_oracles.json").read_text())


def runs(n, kind="pairs"):
    return [FILE[kind][f"n = {n}, seed {seed}"] for seed in tool.SEEDS]


def column(run, what):
    return [look[what] for look in run["looks"]]


def test_the_file_holds_every_size_and_every_seed():
    for kind, sizes in tool.PLAN.items():
        assert sorted(FILE[kind]) == sorted(f"n = {n}, seed {seed}" for n in sizes for seed in tool.SEEDS)
        for rows in FILE[kind].values():
            assert kind == "halves" or column(rows, "step") == [*tool.LOOKS]


@pytest.mark.parametrize("n", [25, 400])
def test_the_truth_scores_what_the_file_says(n):
    again = tool.judged(tool.EXACT, tool.halves(n, 1)[0], 1)
    assert again["to_moons"] == 0
    assert again == pytest.approx(runs(n)[1]["truth"], rel=0.02, abs=0.002)  # seen: 0 on two kinds of CPU


@pytest.mark.parametrize("kind", ["pairs", "control"])
def test_the_first_look_is_what_a_training_finds(kind):
    x, found = tool.halves(50, 0)[0], []
    tool.trained(
        x, 0, 400, lambda step, model: found.append((step, tool.judged(model, x, 0))), control=kind == "control"
    )
    (step, again), first = found[0], runs(50, kind)[0]["looks"][0]
    assert step == first["step"] == 400
    for what in ("to_moons", "to_points"):
        assert again[what] == pytest.approx(first[what], rel=0.1)  # seen: 0.000 on the machine that made the file


def test_few_points_are_memorised_and_many_are_not():
    for run in (*runs(25), *runs(50)):
        assert column(run, "to_moons")[-1] > 1.3 * min(column(run, "to_moons"))
        assert column(run, "copied")[-1] > 0.3
    for run in runs(800):
        assert column(run, "to_moons")[-1] < 0.02 and column(run, "copied")[-1] < 0.16


def test_every_net_ends_nearer_to_its_points_than_the_truth_is():
    for n in tool.PLAN["pairs"]:
        for run in runs(n):
            assert column(run, "to_points")[-1] < run["truth"]["to_points"] < column(run, "to_points")[0]


def test_without_noise_in_the_target_the_points_are_learned_better():
    for n in tool.PLAN["control"]:
        for noisy, exact in zip(runs(n), runs(n, "control")):
            assert column(exact, "to_points")[-1] < 0.6 * column(noisy, "to_points")[-1]


def test_nets_of_disjoint_halves_agree_once_there_are_many_points():
    few, some, many = ([row["each_other"] for row in runs(n, "halves")] for n in (50, 200, 800))
    assert min(few) > max(some) and min(some) > max(many)
