"""mend the times

Mend `grid(T, steps)`: `steps + 1` whole numbers, equal steps apart, that start at the last step $T - 1$ and end on
$-1$, which is clean data. The checker divides evenly.

Hint: Both grids have equal steps. Which end of the clock do the multiples of $T/K$ miss, when counted from 0, and
when counted down from $T$?
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.grids import leading_grid


# --- stub
def grid(T, steps):
    leading = torch.arange(steps - 1, -1, -1) * (T // steps)
    return torch.cat([leading, torch.tensor([-1])])


# --- solution
# Count from the noisy end: T - 1, T - 1 - T/K, ... The last of K + 1 such numbers is -1 by itself.
def solution(T, steps):
    return T - 1 - torch.arange(steps + 1) * (T // steps)


# --- checker
def ended(times: torch.Tensor) -> torch.Tensor:
    """With clean data at the end."""
    return torch.cat([times.long(), torch.tensor([-1])])


check = Repair(
    solution,
    lambda g: [(1000, 10), (1000, 50), (100, 4)],
    broken=grid,
    see="02_noise_schedules: The bug that follows",
    mistakes={
        "shifted by one": Mistake(
            lambda T, steps: ended(leading_grid(T, steps)[:-1] + 1),
            "The grid still starts a whole interval below the last step, "
            "where the data is not yet drowned. One step up changes nothing.",
        ),
        "both ends forced": Mistake(
            lambda T, steps: ended(torch.linspace(T - 1, 0, steps, dtype=torch.float64).round()),
            "It starts where it must, and spends its last stop on step 0, one small step from "
            "clean data. This spacing exists (linspace), but here the steps should be equal.",
        ),
        "from T itself": Mistake(
            lambda T, steps: ended(torch.arange(steps, 0, -1) * (T // steps)),
            "The clock counts T steps from 0, so the last is T - 1. At T the table has no entry.",
        ),
    },
)
