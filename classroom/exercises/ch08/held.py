"""Directions that matter: held(rows, share) -> how many directions hold this share of the variance. rows: (times, dim)."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch08.sines import answer as embed

SEE = "08_time_scale: On the unit clock it hardly moves"


def answer(rows: Tensor, share: float) -> int:
    """Squares of the singular values of the centred table, added up until they reach the share."""
    return count(torch.linalg.svdvals(rows - rows.mean(0)).square(), share)


def count(sizes: Tensor, share: float) -> int:
    """How many of the sizes, the largest first, are needed."""
    return int((sizes.cumsum(0) < share * sizes.sum()).sum()) + 1


def _values(rows: Tensor) -> Tensor:
    return torch.linalg.svdvals(rows - rows.mean(0))


def _cases(g: torch.Generator) -> list[tuple]:
    clock = torch.linspace(0, 1, 201, dtype=torch.float64)
    return [
        (embed(clock, 64, scale), share) for scale, share in ((1.0, 0.999), (20.0, 0.99), (1000.0, 0.999), (300.0, 0.9))
    ]


check = Exercise(
    answer,
    _cases,
    rtol=1e-6,
    mistakes=[
        Mistake(
            "the mean left in",
            lambda rows, share: count(torch.linalg.svdvals(rows).square(), share),
            "Variance is counted around the mean. A constant column tells the net nothing, but takes the largest singular value.",
            SEE,
        ),
        Mistake(
            "singular values not squared",
            lambda rows, share: count(_values(rows), share),
            "The variance along a direction is the square of its singular value, over the number of times.",
            SEE,
        ),
        Mistake(
            "one too few",
            lambda rows, share: answer(rows, share) - 1,
            "Counting the sums that are still below the share misses the direction that reaches it.",
            SEE,
        ),
        Mistake(
            "the numerical rank",
            lambda rows, share: int((_values(rows) > 1e-3 * _values(rows)[0]).sum()),
            "The rank asks which directions exceed a threshold; the question is how many hold a share of the sum.",
            SEE,
        ),
        Mistake(
            "all that move",
            lambda rows, share: rows.shape[1],
            "The number of entries is not the number of directions: entries can move together.",
            SEE,
        ),
    ],
)
