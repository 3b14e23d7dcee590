"""The strip: one start noise at every budget, drawn from the shipped models, and a part of it drawn again."""

import pytest

from lib.trained.files import mark
from lib.trained.shipped import RESULTS
from lib.trained.stack import read_stack
from tools.results import image_strip as tool

X, Y, ABOUT = read_stack(tool.TARGET)
PARTS = X.unflatten(0, (len(tool.ROWS), len(tool.CALLS), tool.COUNT)).float() / 127.5 - 1


def test_the_strip_is_of_the_shipped_models():
    for row, (model, _) in tool.ROWS.items():
        assert f"{row} ({mark(RESULTS / f'{model}.safetensors')})" in ABOUT["rows"]
    assert ABOUT["calls"] == ", ".join(map(str, tool.CALLS))
    assert Y.tolist() == list(range(tool.COUNT)) * len(tool.ROWS) * len(tool.CALLS)


@pytest.mark.parametrize("row", tool.ROWS)
def test_a_part_of_it_is_drawn_again(row):
    """Another processor rounds otherwise, and five steps do not let it grow."""
    calls = 5
    x, _ = tool.drawn(row, calls)
    told = PARTS[list(tool.ROWS).index(row), tool.CALLS.index(calls)]
    assert (x - told).abs().mean() < 0.01  # seen: 0.0016, the rounding to bytes; 0.26 from another start


def test_pictures_settle_without_noise_in_the_steps_and_change_with_it():
    """The median difference to the pictures of 1,000 calls: it falls with the budget for two rows, and stays for the third."""
    for row, part in zip(tool.ROWS, PARTS):
        far = [(x - part[-1]).square().mean((1, 2, 3)).sqrt().median().item() for x in part[:-1]]
        if "ancestral" in row:
            assert min(far) > 0.3
        else:
            assert far == sorted(far, reverse=True) and far[-1] < 0.03
