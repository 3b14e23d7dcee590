"""Theorem 1 in code

A training set is a finite set of points, and its marginal field can be written down: the integral of Theorem 1
becomes a sum. Write it for the straight path. `x` holds places $(B, d)$, `t` is one float in $[0, 1)$, and `data`
holds $n$ equally likely points $(n, d)$. Return the velocity at each place, $(B, d)$. (A net that reached this field
exactly would sample its training set, and nothing else.)

Hint: The weights are a softmax, over the data, of the logarithms of normal densities. All constants in front cancel.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def field(x, t, data):
    """Places (B, d), a float, data (n, d) -> velocities (B, d)."""
    return ...


# --- solution
# Bayes' rule gives each data point its weight at x; the mean velocity is then the way to the mean
# of the data, over the rest of the time.
def solution(x, t, data):
    square = torch.cdist(x, t * data).square()  # (B, n)
    weights = (-square / (2 * (1 - t) ** 2)).softmax(dim=1)
    return (weights @ data - x) / (1 - t)


# --- checker
PATH = "06_flow_matching: Path and velocity"


def scores(x: Tensor, t: float, data: Tensor, alpha: float | None = None, power: int = 2, half: float = 0.5) -> Tensor:
    """Log of the density of x given each data point, (B, n), but for a constant."""
    return -half * torch.cdist(x, (t if alpha is None else alpha) * data).square() / (1 - t) ** power


def towards(x: Tensor, t: float, data: Tensor, weights: Tensor) -> Tensor:
    """The mean, with these weights (B, n), of the rest of the way over the rest of the time."""
    return (weights[:, :, None] * (data - x[:, None])).sum(1) / (1 - t)


def _weighted(weigh: Callable) -> Callable:
    return lambda x, t, data: towards(x, t, data, weigh(x, t, data))


check = Exercise(
    solution,
    lambda g: [
        (randn((B, d), generator=g).double(), t, 1.5 * randn((n, d), generator=g).double())
        for B, d, n, t in ((5, 2, 9, 0.3), (4, 3, 6, 0.6), (5, 1, 4, 0.0))
    ],
    see="06_flow_matching: Mass is conserved",
    mistakes={
        "the nearest point alone": Mistake(
            _weighted(lambda *where: torch.nn.functional.one_hot(scores(*where).argmax(1), len(where[2])).double()),
            "Lines to all data points pass through x. The nearest has the largest weight, not all of it.",
        ),
        "even weights": Mistake(
            _weighted(lambda x, t, data: torch.full((len(x), len(data)), 1 / len(data), dtype=x.dtype)),
            "Each velocity counts with the probability of its data point given x_t = x. Far points count little.",
        ),
        "densities that do not sum to 1": Mistake(
            _weighted(lambda *where: scores(*where).exp() / len(where[2])),
            "The mean is over the posterior: divide by the density of x, the sum over all data points.",
        ),
        "sigma for sigma squared": Mistake(
            _weighted(lambda *where: scores(*where, power=1).softmax(1)),
            "The exponent of the normal density has the variance below it, (1 - t)^2.",
        ),
        "the forgotten half": Mistake(
            _weighted(lambda *where: scores(*where, half=1.0).softmax(1)),
            "The exponent of the normal density is the square distance over twice the variance.",
        ),
        "data that did not shrink": Mistake(
            _weighted(lambda *where: scores(*where, alpha=1.0).softmax(1)),
            "Given a data point, x_t has the mean t x_data. Measure the distances to there.",
            PATH,
        ),
        "the rest of the time forgotten": Mistake(
            lambda x, t, data: solution(x, t, data) * (1 - t),
            "Each velocity is the rest of the way divided by the rest of the time, 1 - t.",
            PATH,
        ),
    },
)
