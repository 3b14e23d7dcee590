"""linear betas for any number of steps

Write the linear schedule for $T$ steps, so that it ends about where DDPM's thousand steps from $10^{-4}$ to $0.02$
end.

Hint: Keep the sum of the betas.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def betas(T):
    """The betas of T steps: a tensor of shape (T,)."""
    return ...


# --- solution
def solution(T):
    factor = 1000 / T  # fewer steps, each larger: the sum stays
    return torch.linspace(1e-4 * factor, 0.02 * factor, T)


# --- checker
def _line(first: float, last: float, T: int) -> Tensor:
    return torch.linspace(first, last, T, dtype=torch.float64)


check = Exercise(
    solution,
    lambda g: [(1000,), (50,), (200,)],
    see="02_noise_schedules: A different number of steps",
    mistakes={
        "left as they are": Mistake(
            lambda T: _line(1e-4, 0.02, T),
            "With 50 steps alpha-bar then ends at 0.60, and sampling starts from noise that no step has ever reached.",
        ),
        "the factor upside down": Mistake(
            lambda T: _line(1e-4 * T / 1000, 0.02 * T / 1000, T),
            "Fewer steps must be larger ones: multiply by 1000 / T.",
        ),
        "only the last beta": Mistake(
            lambda T: _line(1e-4, 0.02 * 1000 / T, T),
            "The sum of the betas is T times the mean of both ends: both are multiplied.",
        ),
        "a thousand betas, every so many": Mistake(
            lambda T: _line(1e-4, 0.02, 1000)[:: 1000 // T],
            "Taking some of the thousand betas leaves out the noise of the others. What may be subsampled is alpha-bar.",
        ),
    },
)
