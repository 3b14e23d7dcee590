"""Class labels: integers from 0, and one number for a label that is not given.

A net learns to answer without a label because some are withheld while it trains; guidance then asks it both ways.
"""

import torch
from torch import Tensor

from lib.seeding import rand

NO_LABEL = -1  # the label of a sample whose class is not given


def check_labels(y: Tensor, batch: int, classes: int) -> None:
    """Raise unless y is an integer tensor of shape (batch,) with values in {-1, 0, ..., classes-1}."""
    if y.is_floating_point() or tuple(y.shape) != (batch,):
        raise ValueError(
            f"Labels must be integers of shape ({batch},), one a sample; got {y.dtype} of shape {tuple(y.shape)}."
        )
    if batch and not (int(y.min()) >= NO_LABEL and int(y.max()) < classes):
        raise ValueError(
            f"Unknown label: labels run from 0 to {classes - 1} (or {NO_LABEL} for no label), got values "
            f"from {int(y.min())} to {int(y.max())}."
        )


def drop_labels(y: Tensor, probability: float, *, generator: torch.Generator | None = None) -> Tensor:
    """Replace each label by NO_LABEL with the given probability, independently for every sample (not once for the batch)."""
    if not 0 <= probability <= 1:
        raise ValueError(f"The drop probability must lie in [0, 1], got {probability}.")
    return torch.where(rand(len(y), generator=generator).to(y.device) < probability, NO_LABEL, y)
