r"""for a while only

Write the weight of each sample for guidance in an interval of noise levels, as {cite:t}`kynkaanniemi2024` use it: `w`
where the noise level lies between `low` and `high`, both included, and elsewhere whatever leaves the model
conditional. The checker tries the straight path and a variance-preserving one.

Hint: The noise level is that of $x_t / \alpha$.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def weight(alpha, sigma, low, high, w):
    """alpha, sigma: (B,). The weights (B,)."""
    return ...


# --- solution
def solution(alpha, sigma, low, high, w):
    level = sigma / alpha
    inside = (low <= level) & (level <= high)
    return torch.where(inside, w, 1.0)  # 1 is the conditional model


# --- checker
def _between(level: Tensor, low: float, high: float, w: float, off: float = 1.0) -> Tensor:
    return torch.where((level >= low) & (level <= high), w, off)


def _cases(g: torch.Generator) -> list[tuple]:
    t, angle = torch.linspace(0.05, 0.95, 24), torch.linspace(0.1, 1.45, 24)
    return [(t, 1 - t, 0.5, 1.0, 2.0), (angle.sin(), angle.cos(), 0.3, 3.0, 4.0)]


check = Exercise(
    solution,
    _cases,
    see="11_conditioning_and_guidance: Guide for a while only",
    mistakes={
        "no label outside": Mistake(
            lambda alpha, sigma, low, high, w: _between(sigma / alpha, low, high, w, 0.0),
            "Outside the interval the model is conditional, which is the weight 1. With 0 it does not know the class.",
        ),
        "sigma for the noise level": Mistake(
            lambda alpha, sigma, low, high, w: _between(sigma, low, high, w),
            "The level is that of x_t / alpha = x + (sigma / alpha) eps. "
            "sigma alone depends on how the path scales its states.",
        ),
        "the level upside down": Mistake(
            lambda alpha, sigma, low, high, w: _between(alpha / sigma, low, high, w),
            "alpha / sigma grows towards the data. Noise levels are sigma / alpha, infinite at pure noise.",
        ),
        "guided outside, not inside": Mistake(
            lambda alpha, sigma, low, high, w: 1.0 + w - _between(sigma / alpha, low, high, w),
            "The ends are where guidance harms or does nothing; it belongs into the middle.",
        ),
        "no upper end": Mistake(
            lambda alpha, sigma, low, high, w: _between(sigma / alpha, low, torch.inf, w),
            "Above the interval, near pure noise, a push decides for a part of the class and loses the rest.",
        ),
    },
)
