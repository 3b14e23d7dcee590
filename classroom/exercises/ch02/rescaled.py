"""Linear betas for another number of steps: betas(T) -> (T,), with the total noise of DDPM's 1,000 from 1e-4 to 0.02."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "02_noise_schedules: A different number of steps"


def answer(T: int) -> Tensor:
    """Both ends times 1000 / T."""
    return _line(1e-4 * 1000 / T, 0.02 * 1000 / T, T)


def _line(first: float, last: float, T: int) -> Tensor:
    return torch.linspace(first, last, T, dtype=torch.float64)


check = Exercise(
    answer,
    lambda g: [(1000,), (50,), (200,)],
    mistakes=[
        Mistake(
            "left as they are",
            lambda T: _line(1e-4, 0.02, T),
            "With 50 steps alpha-bar then ends at 0.60, and sampling starts from noise that no step has ever reached.",
            SEE,
        ),
        Mistake(
            "the factor upside down",
            lambda T: _line(1e-4 * T / 1000, 0.02 * T / 1000, T),
            "Fewer steps must be larger ones: multiply by 1000 / T.",
            SEE,
        ),
        Mistake(
            "only the last beta",
            lambda T: _line(1e-4, 0.02 * 1000 / T, T),
            "The sum of the betas is T times the mean of both ends: both are multiplied.",
            SEE,
        ),
        Mistake(
            "a thousand betas, every so many",
            lambda T: _line(1e-4, 0.02, 1000)[:: 1000 // T],
            "Taking some of the thousand betas leaves out the noise of the others. What may be subsampled is alpha-bar.",
            SEE,
        ),
    ],
)
