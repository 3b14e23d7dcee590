"""results/clipping.json: what its tool makes, and a piece of it made again."""

import json

import pytest
import torch

from tools.results import clipping as tool

REPORT = json.loads(tool.TARGET.read_text())


def test_the_report_is_about_todays_runs():
    assert REPORT["net"] == tool.NET and REPORT["samples"] == tool.N and list(REPORT["nets"]) == list(tool.CASES)
    for target, expected in tool.CASES.items():
        seeds = REPORT["nets"][target]
        assert list(seeds) == list(REPORT["error"][target]) == [str(seed) for seed in tool.SEEDS]
        for cases in seeds.values():
            assert list(cases) == [", ".join(map(str, case)) for case in expected]
    names = [(f"{name}, {rule}, {calls} calls, w = {w:g}", list(ways)) for name, rule, calls, w, ways in tool.SHIPPED]
    assert [(name, list(rows)) for name, rows in REPORT["shipped"].items()] == names


@pytest.mark.parametrize("way", REPORT["check"])
def test_a_piece_of_the_report_is_what_the_shipped_model_draws(way):
    found, told = tool.check(way), REPORT["check"][way]
    assert found["agreement"] == pytest.approx(told["agreement"], abs=0.021)  # two images of a hundred
    assert found["rms"] == pytest.approx(told["rms"], rel=0.01) and found["frechet"] == pytest.approx(
        told["frechet"], rel=0.02
    )


def test_the_nets_are_trained_and_measured_as_the_report_says(monkeypatch, tmp_path):
    """At smoke size: every number of the nets' part is a number, and a second run finds the nets."""
    monkeypatch.setattr(tool, "NET", tool.NET | {"width": 16, "depth": 1, "steps": 4, "batch": 8})
    tool.net.cache_clear()
    for name in ("eps", "v"):
        way, rule, _ = tool.CASES[name][-1]
        found = tool.trained(name, 0, (way, rule, 2), tmp_path)
        assert set(found) == set(next(iter(REPORT["nets"][name]["0"].values())))
        assert set(tool.error(name, 0, tmp_path)) == set(REPORT["error"][name]["0"])
    first = tool.net("eps", 0, tmp_path)
    tool.net.cache_clear()
    again = tool.net("eps", 0, tmp_path)
    tool.net.cache_clear()
    assert all(torch.equal(a, b) for a, b in zip(first.net.parameters(), again.net.parameters()))


@pytest.mark.parametrize("rule", ["ddim", "ancestral"])
@pytest.mark.parametrize("calls", [20, 100])
def test_every_noise_net_left_the_digits_and_is_kept_there_by_clipping(rule, calls):
    real = REPORT["held_out"]["rms"]
    for cases in REPORT["nets"]["eps"].values():
        assert cases[f"plain, {rule}, {calls}"]["rms"] > 100 * real
        assert cases[f"clipped, {rule}, {calls}"]["rms"] == pytest.approx(real, rel=0.1)
