"""directions that matter

A table has a row for every time. How many directions does one need to hold the given share of its variance?

Hint: Singular values are lengths. What is a variance, and around what?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch08.time_embedding import solution as embed


# --- stub
def directions_needed(rows, share):
    """rows: (times, dim). The smallest number of directions: an integer."""
    return ...


# --- solution
def solution(rows, share):
    parts = torch.linalg.svdvals(rows - rows.mean(0)).square()
    below = parts.cumsum(0) < share * parts.sum()
    return int(below.sum()) + 1  # and the one that reaches the share


# --- checker
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
    solution,
    _cases,
    rtol=1e-6,
    see="08_time_scale: On the unit clock it hardly moves",
    mistakes={
        "the mean left in": Mistake(
            lambda rows, share: count(torch.linalg.svdvals(rows).square(), share),
            "Variance is counted around the mean. A constant column tells "
            "the net nothing, but takes the largest singular value.",
        ),
        "singular values not squared": Mistake(
            lambda rows, share: count(_values(rows), share),
            "The variance along a direction is the square of its singular value, over the number of times.",
        ),
        "one too few": Mistake(
            lambda rows, share: solution(rows, share) - 1,
            "Counting the sums that are still below the share misses the direction that reaches it.",
        ),
        "the numerical rank": Mistake(
            lambda rows, share: int((_values(rows) > 1e-3 * _values(rows)[0]).sum()),
            "The rank asks which directions exceed a threshold; the question is how many hold a share of the sum.",
        ),
        "all that move": Mistake(
            lambda rows, share: rows.shape[1],
            "The number of entries is not the number of directions: entries can move together.",
        ),
    },
)
