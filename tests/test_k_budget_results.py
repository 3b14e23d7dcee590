"""results/k_budget.json: what its tool makes, a piece of it made again, and the verdicts that chapter 07 draws from it."""

import json
from statistics import median_low

import pytest
import torch

from lib.oracle import Oracle
from lib.trained.toy import load
from tools.results import k_budget as tool

REPORT = json.loads(tool.TARGET.read_text())
ORACLE = REPORT["oracle"]
FLOOR = REPORT["marks"]["floor_1000"][0]


def needed(name: str, level: float) -> list[int]:
    """The smallest budget of each seed that scores at most `level` floors."""
    row = ORACLE[name]
    return [next(int(k) for k in row if row[k]["distance"][seed] <= level * FLOOR) for seed in range(len(tool.SEEDS))]


def test_the_report_is_about_todays_samplers():
    today = {name: value for name, value in tool.settings().items() if name != "torch"}
    assert today.items() <= REPORT.items()
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


def test_a_cell_of_a_network_is_what_it_draws():
    net = load(tool.RESULTS / f"{tool.NETS['straight']}.safetensors")
    found = tool.cell(net, tool.samplers("straight")["DPM-Solver++ 2M"], 8, seeds=(0,))
    told = REPORT["nets"]["DPM-Solver++ 2M, straight"]["8"]
    assert found["distance"][0] == pytest.approx(told["distance"][0], rel=0.01)
    assert found["off"][0] == pytest.approx(told["off"][0], rel=0.03)


def test_only_what_todays_settings_made_is_kept(tmp_path, monkeypatch):
    parts = {part: REPORT[part] for part in ("marks", "oracle", "nets", "euler")}
    monkeypatch.setattr(tool, "TARGET", tmp_path / "k_budget.json")
    assert tool.kept() == {}
    for change, expected in (
        ({}, parts),
        ({"points": 1000}, {}),
        ({"torch": "1.0"}, {}),
        ({"files": REPORT["files"] | {"toy_flow": "another"}}, {}),
    ):
        tool.TARGET.write_text(json.dumps(REPORT | tool.settings() | change))
        assert tool.kept() == expected


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
