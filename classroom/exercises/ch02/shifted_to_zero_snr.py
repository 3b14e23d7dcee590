r"""a schedule that ends in nothing

Extend the toolbox by the repair of {cite:t}`lin2024`: shift and stretch $\sqrt{\bar\alpha}$ so that the last becomes
exactly 0 and the first stays what it is. The checker gives you Stable Diffusion's schedule and a short linear one.

Hint: Two conditions fix the two numbers of an affine map. Which quantity is mapped, and which is returned?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import DiscreteSchedule, linear_betas, scaled_linear_betas


# --- stub
def to_zero(alpha_bars):
    """alpha_bars: (T,). The repaired alpha_bars (T,)."""
    return ...


# --- solution
def solution(alpha_bars):
    a = alpha_bars.sqrt()
    a = (a - a[-1]) * a[0] / (a[0] - a[-1])
    return a.square()


# --- checker
def _affine(a: Tensor) -> Tensor:
    return (a - a[-1]) * a[0] / (a[0] - a[-1])


def _cases(g: torch.Generator) -> list[tuple]:
    return [(DiscreteSchedule(b).alpha_bars.clone(),) for b in (scaled_linear_betas(1000), linear_betas(100))]


check = Exercise(
    solution,
    _cases,
    atol=1e-8,
    rtol=1e-6,  # linear betas end so low that a coarser look would pass the schedule as it was
    see="02_noise_schedules: Zero terminal SNR",
    mistakes={
        "alpha-bar moved, not its root": Mistake(
            _affine,
            "Lin et al. shift the amplitude sqrt(alpha-bar). On alpha-bar itself the noisy end changes in another way.",
        ),
        "the last set to zero": Mistake(
            lambda alpha_bars: torch.cat([alpha_bars[:-1], alpha_bars.new_zeros(1)]),
            "Then all of the missing noise comes in one step, from a state that still shows the data.",
        ),
        "shifted, not stretched": Mistake(
            lambda alpha_bars: (alpha_bars.sqrt() - alpha_bars[-1].sqrt()) ** 2,
            "The shift also lowers the beginning, so that even the first step is noisy. Stretch it back.",
        ),
        "the root returned": Mistake(
            lambda alpha_bars: _affine(alpha_bars.sqrt()),
            "The roots were moved. Square them again: alpha-bar was asked for.",
        ),
        "stretched to one": Mistake(
            lambda alpha_bars: (_affine(alpha_bars.sqrt()) / alpha_bars[0].sqrt()) ** 2,
            "The first entry belongs to the first step and is a little below 1. It stays what it was.",
        ),
    },
)
