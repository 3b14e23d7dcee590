r"""mend the table

Mend `bars(T)`: the table of $\bar\alpha$ at the $T$ steps, whose first entry belongs to the first step that adds
noise. The checker compares whole tables; the last beta may be clipped or not.

Hint: Print the first entry of the table. How much noise does that step add, and what divides by it?
"""

import math

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


def published_curve(T, s=0.008):
    """alpha-bar of the cosine schedule at the times 0 ... T, a table (T + 1,)."""
    u = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2
    return f / f[0]


# --- stub
def bars(T):
    """published_curve(T) has T + 1 values, from 1 down to 0."""
    return published_curve(T)[:-1]


# --- solution
# The curve has T + 1 values, for the times 0 ... T. Time 0 is clean data, not a step: there
# alpha-bar is 1, and 1 - alpha-bar, by which the step divides, is 0. Drop the first, not the last.
def solution(T):
    return published_curve(T)[1:]


# --- checker
check = Repair(
    solution,
    lambda g: [(1000,), (50,)],
    broken=bars,
    rtol=2e-6,  # shifting the table by one moves its first entry by 4e-5 only
    see="02_noise_schedules: Every detail of the cosine schedule",
    mistakes={
        "the first entry clamped": Mistake(
            lambda T: bars(T).clamp(max=0.9999),
            "The zero is gone and the table is still one step late: its first entry "
            "stands for no step at all. A clamp hides where a number came from.",
        ),
        "the missing division by f(0)": Mistake(
            lambda T: bars(T) * math.cos(0.008 / 1.008 * math.pi / 2) ** 2,
            "The first entry is below 1 because the curve no longer starts "
            "at clean data. The table is finite, and still counts from 0.",
        ),
        "divided by the first step": Mistake(
            lambda T: solution(T) / solution(T)[0],
            "The table has the right times, and its first entry is 1 "
            "again: the curve must be divided by its value at time 0.",
        ),
    },
)
