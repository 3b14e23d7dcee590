"""Trailing spacing: stops(T, K) -> (K + 1,), the times a sampler of K steps visits on a schedule of T. K divides T."""

from torch import Tensor

from lib.checks import Exercise, Mistake
from lib.samplers import leading_grid, trailing_grid

SEE = "05_ddim_and_the_probability_flow: Where to stop: three spacings"
GRID = "07_solvers_and_the_k_budget: What a sampler is given"


def answer(T: int, K: int) -> Tensor:
    """T - 1, evenly down, and at last -1, clean data."""
    return trailing_grid(T, K)


check = Exercise(
    answer,
    lambda g: [(1000, 4), (1000, 20), (100, 5)],
    mistakes=[
        Mistake(
            "leading spacing",
            lambda T, K: leading_grid(T, K),
            "Leading spacing never visits T - 1. But the sampler starts from pure noise, which is there or nowhere.",
            SEE,
        ),
        Mistake(
            "K points for K steps",
            lambda T, K: trailing_grid(T, K)[:-1],
            "K steps need K + 1 points. The last is clean data, -1.",
            GRID,
        ),
        Mistake(
            "stopped one step before the data",
            lambda T, K: trailing_grid(T, K).clamp(min=0),
            "Time 0 is the state after the first noise step, a little noisy still. Clean data is at -1.",
            GRID,
        ),
        Mistake(
            "in the order of training",
            lambda T, K: trailing_grid(T, K).flip(0),
            "A sampler walks towards the data: from T - 1 down to -1.",
            GRID,
        ),
        Mistake(
            "counted as the papers do",
            lambda T, K: trailing_grid(T, K) + 1,
            "The papers count 1 to T. The code counts 0 to T - 1 and puts clean data at -1.",
            GRID,
        ),
    ],
)
