"""Classifier-free guidance: a model made of one model asked twice.

    estimate = unconditional + scale * (conditional - unconditional)        (Ho & Salimans 2022, with scale = 1 + their w)

scale 0 is unconditional, 1 conditional, above 1 guided. The line may be written for eps, x0, v or u alike: at a given (x_t, t)
each is an affine function of the others, and an affine map commutes with this combination, whose weights sum to 1.
"""

import torch
from torch import Tensor

from lib.prediction import NO_LABEL, Estimate, Model
from lib.seeding import rand


class Guided:
    """`model`, guided with strength `scale`. Needs labels y (B,) and one call of 2B rows an estimate."""

    def __init__(self, model: Model, scale: float):
        self.model, self.scale, self.path = model, scale, model.path

    def estimate(self, x_t: Tensor, t: Tensor, y: Tensor | None = None) -> Estimate:
        if y is None:
            raise ValueError("Guidance steers towards a class: give labels y of shape (B,).")
        labels = torch.cat([torch.full_like(y, NO_LABEL), y])
        both = self.model.estimate(torch.cat([x_t, x_t]), t.repeat(2), labels)
        return Estimate(*(torch.lerp(*half.chunk(2), self.scale) for half in both))


def drop_labels(y: Tensor, probability: float, *, generator: torch.Generator | None = None) -> Tensor:
    """Replace each label by NO_LABEL with the given probability, independently for every sample (not once for the batch)."""
    if not 0 <= probability <= 1:
        raise ValueError(f"The drop probability must lie in [0, 1], got {probability}.")
    return torch.where(rand(len(y), generator=generator).to(y.device) < probability, NO_LABEL, y)
