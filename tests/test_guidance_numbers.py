"""What guidance does to the digits is one measurement, results/image_metrics.json: chapters 11 and 12 must not differ."""

import json
from pathlib import Path

import pytest

from lib.metrics import spread
from tests.test_claims import recorded
from tools.notebooks import claims

REPORT = json.loads((Path(__file__).parents[1] / "results" / "image_metrics.json").read_text())
ELEVEN, TWELVE = "11_conditioning_and_guidance", "12_image_runs"
WEIGHTS = {"1": "one", "2": "two", "4": "four"}  # as chapter 11 and as chapter 12 names a record
INSIDE = "w = 2 for sigma/alpha in 0.5-1"


def measured() -> dict[str, float]:
    """What either chapter may record of the guided digits, by the name of the record."""
    runs = REPORT["models"]["digits_flow"]["runs"]
    cases = {name: f"w = {name}" for name in WEIGHTS} | {"inside": INSIDE}
    found = {}
    for name, run in cases.items():
        word = WEIGHTS.get(name, "two-inside")
        for key in ("agreement", "frechet", "precision", "recall"):
            mean = spread(runs[f"euler, 20 calls, {run}"][key]).mean
            eleven = "digits-agrees" if key == "agreement" else f"digits-{key}"
            found |= {f"{ELEVEN}/{eleven}-{name}": mean, f"{TWELVE}/{key}-{word}": mean}
    real = REPORT["floors"]["digits"]["recall"][0]
    return found | {f"{ELEVEN}/digits-recall-real": real, f"{TWELVE}/recall-real": real}


def contradictions(records: dict[str, str]) -> list[str]:
    """The records that say something else than the measurement."""
    known = measured()
    return [
        f"{name} = {value}, measured {known[name]:.6g}"
        for name, value in records.items()
        if name in known and claims.disagreement(value, f"{known[name]:.6g}")
    ]


def test_the_chapters_agree_on_what_guidance_does_to_the_digits():
    records = recorded()
    assert contradictions(records) == []
    for stem in (ELEVEN, TWELVE):  # and each of them does tell of the sweep
        told = [name for name in records if name in measured() and name.startswith(stem)]
        assert sum("recall" in name for name in told) >= 4, stem


@pytest.mark.parametrize("name", [f"{ELEVEN}/digits-recall-1", f"{TWELVE}/recall-one", f"{TWELVE}/frechet-two-inside"])
def test_a_planted_contradiction_is_found(name):
    records = recorded()
    (found,) = contradictions(records | {name: "0.88"})
    assert found.startswith(f"{name} = 0.88, measured")


def test_of_the_digits_no_number_is_told_that_the_file_does_not_hold():
    """A sweep of its own, of other samples, is how the chapters came to disagree."""
    odd = [name for name in recorded() if name.startswith(f"{ELEVEN}/digits-") and name not in measured()]
    assert odd == []


def test_precision_rises_and_falls_back_while_recall_only_falls():
    """What the text says of the sweep, in both chapters."""
    found = measured()
    precision, recall = ([found[f"{ELEVEN}/digits-{key}-{w}"] for w in WEIGHTS] for key in ("precision", "recall"))
    assert precision[1] > precision[0] + 0.05 and precision[2] == pytest.approx(precision[0], abs=0.03)
    assert recall[0] > recall[1] + 0.2 > recall[2] + 0.4
