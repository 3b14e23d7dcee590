"""results/k_budget.json: what its tool makes, a piece of it made again, and the verdicts that chapter 07 draws from it."""

import json
from statistics import median_low

import pytest
import torch

from lib.oracle import Oracle
from tools.results import k_budget as tool

REPORT = json.loads(tool.TARGET.read_text())
ORACLE = REPORT["oracle"]
FLOOR = REPORT["marks"]["floor_1000"][0]


def needed(name: str, level: float) -> list[int]:
    """The smallest budget of each seed that scores at most `level` floors."""
    row = ORACLE[name]
    return [next(int(k) for k in row if row[k]["distance"][seed] <= level * FLOOR) for seed in range(len(tool.SEEDS))]


def test_the_report_is_about_todays_samplers():
    assert REPORT["points"] == tool.N and REPORT["seeds"] == len(tool.SEEDS) and REPORT["steps"] == list(tool.STEPS)
    assert list(ORACLE) == [f"{name}, {path}" for path, name, _ in tool.every()]
    assert list(REPORT["nets"]) == [f"{name}, {path}" for path, name in tool.OF_NETS]
    for rows, seeds in ((ORACLE, tool.SEEDS), (REPORT["nets"], tool.NET_SEEDS)):
        for row in rows.values():
            assert [*map(int, row)] == sorted(map(int, row)) and all(
                len(values) == len(seeds) for cell in row.values() for values in cell.values()
            )
    assert len(REPORT["euler"]) == len(tool.CLOUDS)


@pytest.mark.parametrize(
    ("name", "calls"), [("DDIM, linear", 8), ("DDPM beta, linear", 5), ("DPM-Solver++ 2M, straight", 8)]
)
def test_a_cell_is_what_the_sampler_draws(name, calls):
    rule, path = name.split(", ")
    found = tool.cell(Oracle(tool.MIXTURE, tool.PATHS[path]), tool.samplers(path)[rule], calls, seeds=(0,))
    told = ORACLE[name][str(calls)]
    assert found["distance"][0] == pytest.approx(told["distance"][0], rel=0.01)
    assert found["off"][0] == pytest.approx(told["off"][0], rel=0.03)


def test_the_larger_variance_is_nearer_on_the_moons_in_every_seed():
    for calls in map(str, tool.FEW):
        beta, tilde = (ORACLE[f"DDPM {name}, linear"][calls]["distance"] for name in ("beta", "beta-tilde"))
        assert all(a < b for a, b in zip(beta, tilde))
    assert median_low(needed("DDPM beta, linear", 2)) < median_low(needed("DDPM beta-tilde, linear", 2))


def test_eulers_errors_are_those_of_a_smaller_cloud():
    torch.set_num_threads(1)
    found = tool.euler_errors(0, steps=(8, 16), n=500)
    told = [REPORT["euler"]["cloud 0"]["median"][tool.STEPS.index(k)] for k in (8, 16)]
    assert found["median"] == pytest.approx(told, rel=0.15)
