"""results/image_k_*.json: in order, between floor and noise, and drawn from the shipped models."""

import json

import pytest

from lib.trained.files import mark
from lib.trained.shipped import RESULTS
from tools.results import image_k as tool

REPORTS = {path.stem.removeprefix("image_k_"): json.loads(path.read_text()) for path in RESULTS.glob("image_k_*.json")}
CELLS = {data: {str(cell): cell for cell in tool.cells(data)} for data in REPORTS}
EVERY = [(data, name) for data, report in REPORTS.items() for name in report["cells"]]


def test_there_is_a_table_for_chapter_7():
    assert "digits" in REPORTS


@pytest.mark.parametrize("data", REPORTS)
def test_the_table_is_in_order_and_about_the_shipped_files(data):
    report = REPORTS[data]
    measured = list(report["cells"])  # the longest budgets come last, and may be to come
    assert measured == list(CELLS[data])[: len(measured)] and tuple(report["seeds"]) == tool.SEEDS
    assert str(tool.Cell(data, "DDPM, variance beta-tilde", 250, True)) in measured
    assert report["files"] == {name: mark(RESULTS / f"{name}.safetensors") for name in report["files"]}
    assert {f"{data}_ddpm", f"{data}_flow"} < set(report["files"])


@pytest.mark.parametrize(("data", "name"), EVERY)
def test_a_cell_lies_between_floor_and_noise(data, name):
    cell, found = CELLS[data][name], REPORTS[data]["cells"][name]
    marks = REPORTS[data]["marks"][str(cell.count)]
    assert (found["calls"], found["pictures"]) == (cell.calls, cell.count)
    assert 0 < found["calls"] <= cell.budget and len(found["frechet_held_out"]) == len(tool.SEEDS)
    floor, sd = marks["floor"]
    assert all(floor - 3 * sd < value < marks["nothing"][0] for value in found["frechet_held_out"])
    assert all(0 <= value <= 1 for key in ("agreement", "precision", "recall") for value in found[key])


@pytest.mark.parametrize(("data", "row"), [(data, row) for data in REPORTS for row in tool.ROWS])
def test_more_calls_do_not_cost_quality(data, row):
    """From 5 calls to 50, clipped, seed by seed: a seed's pictures have an offset in common."""
    few, many = (REPORTS[data]["cells"][str(tool.Cell(data, row, k, True))]["frechet_held_out"] for k in (5, 50))
    assert all(b < a for a, b in zip(few, many))


@pytest.mark.parametrize("name", ["flow, RK4, 5", "DDIM, 10", "DDPM, variance beta, 5, not clipped"])
@pytest.mark.parametrize("data", REPORTS)
def test_a_part_of_the_table_is_drawn_again(data, name):
    """seen: the same to the last digit on one CPU"""
    assert tool.check(CELLS[data][name]) == pytest.approx(REPORTS[data]["cells"][name]["check"], rel=0.02, abs=0.02)
