r"""mend the density

Mend `log_density(flow, x, times)`. `flow(x, t)` gives the velocity (B, D) of a flow and its divergence (B,); `times` fall
from 1, the data, to 0, the noise, which is $\mathcal N(0, I)$. Wanted is the log-density (B,) of the points `x` (B, D), by
Euler's rule with the divergence at the beginning of each step.

Hint: Take data that are narrower than the noise. Does the flow spread or gather on its way to them, and what should that do
to the density?
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.seeding import randn


# --- stub
def log_density(flow, x, times):
    spread = torch.zeros(len(x), dtype=x.dtype)
    for t, s in pairwise(times):
        u, div = flow(x, t)
        x = x + (s - t) * u
        spread = spread + (s - t) * div
    noise = -0.5 * (x.square() + math.log(2 * math.pi)).sum(1)
    return noise - spread


# --- solution
# The formula takes off the integral from noise to data. The walk goes from data to noise, so its steps are negative, and what
# it sums up is
# minus that integral.
def solution(flow, x, times):
    gained = torch.zeros(len(x), dtype=x.dtype)
    for t, s in pairwise(times):
        u, div = flow(x, t)
        x = x + (s - t) * u
        gained = gained + (s - t) * div
    noise = -0.5 * (x.square() + math.log(2 * math.pi)).sum(1)
    return noise + gained


# --- checker
def flow(x: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """A flow that gathers, and not everywhere alike: its velocity, and the divergence of that."""
    return torch.sin(x + t) - 0.8 * x - 0.3 * x.flip(1), (torch.cos(x + t) - 0.8).sum(1)


def parts(flow, x: Tensor, times: list[float]) -> tuple[Tensor, Tensor]:
    """Where the points come from, and what the walk sums up."""
    total = torch.zeros(len(x), dtype=x.dtype)
    for t, s in pairwise(times):
        u, div = flow(x, t)
        x, total = x + (s - t) * u, total + (s - t) * div
    return x, total


def normal(x: Tensor) -> Tensor:
    return -0.5 * (x.square() + math.log(2 * math.pi)).sum(1)


def _turned(flow, x: Tensor, times: list[float]) -> Tensor:
    end, total = parts(flow, x, times[::-1])
    return normal(end) - total


def _of(combine):
    return lambda flow, x, times: combine(x, *parts(flow, x, times))


check = Repair(
    solution,
    lambda g: [
        (randn((B, 2), like=torch.zeros(0, dtype=torch.float64), generator=g), torch.linspace(1, 0, K + 1).tolist())
        for B, K in ((6, 8), (4, 20))
    ],
    broken=log_density,
    run=lambda density, x, times: density(flow, x, times),
    see="15_memorise_or_generalise: Likelihood",
    mistakes={
        "the times turned round": Mistake(
            _turned,
            "Now the sum has its sign, and the points walk the wrong way: from data on, as if they were noise. Their density "
            "is wanted where "
            "they come from.",
        ),
        "no divergence": Mistake(
            _of(lambda x, end, total: normal(end)),
            "That is the density of the noise that a point comes from. Where the flow gathers, it lies more densely at the data.",
        ),
        "the size of the divergence": Mistake(
            _of(lambda x, end, total: normal(end) + total.abs()),
            "Right where the flow gathers. Where it spreads, the density has to fall.",
        ),
        "the density at the data": Mistake(
            _of(lambda x, end, total: normal(x) + total),
            "The sign is right now. The normal density belongs to the noise, at the end of the walk.",
        ),
    },
)
