"""Guidance for a while: weight(alpha, sigma, low, high, w) -> the weight of each sample, (B,). alpha, sigma: (B,)."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "11_conditioning_and_guidance: Guide for a while only"


def answer(alpha: Tensor, sigma: Tensor, low: float, high: float, w: float) -> Tensor:
    """w where the noise level sigma / alpha lies in the interval, and the conditional model, weight 1, elsewhere."""
    level = sigma / alpha
    return torch.where((low <= level) & (level <= high), w, 1.0)


def _between(level: Tensor, low: float, high: float, w: float, off: float = 1.0) -> Tensor:
    return torch.where((level >= low) & (level <= high), w, off)


def _cases(g: torch.Generator) -> list[tuple]:
    t, angle = torch.linspace(0.05, 0.95, 24), torch.linspace(0.1, 1.45, 24)
    return [(t, 1 - t, 0.5, 1.0, 2.0), (angle.sin(), angle.cos(), 0.3, 3.0, 4.0)]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "no label outside",
            lambda alpha, sigma, low, high, w: _between(sigma / alpha, low, high, w, 0.0),
            "Outside the interval the model is conditional, which is the weight 1. With 0 it does not know the class.",
            SEE,
        ),
        Mistake(
            "sigma for the noise level",
            lambda alpha, sigma, low, high, w: _between(sigma, low, high, w),
            "The level is that of x_t / alpha = x + (sigma / alpha) eps. sigma alone depends on how the path scales its states.",
            SEE,
        ),
        Mistake(
            "the level upside down",
            lambda alpha, sigma, low, high, w: _between(alpha / sigma, low, high, w),
            "alpha / sigma grows towards the data. Noise levels are sigma / alpha, infinite at pure noise.",
            SEE,
        ),
        Mistake(
            "guided outside, not inside",
            lambda alpha, sigma, low, high, w: 1.0 + w - _between(sigma / alpha, low, high, w),
            "The ends are where guidance harms or does nothing; it belongs into the middle.",
            SEE,
        ),
        Mistake(
            "no upper end",
            lambda alpha, sigma, low, high, w: _between(sigma / alpha, low, torch.inf, w),
            "Above the interval, near pure noise, a push decides for a part of the class and loses the rest.",
            SEE,
        ),
    ],
)
