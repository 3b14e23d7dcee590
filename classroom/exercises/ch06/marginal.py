"""Theorem 1 for a finite set of data: marginal(x, t, data) -> the mean velocity (B, d) on the straight path.

x: (B, d), places. t: a float in [0, 1). data: (n, d), points that are equally likely, without any width.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "06_flow_matching: Mass is conserved"
PATH = "06_flow_matching: Path and velocity"


def scores(x: Tensor, t: float, data: Tensor, alpha: float | None = None, power: int = 2, half: float = 0.5) -> Tensor:
    """Log of the density of x given each data point, (B, n), but for a constant."""
    return -half * torch.cdist(x, (t if alpha is None else alpha) * data).square() / (1 - t) ** power


def towards(x: Tensor, t: float, data: Tensor, weights: Tensor) -> Tensor:
    """The mean, with these weights (B, n), of the rest of the way over the rest of the time."""
    return (weights[:, :, None] * (data - x[:, None])).sum(1) / (1 - t)


def _weighted(weigh: Callable) -> Callable:
    return lambda x, t, data: towards(x, t, data, weigh(x, t, data))


answer = _weighted(lambda *where: scores(*where).softmax(1))

check = Exercise(
    answer,
    lambda g: [
        (randn((B, d), generator=g).double(), t, 1.5 * randn((n, d), generator=g).double())
        for B, d, n, t in ((5, 2, 9, 0.3), (4, 3, 6, 0.6), (5, 1, 4, 0.0))
    ],
    mistakes=[
        Mistake(
            "the nearest point alone",
            _weighted(lambda *where: torch.nn.functional.one_hot(scores(*where).argmax(1), len(where[2])).double()),
            "Lines to all data points pass through x. The nearest has the largest weight, not all of it.",
            SEE,
        ),
        Mistake(
            "even weights",
            _weighted(lambda x, t, data: torch.full((len(x), len(data)), 1 / len(data), dtype=x.dtype)),
            "Each velocity counts with the probability of its data point given x_t = x. Far points count little.",
            SEE,
        ),
        Mistake(
            "densities that do not sum to 1",
            _weighted(lambda *where: scores(*where).exp() / len(where[2])),
            "The mean is over the posterior: divide by the density of x, the sum over all data points.",
            SEE,
        ),
        Mistake(
            "sigma for sigma squared",
            _weighted(lambda *where: scores(*where, power=1).softmax(1)),
            "The exponent of the normal density has the variance below it, (1 - t)^2.",
            SEE,
        ),
        Mistake(
            "the forgotten half",
            _weighted(lambda *where: scores(*where, half=1.0).softmax(1)),
            "The exponent of the normal density is the square distance over twice the variance.",
            SEE,
        ),
        Mistake(
            "data that did not shrink",
            _weighted(lambda *where: scores(*where, alpha=1.0).softmax(1)),
            "Given a data point, x_t has the mean t x_data. Measure the distances to there.",
            PATH,
        ),
        Mistake(
            "the rest of the time forgotten",
            lambda x, t, data: answer(x, t, data) * (1 - t),
            "Each velocity is the rest of the way divided by the rest of the time, 1 - t.",
            PATH,
        ),
    ],
)
