"""Guidance: away from a worse answer, through a better one, and beyond.

    estimate = worse + scale * (better - worse)

Classifier-free guidance (Ho & Salimans 2022, with scale = 1 + their w) asks one model twice: worse is without the label, better
with it. Scale 0 is then unconditional, 1 conditional, above 1 guided. Autoguidance (Karras et al. 2024, arXiv:2406.02507)
asks two models the same question: worse is a `weak` one, trained less or smaller.

The line may be written for eps, x0, v or u alike: at a given (x_t, t) each is an affine function of the others, and an affine
map commutes with this combination, whose weights sum to 1.
"""

from numbers import Real

import torch
from torch import Tensor

from lib.checks import check_estimate, check_model, check_number, check_samples
from lib.clipping import Clipped
from lib.labels import NO_LABEL, label_rows
from lib.prediction import Estimate, Model, Time, check_time, per_sample


class Guided:
    """`model`, guided with strength `scale`: a Model again.

    weak      None: classifier-free guidance, which needs labels y (B,) and costs one call of 2B rows an estimate.
              A weaker model on the same path: autoguidance, for one call of B rows of either; y may be None.
    interval  (low, high): guide where low <= sigma / alpha <= high, and be `model` elsewhere (Kynkäänniemi et al. 2024,
              arXiv:2404.07724). sigma / alpha is the noise level of x_t / alpha = x_data + (sigma / alpha) eps, the scaling of
              that paper; it is infinite at pure noise. Where no row lies inside, the estimate is one call of B rows.
    Raises ValueError unless 0 <= low < high, for a weak model on another path, and for a clipped model: guide first, clip then.
    TypeError for a model or a scale that is none.
    """

    def __init__(
        self, model: Model, scale: float, interval: tuple[float, float] | None = None, *, weak: Model | None = None
    ):
        for one in (model,) if weak is None else (model, weak):
            check_model(one)
        check_number("scale", scale)
        if interval is not None and not _is_interval(interval):
            raise ValueError(f"interval must be (low, high) with 0 <= low < high, got {interval}.")
        if weak is not None and model.path != weak.path:
            raise ValueError("The weak model must stand on the path of the model: one x_t and one t ask both.")
        if isinstance(model, Clipped) or isinstance(weak, Clipped):
            raise ValueError(
                "Guidance leads out of the range again, and where both answers were clipped to one number it does nothing. "
                "Guide first, clip then: Clipped(Guided(model, scale))."
            )
        self.model, self.scale, self.interval, self.weak, self.path = model, scale, interval, weak, model.path

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        if y is None and self.weak is None:
            raise ValueError("Guidance steers towards a class: give labels y of shape (B,).")
        check_samples("x_t", x_t)
        check_time(t, x_t)
        if y is not None:
            y = label_rows(y, len(x_t))
        scale = self.scale
        if self.interval is not None:
            inside = self._inside(t).to(x_t.device)
            if not inside.any():
                return self.model.estimate(x_t, t, y)
            if not inside.all():
                # Outside, a weight of 1 is the model's own estimate.
                scale = per_sample(torch.where(inside, self.scale, 1.0), x_t)
        worse, better = self._pair(x_t, t, y)
        return Estimate(*(torch.lerp(a, b, scale) for a, b in zip(worse, better, strict=True)))

    def _pair(self, x_t: Tensor, t: Time, y: Tensor | None) -> tuple[Estimate, Estimate]:
        """The worse and the better answer."""
        if self.weak is not None:
            pair = self.weak.estimate(x_t, t, y), self.model.estimate(x_t, t, y)
            for answer in pair:
                check_estimate(answer, x_t.shape)
            return pair
        labels = torch.cat([torch.full_like(y, NO_LABEL), y])
        times = t.repeat(2) if isinstance(t, Tensor) and t.ndim and len(t) == len(x_t) else t
        both = self.model.estimate(pairs := torch.cat([x_t, x_t]), times, labels)
        check_estimate(both, pairs.shape)
        worse, better = zip(*(half.chunk(2) for half in both), strict=True)
        return Estimate(*worse), Estimate(*better)

    def _inside(self, t: Time) -> Tensor:
        """Whether the noise level at t lies in the interval: () for a number, (B,) for (B,). On the CPU, which has float64."""
        c = self.path.coeffs(t.cpu() if isinstance(t, Tensor) else t)
        level = torch.as_tensor(c.sigma, dtype=torch.float64) / c.alpha  # a tensor: Python would not divide by zero
        return (self.interval[0] <= level) & (level <= self.interval[1])


def _is_interval(ends) -> bool:
    pair = isinstance(ends, tuple | list) and len(ends) == 2 and all(isinstance(end, Real) for end in ends)
    return pair and 0 <= ends[0] < ends[1]
