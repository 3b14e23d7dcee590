"""The reported line, or what should stand in its place: grid(n) -> (n,), even times from 0 to 1."""

import torch

from classroom.exercises import Exercise, Mistake

SEE = "02_noise_schedules: Three bugs and a false alarm"

check = Exercise(
    lambda n: torch.linspace(0, n, n, dtype=torch.float64) / n,
    lambda g: [(1001,), (51,), (5,)],
    mistakes=[
        Mistake(
            "a repair that breaks it",
            lambda n: torch.arange(n, dtype=torch.float64) / n,
            "Now the times are 0, 1/n, ... and stop short of 1: the schedule never reaches its end. This is the bug "
            "that was reported, "
            "and the line that was reported does not have it.",
            SEE,
        ),
        Mistake(
            "half of the repair",
            lambda n: torch.linspace(0, n, n, dtype=torch.float64) / (n - 1),
            "The two n belong together. With only one of them changed, the last time lies beyond 1.",
            SEE,
        ),
        Mistake(
            "counted from one",
            lambda n: torch.arange(1, n + 1, dtype=torch.float64) / n,
            "The first time is not 0: the table has lost clean data, by which the schedule divides.",
            SEE,
        ),
    ],
)
