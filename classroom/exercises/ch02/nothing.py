"""Zero terminal SNR: to_zero(alpha_bars) -> (T,). The roots are shifted and stretched: the last becomes 0, the first stays."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import DiscreteSchedule, linear_betas, scaled_linear_betas

SEE = "02_noise_schedules: Zero terminal SNR"


def answer(alpha_bars: Tensor) -> Tensor:
    """a -> (a - a_T) a_1 / (a_1 - a_T) for a = sqrt(alpha-bar)."""
    return _affine(alpha_bars.sqrt()) ** 2


def _affine(a: Tensor) -> Tensor:
    return (a - a[-1]) * a[0] / (a[0] - a[-1])


def _cases(g: torch.Generator) -> list[tuple]:
    return [(DiscreteSchedule(b).alpha_bars.clone(),) for b in (scaled_linear_betas(1000), linear_betas(100))]


check = Exercise(
    answer,
    _cases,
    atol=1e-8,
    rtol=1e-6,  # linear betas end so low that a coarser look would pass the schedule as it was
    mistakes=[
        Mistake(
            "alpha-bar moved, not its root",
            _affine,
            "Lin et al. shift the amplitude sqrt(alpha-bar). On alpha-bar itself the noisy end changes in another way.",
            SEE,
        ),
        Mistake(
            "the last set to zero",
            lambda alpha_bars: torch.cat([alpha_bars[:-1], alpha_bars.new_zeros(1)]),
            "Then all of the missing noise comes in one step, from a state that still shows the data.",
            SEE,
        ),
        Mistake(
            "shifted, not stretched",
            lambda alpha_bars: (alpha_bars.sqrt() - alpha_bars[-1].sqrt()) ** 2,
            "The shift also lowers the beginning, so that even the first step is noisy. Stretch it back.",
            SEE,
        ),
        Mistake(
            "the root returned",
            lambda alpha_bars: _affine(alpha_bars.sqrt()),
            "The roots were moved. Square them again: alpha-bar was asked for.",
            SEE,
        ),
        Mistake(
            "stretched to one",
            lambda alpha_bars: (_affine(alpha_bars.sqrt()) / alpha_bars[0].sqrt()) ** 2,
            "The first entry belongs to the first step and is a little below 1. It stays what it was.",
            SEE,
        ),
    ],
)
