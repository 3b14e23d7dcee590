"""A linear schedule for any number of steps: betas(T) -> (T,)."""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair

SEE = "02_noise_schedules: A different number of steps"


def line(start: float, end: float, T: int):
    """T even numbers."""
    return torch.linspace(start, end, T, dtype=torch.float64)


check = Repair(
    lambda T: line(0.1 / T, 20 / T, T),
    lambda g: [(50,), (100,), (1000,)],
    broken=lambda T: line(1e-4, 0.02, T),
    mistakes=[
        Mistake(
            "only the end scaled",
            lambda T: line(1e-4, 20 / T, T),
            "The first step has too little noise: at T = 50 twenty times too little. Both ends are amounts for one of "
            "a thousand steps.",
            SEE,
        ),
        Mistake(
            "scaled the wrong way round",
            lambda T: line(1e-7 * T, 2e-5 * T, T),
            "Fewer steps must each do more, not less. The factor is 1000 / T.",
            SEE,
        ),
        Mistake(
            "the thousand betas thinned out",
            lambda T: line(1e-4, 0.02, 1000)[:: 1000 // T],
            "To keep every tenth beta leaves the noise of the other nine out. What may be thinned out is alpha-bar, "
            "not the betas.",
            SEE,
        ),
    ],
)
