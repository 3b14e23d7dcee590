"""Calls drawn at random: each ends in a right result or in a sentence of the library. `tools.checks.fuzz` draws 2,000."""

from collections import Counter
from pathlib import Path

import pytest
import torch

import lib
from tools.checks import calls, fuzz
from tools.checks.calls import Call

# What reads a file, holds numbers or names, or is tried through what it makes.
NOT_CALLED = {
    "Coeffs", "Estimate", "State", "Learned", "digits", "mnist_subset", "two_moons_mixture", "make_target", "load_autoencoder",
    "load_classifier", "load_model", "NO_LABEL", "TARGETS", "CosinePath", "LinearPath", "emoji", "faces", "fashion_mnist",
}  # fmt: skip


def test_random_calls_end_well():
    outcomes = fuzz.fuzz(300, seed=1)
    assert [(outcome.asked, outcome.words) for outcome in outcomes if outcome.kind == "fault"] == []
    count = Counter(outcome.kind for outcome in outcomes)
    assert count["right"] > 100 and count["refused"] > 100  # neither side sleeps


def test_every_public_name_is_called():
    public = {name for name in vars(lib) if not name.startswith("_")} - {"nets", "trained"}
    modules = {name for name in public if type(getattr(lib, name)).__name__ == "module"}
    called = Path(calls.__file__).read_text()
    missing = {name for name in public - modules - NOT_CALLED if name not in called}
    assert missing <= {rule.__name__ for rule in fuzz.things()["rule"]}


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        (lambda x: x @ x, "RuntimeError"),  # an error from inside torch
        (lambda x: x[:, :1], "shape"),
        (lambda x: x / 0, "not finite"),
        (lambda x: torch.nn.functional.mse_loss(x, x[:1, :]) + x, "a warning of others"),
        (lambda x: lib.two_moons(None) if x is None else len(5), "TypeError"),
        (lambda x: x.no_such_name, "AttributeError"),
    ],
)
def test_a_fault_is_found(function, fault):
    wrong = Call("wrong", function, {"x": "!single"}, lambda a: a["x"].shape)
    outcome = fuzz.attempt(wrong, fuzz.random.Random(0))
    assert outcome.kind == "fault" and fault in outcome.words


def test_a_refusal_of_ours_is_told_from_one_of_torchs():
    ours = Call("ours", lambda x: lib.randn(5), {"x": "!single"}, None)
    assert fuzz.attempt(ours, fuzz.random.Random(0)).kind == "refused"
    theirs = Call("theirs", lambda x: lib.euler(None), {"x": "!single"}, None)  # an AttributeError in a line of lib
    assert fuzz.attempt(theirs, fuzz.random.Random(0)).kind == "fault"
