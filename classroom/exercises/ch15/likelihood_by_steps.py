r"""a likelihood, step by step

`u(x, t)` is the velocity (B, D) of a flow and `div(x, t)` its divergence (B,). `times` (K + 1,) leads from 1, the data, to 0,
the noise, which is $\mathcal N(0, I)$. Return $\log p$ (B,) of the data points `x` (B, D), in nats: follow each to the noise
by Euler's rule, and take the divergence at the beginning of each step.

Hint: Along the path of a point the density changes by $\tfrac{\mathrm d}{\mathrm dt} \log p = -\mathrm{div}\, u$. You know
log p at the noise, and walk there backwards: every step in time is negative.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def log_p(u, div, x, times):
    """-> (B,)."""
    return ...


# --- solution
# log p(data) is log p(noise) minus the integral of the divergence from noise to data. The steps h go the other way and are
# negative,
# so that their sum is minus that integral.
def solution(u, div, x, times):
    gained = torch.zeros(len(x), dtype=x.dtype)
    for t, s in pairwise(times.tolist()):
        h = s - t
        gained = gained + h * div(x, t)
        x = x + h * u(x, t)
    normal = -0.5 * (x**2 + math.log(2 * math.pi)).sum(1)
    return normal + gained


# --- checker
def velocity(x: Tensor, t: float) -> Tensor:
    """A flow that differs from place to place, and whose divergence is not the same everywhere."""
    return torch.sin(x + t) - 0.4 * x.flip(1)


def divergence(x: Tensor, t: float) -> Tensor:
    return torch.cos(x + t).sum(1)


def walk(u, div, x: Tensor, times: Tensor, turn: float = 1, weigh: bool = True) -> tuple[Tensor, Tensor]:
    """Where the points end, and the sum of the divergence on the way."""
    total = torch.zeros(len(x), dtype=x.dtype)
    for t, s in pairwise(times.tolist()):
        total = total + (s - t if weigh else 1) * div(x, t)
        x = x + turn * (s - t) * u(x, t)
    return x, total


def normal(x: Tensor) -> Tensor:
    return -0.5 * (x.square() + math.log(2 * math.pi)).sum(1)


def _of(combine, **how):
    """An answer from the data, the end of the walk and the sum on the way."""
    return lambda u, div, x, times: combine(x, *walk(u, div, x, times, **how))


def _backwards(u, div, x: Tensor, times: Tensor) -> Tensor:
    end, total = walk(u, div, x, times.flip(0))
    return normal(end) + total


def cases(g: torch.Generator) -> list[tuple]:
    like = torch.zeros(0, dtype=torch.float64)
    return [
        (randn((B, 2), like=like, generator=g), torch.linspace(1, 0, K + 1, dtype=torch.float64))
        for B, K in ((5, 4), (7, 10))
    ]


check = Exercise(
    solution,
    cases,
    run=lambda log_p, x, times: log_p(velocity, divergence, x, times),
    see="15_memorise_or_generalise: Likelihood",
    mistakes={
        "the other sign of the divergence": Mistake(
            _of(lambda x, end, total: normal(end) - total),
            "Where a flow spreads, the density falls on the way to the data. You walk to the noise, so a step in time is "
            "negative "
            "and already brings the minus with it.",
        ),
        "the noise's density forgotten": Mistake(
            _of(lambda x, end, total: total),
            "That is how much the density changes on the way. It begins at the density of the noise, at the point where the "
            "walk ends.",
        ),
        "the density at the data": Mistake(
            _of(lambda x, end, total: normal(x) + total),
            "The normal density is that of the noise, so it is taken where the walk ends, and not where it begins.",
        ),
        "the constant forgotten": Mistake(
            _of(lambda x, end, total: -0.5 * end.square().sum(1) + total),
            "A normal density has a factor in front, one for each dimension. Without it p does not integrate to 1.",
        ),
        "walked the wrong way": Mistake(
            _of(lambda x, end, total: normal(end) + total, turn=-1),
            "These points run away from the noise: the step in time is negative, and so is the way that it makes along u.",
        ),
        "the times turned round": Mistake(
            _backwards,
            "The walk begins at the data, at time 1, and `times` are in that order. Turned round, a data point is carried "
            "on as if it were noise.",
        ),
        "the divergence without the step": Mistake(
            _of(lambda x, end, total: normal(end) + total, weigh=False),
            "An integral is a sum of heights times widths. Multiply each divergence by its step, or the result grows with K.",
        ),
    },
)
