"""A cosine table that samples without nan: bars(T) -> (T,), alpha-bar of the steps 1, ..., T."""

import math

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair

SEE = "02_noise_schedules: Every detail of the cosine schedule"


def f(T: int, s: float = 0.008) -> Tensor:
    """The squared cosine at the times 0, 1, ..., T."""
    u = torch.arange(T + 1, dtype=torch.float64) / T
    return torch.cos((u + s) / (1 + s) * math.pi / 2).square()


check = Repair(
    lambda T: f(T)[1:] / f(T)[0],
    lambda g: [(1000,), (50,)],
    broken=lambda T: f(T)[:-1] / f(T)[0],
    rtol=2e-6,  # shifting the table by one moves its first entry by 4e-5 only
    mistakes=[
        Mistake(
            "the first entry clamped",
            lambda T: (f(T)[:-1] / f(T)[0]).clamp(max=0.9999),
            "The zero is gone and the table is still one step late: its first entry stands for no step at all. A "
            "clamp hides where "
            "a number came from.",
            SEE,
        ),
        Mistake(
            "the missing division by f(0)",
            lambda T: f(T)[:-1],
            "The first entry is below 1 because the curve no longer starts at clean data. The table is finite, and "
            "still counts from 0.",
            SEE,
        ),
        Mistake(
            "divided by the first step",
            lambda T: f(T)[1:] / f(T)[1],
            "The table has the right times, and its first entry is 1 again: the curve must be divided by its value at "
            "time 0.",
            SEE,
        ),
    ],
)
