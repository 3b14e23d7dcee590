"""results/weight_averages.json: what its tool makes, and the beginning of it made again."""

import json

import pytest

from tools.results import weight_averages as tool

REPORT = json.loads(tool.TARGET.read_text())


def test_the_report_is_about_todays_runs():
    told = {"seeds": tool.SEEDS, "half_lives": tool.HALF_LIVES, "lengths": tool.LENGTHS, "looks": tool.LOOKS}
    assert {name: tuple(v) if isinstance(v := REPORT[name], list) else v for name in told} == told
    assert list(REPORT["runs"]) == list(tool.SCHEDULES)
    for runs in REPORT["runs"].values():
        assert list(runs) == [str(n) for n in tool.LENGTHS]
        for run in runs.values():
            assert [len(seed) for seed in run["weights"]] == [tool.LOOKS] * len(tool.SEEDS)
            assert [len(one) for one in run["averages"]] == [tool.LOOKS] * len(tool.HALF_LIVES)
            assert [len(one) for one in run["end"]] == [len(tool.SEEDS)] * (1 + len(tool.HALF_LIVES))
            assert [seed[-1] for seed in run["weights"]] == run["end"][0]


def test_the_floor_is_that_of_the_oracle():
    assert tool.floor() == pytest.approx(REPORT["floor"], abs=2e-4)


def test_the_first_steps_are_those_of_the_report():
    """Later ones differ from machine to machine: training in float32 adds up what rounding leaves."""
    run, found = REPORT["runs"]["constant"]["250"], tool.train("constant", tool.LENGTHS[-1], until=30)
    assert list(found) == [10, 20, 30]
    for i, excess in enumerate(found.values()):
        assert excess[0].tolist() == pytest.approx([seed[i] for seed in run["weights"]], rel=0.02)
        assert excess[1:].median(-1).values.tolist() == pytest.approx([one[i] for one in run["averages"]], rel=0.02)


def test_of_a_half_life_half_is_left():
    assert tool.decay(50) ** 50 == pytest.approx(0.5)
