"""trailing stops from memory

Write the trailing grid of the code's clock, for $K$ steps of a schedule of $T$: $K + 1$ times, the first in the
noise, the last on clean data. $K$ divides $T$; a tensor or a list will do.

Hint: All moves are equally long. What are the first and the last time?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.grids import leading_grid, trailing_grid


# --- stub
def trailing(T, K):
    """The K + 1 times of a walk of K steps."""
    return ...


# --- solution
def solution(T, K):
    return torch.arange(K, -1, -1) * (T // K) - 1  # the papers' T, ..., 0, one lower


# --- checker
def run(stops, T: int, K: int) -> Tensor:
    """The times, whichever number type they have: `lib.sample` asks for integers, the mathematics does not."""
    times = stops(T, K)
    if isinstance(times, Tensor):
        times = times.double().round()
    return times


check = Exercise(
    solution,
    lambda g: [(1000, 4), (1000, 10), (48, 6)],
    run=run,
    see="05_ddim_and_the_probability_flow: Where to stop: three spacings",
    mistakes={
        "leading": Mistake(
            leading_grid,
            "These are multiples of T / K, counted from 0. The walk begins below T - 1 with noise that belongs to T - 1.",
        ),
        "ends at step 0": Mistake(
            lambda T, K: torch.linspace(T - 1, 0, K + 1),
            "t = 0 is the first noisy state. Clean data is at -1 on the code's clock.",
        ),
        "counted as the papers count": Mistake(
            lambda T, K: torch.arange(K, -1, -1) * (T // K),
            "Steps 1, ..., T with the data at 0 are the papers' clock. The code's is one lower, from T - 1 to -1.",
        ),
        "from the data to the noise": Mistake(
            lambda T, K: trailing_grid(T, K).flip(0),
            "A sampler begins at the noise: the first time is T - 1.",
        ),
        "evenly, then clean data": Mistake(
            lambda T, K: torch.cat([torch.linspace(T - 1, 0, K).round(), torch.tensor([-1.0])]),
            "The last move is a tiny one, from 0 to -1. Trailing moves are all equally long, T / K.",
        ),
    },
)
