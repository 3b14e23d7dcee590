"""Clipping: an estimate of the data, kept where data can be.

    x0'  = min(max(x0, low), high)
    eps' = (x_t - alpha x0') / sigma

A net that answers eps gives x0 = (x_t - sigma eps) / alpha, its error times sigma / alpha: 20,000 where cosine betas begin to
sample. Guidance leads past the data on purpose. Pixels lie in [-1, 1], so an x0 beyond them is known to be wrong, and later
steps ask the net about points that it has never seen.

The noise is computed anew, because a step uses both halves: a clipped x0 beside the old eps is the estimate of another x_t.
"""

from numbers import Real

import torch
from torch import Tensor

from lib.checks import LARGE, check_estimate, check_model, told
from lib.prediction import Estimate, Model, Time


class Clipped:
    """`model` with its x0 kept in [low, high]: a Model again, for data that has a range. Pixels have one, latents have none.

    quantile  None: each number of x0 by itself ("static thresholding").
              A share such as 0.995: first, s is that quantile of |x0| within a sample, in units of half the range and from its
              middle; where s > 1 the whole sample is divided by s ("dynamic thresholding", Saharia et al. 2022,
              arXiv:2205.11487, section 2.3). It keeps differences between numbers that are all out of range.
    Guide first, clip then: Clipped(Guided(model, scale)).

    What lies inside passes unchanged, to the last bit; elsewhere alpha x0 + sigma eps = x_t by the new eps. Where sigma = 0
    nothing is clipped: x_t is the data there. ddim, ancestral and dpmpp_2m end on x0, so in the range, and so does euler on the
    straight path.
    Raises ValueError unless low < high are finite and 0 < quantile <= 1, TypeError for a model that is none.
    """

    def __init__(self, model: Model, low: float = -1.0, high: float = 1.0, *, quantile: float | None = None):
        check_model(model)
        for name, end in (("low", low), ("high", high)):
            if not isinstance(end, Real):
                raise TypeError(f"{name} must be a number, got {told(end)}.")
        if not -LARGE <= low < high <= LARGE:
            raise ValueError(
                f"The range must be finite, low < high, as -1 and 1 for pixels; got {low} and {high}. "
                "Data without a range, such as latents, must not be clipped."
            )
        if quantile is not None and not (isinstance(quantile, Real) and 0 < quantile <= 1):
            raise ValueError(f"quantile is a share, above 0 and at most 1 (0.995 for 99.5 %), got {quantile}.")
        self.model, self.low, self.high, self.quantile, self.path = model, low, high, quantile, model.path

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        c = self.path.coeffs(t, like=x_t)
        answer = self.model.estimate(x_t, t, y)
        check_estimate(answer, x_t.shape)
        x0, eps = answer
        kept = (self._scaled(x0) if self.quantile and x0.numel() else x0).clamp(self.low, self.high)
        outside = (kept != x0) & (c.sigma != 0)
        new_eps = (x_t - c.alpha * kept) / c.sigma  # not used where sigma is 0
        return Estimate(torch.where(outside, kept, x0), torch.where(outside, new_eps, eps))

    def _scaled(self, x0: Tensor) -> Tensor:
        """x0 (B, ...) with each sample pulled towards the middle of the range until its quantile lies inside."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        sizes = ((x0 - middle) / half).abs().reshape(len(x0), -1)
        sizes = sizes if sizes.dtype == torch.float64 else sizes.float()  # torch has no quantile of half precision
        s = sizes.quantile(self.quantile, dim=1).to(x0).reshape(-1, *[1] * (x0.ndim - 1))
        return torch.where(s > 1, middle + (x0 - middle) / s, x0)
