"""mend the line, or leave it

Write what should stand in the line's place: `grid(n)`, the $n$ times. If you think that nothing should change, write
the line again.

Hint: `linspace(0, n, n)` has $n$ numbers, so how many gaps? What is its step, and what is that step divided by $n$?
"""

import torch

from classroom.exercises import Exercise, Mistake


# --- stub
def grid(n):
    """n even times from 0 to 1. It was: torch.linspace(0, n, n) / n."""
    return ...


# --- solution
# n numbers have n - 1 gaps. linspace(0, n, n) steps by n / (n - 1); divided by n that is 1 / (n - 1),
# which is the paper's 1 / T. The line is ugly and right.
def solution(n):
    return torch.linspace(0, n, n, dtype=torch.float64) / n


# --- checker
check = Exercise(
    solution,
    lambda g: [(1001,), (51,), (5,)],
    see="02_noise_schedules: Second reading: Three bugs and a false alarm",
    mistakes={
        "a repair that breaks it": Mistake(
            lambda n: torch.arange(n, dtype=torch.float64) / n,
            "Now the times are 0, 1/n, ... and stop short of 1: the schedule never reaches its end. "
            "This is the bug that was reported, and the line that was reported does not have it.",
        ),
        "half of the repair": Mistake(
            lambda n: torch.linspace(0, n, n, dtype=torch.float64) / (n - 1),
            "The two n belong together. With only one of them changed, the last time lies beyond 1.",
        ),
        "counted from one": Mistake(
            lambda n: torch.arange(1, n + 1, dtype=torch.float64) / n,
            "The first time is not 0: the table has lost clean data, by which the schedule divides.",
        ),
    },
)
