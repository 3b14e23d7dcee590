"""Trailing stops: trailing(T, K) -> (K + 1,) integer times from T - 1 to -1. K divides T."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.grids import leading_grid, trailing_grid

SEE = "05_ddim_and_the_probability_flow: Where to stop: three spacings"


def answer(T: int, K: int) -> Tensor:
    """The library's own."""
    return trailing_grid(T, K)


def run(stops, T: int, K: int) -> Tensor:
    """The times, whichever number type they have: `lib.sample` asks for integers, the mathematics does not."""
    times = stops(T, K)
    if isinstance(times, Tensor):
        times = times.double().round()
    return times


check = Exercise(
    answer,
    lambda g: [(1000, 4), (1000, 10), (48, 6)],
    run=run,
    mistakes=[
        Mistake(
            "leading",
            leading_grid,
            "These are multiples of T / K, counted from 0. The walk begins below T - 1 with noise that belongs to T - 1.",
            SEE,
        ),
        Mistake(
            "ends at step 0",
            lambda T, K: torch.linspace(T - 1, 0, K + 1),
            "t = 0 is the first noisy state. Clean data is at -1 on the code's clock.",
            SEE,
        ),
        Mistake(
            "counted as the papers count",
            lambda T, K: torch.arange(K, -1, -1) * (T // K),
            "Steps 1, ..., T with the data at 0 are the papers' clock. The code's is one lower, from T - 1 to -1.",
            SEE,
        ),
        Mistake(
            "from the data to the noise",
            lambda T, K: trailing_grid(T, K).flip(0),
            "A sampler begins at the noise: the first time is T - 1.",
            SEE,
        ),
        Mistake(
            "evenly, then clean data",
            lambda T, K: torch.cat([torch.linspace(T - 1, 0, K).round(), torch.tensor([-1.0])]),
            "The last move is a tiny one, from 0 to -1. Trailing moves are all equally long, T / K.",
            SEE,
        ),
    ],
)
