"""Class labels: integers from 0, and one number for a label that is not given.

A net learns to answer without a label because some are withheld while it trains; guidance then asks it both ways.
"""

import torch
from torch import Tensor

from lib.checks import WHOLE, check_number, rows_of, told
from lib.seeding import rand

NO_LABEL = -1  # the label of a sample whose class is not given


def label_rows(y: Tensor, batch: int) -> Tensor:
    """The labels as int64, whose -1 a narrower type may lack. Raises unless y is a tensor of whole numbers of shape (batch,)."""
    if not isinstance(y, Tensor):
        raise TypeError(
            f"Labels must be a tensor of integers of shape ({batch},), one a sample; got {told(y)}. "
            f"torch.full(({batch},), 3) asks all for class 3."
        )
    if y.dtype not in WHOLE or tuple(y.shape) != (batch,):
        raise ValueError(
            f"Labels must be integers of shape ({batch},), one a sample; got {y.dtype} of shape {tuple(y.shape)}."
        )
    return y.long()


def check_labels(y: Tensor, batch: int, classes: int) -> Tensor:
    """The labels as int64. Raises unless y is an integer tensor of shape (batch,) with values in {-1, 0, ..., classes-1}."""
    y = label_rows(y, batch)
    if batch and not (int(y.min()) >= NO_LABEL and int(y.max()) < classes):
        raise ValueError(
            f"Unknown label: labels run from 0 to {classes - 1} (or {NO_LABEL} for no label), got values "
            f"from {int(y.min())} to {int(y.max())}."
        )
    return y


def drop_labels(y: Tensor, probability: float, *, generator: torch.Generator | None = None) -> Tensor:
    """Replace each label by NO_LABEL with the given probability, independently for every sample (not once for the batch).

    y (B,) -> (B,) in int64. Raises ValueError for a probability outside [0, 1], and for labels that are no integers (B,).
    """
    check_number("The drop probability", probability, 0, 1)
    y = label_rows(y, rows_of("Labels", y))
    return torch.where(rand(len(y), generator=generator).to(y.device) < probability, NO_LABEL, y)
