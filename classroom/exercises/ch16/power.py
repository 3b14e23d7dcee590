"""The cosine schedule whose curve sags: bars(T) -> (T,), alpha-bar of the steps 1, ..., T."""

import math

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair

SEE = "02_noise_schedules: Every detail of the cosine schedule"


def bars(T: int, power: float = 2, inside: float = 1) -> Tensor:
    """cos(angle^inside)^power over its first value."""
    angle = (torch.arange(T + 1, dtype=torch.float64) / T + 0.008) / 1.008 * math.pi / 2
    f = torch.cos(angle**inside).clamp(min=0) ** power
    return f[1:] / f[0]


check = Repair(
    bars,
    lambda g: [(1000,), (50,)],
    broken=lambda T: bars(T, power=1),
    mistakes=[
        Mistake(
            "squared twice",
            lambda T: bars(T, power=4),
            "One square is enough: the cosine is the amplitude of the signal, its square the variance. With two "
            "squares, half of the "
            "signal is gone a third of the way.",
            SEE,
        ),
        Mistake(
            "the root instead of the square",
            lambda T: bars(T, power=0.5),
            "The direction is turned round. The code took alpha-bar for its root; to get from the root to alpha-bar, "
            "square.",
            SEE,
        ),
        Mistake(
            "the square inside the cosine",
            lambda T: (
                torch.cos(((torch.arange(T + 1) / T + 0.008) / 1.008 * math.pi / 2) ** 2)[1:]
                / math.cos((0.008 / 1.008 * math.pi / 2) ** 2)
            ),
            "The angle was squared, not its cosine. At the end that angle exceeds a right one, and alpha-bar is negative.",
            SEE,
        ),
    ],
)
