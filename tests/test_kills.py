"""Eight ends at random moments, two of each kind; `python -m tools.checks.kills 200` does as many as one likes."""

import os
from collections import Counter
from contextlib import contextmanager

import pytest

from lib.trained.checkpoint import Training
from tools.checks import kills

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked, so that many fit into a minute")


def test_nothing_is_lost():
    """In pixels and in latents, with one process and with two."""
    ends = Counter((kind, lane) for lane, kind, _ in kills.run(8))
    kinds = Counter(kind for kind, _ in ends.elements())
    assert {kind: kinds[kind] for kind in kills.KINDS} == dict.fromkeys(kills.KINDS, 2)
    assert kinds[""] >= len(kills.LANES) and {lane for _, lane in ends} == set(kills.LANES)


# ---- planted ---------------------------------------------------------------------------------------------------------


def write_in_place(monkeypatch):
    monkeypatch.setattr("lib.trained.files.put", lambda path, content: path.write_bytes(content))


def save_whatever_comes(monkeypatch):
    for module in ("files", "loop"):
        monkeypatch.setattr(f"lib.trained.{module}.not_finite", lambda tensors: [])
    monkeypatch.setattr("lib.trained.loop.held_out_loss", lambda *_: 1.0)


def forget_the_moments(monkeypatch):
    plain = Training.load

    def load(self, tensors, path):
        plain(self, {name: value * (not name.endswith("exp_avg")) for name, value in tensors.items()}, path)

    monkeypatch.setattr(Training, "load", load)


def stop_at_once(monkeypatch):
    @contextmanager
    def impatient():
        yield lambda: False

    monkeypatch.setattr("lib.trained.loop.patient", impatient)


@pytest.mark.parametrize(
    ("plant", "kind", "found"),
    [
        (write_in_place, "full disk", "is damaged"),
        (save_whatever_comes, "NaN gradient", "is poisoned"),
        (forget_the_moments, "SIGINT", "other bits"),
        (stop_at_once, "SIGINT", "Ctrl-C lost the steps"),
    ],
)
def test_what_is_lost_is_found(plant, kind, found, monkeypatch):
    plant(monkeypatch)
    with pytest.raises(kills.Lost, match=found):
        list(kills.run(6, lanes=kills.LANES[:1], kinds=[kind]))
