r"""mend the bits

Mend `bits(log_density, k)`: what a model needs for pictures `k` (N, D) of the grey levels 0 to 16, in bits per pixel (N,).
`log_density(x)` is its log-density (N,), in nats, of points `x` (N, D) in the unit cube: the level k is everything from k/17
to (k + 1)/17. The checker compares the mean over many pictures, to two per cent.

Hint: The model has no probabilities, only a density. How does one make the probability of a level from it, on average, if one
may ask at any point?
"""

import math

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def bits(log_density, k):
    x = (k + 0.5) / 17
    nats = log_density(x) - k.shape[1] * math.log(17)
    return -nats / math.log(2) / k.shape[1]


# --- solution
# A level is an interval. A point drawn evenly from it has, on average, at most the logarithm of the interval's mean density:
# no model gains
# by a peak at one point of it.
def solution(log_density, k):
    x = (k + torch.rand(k.shape, dtype=torch.float64)) / 17
    nats = log_density(x) - k.shape[1] * math.log(17)
    return -nats / math.log(2) / k.shape[1]


# --- checker
SHARES = torch.arange(1.0, 18.0, dtype=torch.float64) / 153


class Peaks:
    """A model of independent pixels: a normal peak at the middle of each level, with the width given as a share of a level."""

    def __init__(self, width: float, shares: Tensor = SHARES) -> None:
        self.width, self.shares = width, shares.double()

    def __call__(self, x: Tensor) -> Tensor:
        """(N, D) -> (N,)."""
        middles = (torch.arange(17, dtype=torch.float64) + 0.5) / 17
        z = (x.double()[..., None] - middles) * 17 / self.width
        logs = -0.5 * z.square() + (self.shares * 17 / self.width / math.sqrt(2 * math.pi)).log()
        return logs.logsumexp(-1).sum(-1)


def cases(g: torch.Generator) -> list[tuple]:
    return [(torch.randint(17, (12000, 5), generator=g), width) for width in (0.25, 0.6)]


def run(bits, k: Tensor, width: float) -> Tensor:
    return bits(Peaks(width), k).mean()


def _at(place):
    """The bits of place(k, w), a point for each pixel, where w is uniform."""

    def found(log_density, k: Tensor) -> Tensor:
        nats = log_density(place(k, torch.rand(k.shape, dtype=torch.float64)))
        return (k.shape[1] * math.log(17) - nats) / math.log(2) / k.shape[1]

    return found


def _held_down(log_density, k: Tensor) -> Tensor:
    nats = log_density((k + 0.5) / 17).clamp(max=0) - k.shape[1] * math.log(17)
    return -nats / math.log(2) / k.shape[1]


check = Repair(
    solution,
    cases,
    broken=bits,
    run=run,
    see="15_memorise_or_generalise: Bits per pixel",
    rtol=0.02,
    mistakes={
        "the corner of the level": Mistake(
            _at(lambda k, w: k / 17),
            "Another single point of each level, and a model may have its peaks there as well as in the middle.",
        ),
        "half a level too low": Mistake(
            _at(lambda k, w: (k + w - 0.5) / 17),
            "The interval has the right length and the wrong place: from k - 1/2 to k + 1/2, half of it another level.",
        ),
        "noise of the wrong size": Mistake(
            _at(lambda k, w: k / 17 + w),
            "The unit cube holds all levels, and one of them is a 17th of it. The noise is to be divided as well.",
        ),
        "the density held down": Mistake(
            _held_down,
            "A density may well be above 1: in a small place it has to be. It is where it is asked that is wrong.",
        ),
    },
)
