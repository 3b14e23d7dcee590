"""At which steps a sampler stops: grid(T, steps) -> (steps + 1,) whole numbers, falling, the last of them -1, clean data."""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.grids import leading_grid, trailing_grid

SEE = "02_noise_schedules: The bug that follows"


def ended(times: torch.Tensor) -> torch.Tensor:
    """With clean data at the end."""
    return torch.cat([times.long(), torch.tensor([-1])])


check = Repair(
    trailing_grid,
    lambda g: [(1000, 10), (1000, 50), (100, 4)],
    broken=leading_grid,
    mistakes=[
        Mistake(
            "shifted by one",
            lambda T, steps: ended(leading_grid(T, steps)[:-1] + 1),
            "The grid still starts a whole interval below the last step, where the data is not yet drowned. One step "
            "up changes nothing.",
            SEE,
        ),
        Mistake(
            "both ends forced",
            lambda T, steps: ended(torch.linspace(T - 1, 0, steps, dtype=torch.float64).round()),
            "It starts where it must, and spends its last stop on step 0, one small step from clean data. This "
            "spacing exists "
            "(linspace), but here the steps should be equal.",
            SEE,
        ),
        Mistake(
            "from T itself",
            lambda T, steps: ended(torch.arange(steps, 0, -1) * (T // steps)),
            "The clock counts T steps from 0, so the last is T - 1. At T the table has no entry.",
            SEE,
        ),
    ],
)
