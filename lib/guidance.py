"""Classifier-free guidance: a model made of one model asked twice.

    estimate = unconditional + scale * (conditional - unconditional)        (Ho & Salimans 2022, with scale = 1 + their w)

scale 0 is unconditional, 1 conditional, above 1 guided. The line may be written for eps, x0, v or u alike: at a given (x_t, t)
each is an affine function of the others, and an affine map commutes with this combination, whose weights sum to 1.
"""

import torch
from torch import Tensor

from lib.prediction import NO_LABEL, Estimate, Model, per_sample
from lib.seeding import rand


class Guided:
    """`model`, guided with strength `scale`. Needs labels y (B,) and one call of 2B rows an estimate.

    interval  (low, high): guide where low <= sigma / alpha <= high, and be conditional elsewhere (Kynkäänniemi et al. 2024,
              arXiv:2404.07724). sigma / alpha is the noise level of x_t / alpha = x_data + (sigma / alpha) eps, the scaling of
              that paper; it is infinite at pure noise. Where no row lies inside, the estimate is one call of B rows.
    Raises ValueError unless 0 <= low < high.
    """

    def __init__(self, model: Model, scale: float, interval: tuple[float, float] | None = None):
        if interval is not None and not 0 <= interval[0] < interval[1]:
            raise ValueError(f"interval must be (low, high) with 0 <= low < high, got {tuple(interval)}.")
        self.model, self.scale, self.interval, self.path = model, scale, interval, model.path

    def estimate(self, x_t: Tensor, t: Tensor, y: Tensor | None = None) -> Estimate:
        if y is None:
            raise ValueError("Guidance steers towards a class: give labels y of shape (B,).")
        scale = self.scale
        if self.interval is not None:
            inside = self._inside(t)
            if not inside.any():
                return self.model.estimate(x_t, t, y)
            if not inside.all():
                # Outside, a weight of 1 is the conditional estimate.
                scale = per_sample(torch.where(inside, self.scale, 1.0), x_t)
        labels = torch.cat([torch.full_like(y, NO_LABEL), y])
        both = self.model.estimate(torch.cat([x_t, x_t]), t.repeat(2), labels)
        return Estimate(*(torch.lerp(*half.chunk(2), scale) for half in both))

    def _inside(self, t: Tensor) -> Tensor:
        """Whether the noise level at t lies in the interval: (B,), or () where the batch has one time."""
        c = self.path.coeffs(t)
        level = torch.as_tensor(c.sigma, dtype=torch.float64) / c.alpha  # a tensor: Python would not divide by zero
        return (self.interval[0] <= level) & (level <= self.interval[1])


def drop_labels(y: Tensor, probability: float, *, generator: torch.Generator | None = None) -> Tensor:
    """Replace each label by NO_LABEL with the given probability, independently for every sample (not once for the batch)."""
    if not 0 <= probability <= 1:
        raise ValueError(f"The drop probability must lie in [0, 1], got {probability}.")
    return torch.where(rand(len(y), generator=generator).to(y.device) < probability, NO_LABEL, y)
