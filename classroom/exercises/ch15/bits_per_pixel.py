r"""bits per pixel

A model gives the density of pictures with `D` pixels whose grey levels were made continuous: each level k became $(k +
w)\,\Delta$, with $w$ uniform between 0 and 1 and the `width` $\Delta$ of a level. `log_p` (B,) are its log-densities, in
nats. Return what it takes to store such a picture, in bits per pixel (B,).

Hint: A picture is a box with D edges of the length `width`, and its probability is about the density times the volume. How
many bits does an event of the probability P take?
"""

import math

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def bits(log_p, D, width):
    """-> (B,)."""
    return ...


# --- solution
# log P = log p + D log(width) in nats; bits are nats over ln 2, and less likely things take more of them.
def solution(log_p, D, width):
    nats = log_p + D * math.log(width)
    return -nats / math.log(2) / D


# --- checker
def _bits(log_p, D, edge, per=None, unit=math.log(2), sign=-1):
    return sign * (log_p + edge) / unit / (per or D)


check = Exercise(
    solution,
    lambda g: [
        (D * (1 + 0.3 * randn((5,), like=torch.zeros(0, dtype=torch.float64), generator=g)), D, width)
        for D, width in ((64, 2 / 17), (3072, 2 / 256))
    ],
    see="15_memorise_or_generalise: Bits per pixel",
    mistakes={
        "the width the other way": Mistake(
            lambda log_p, D, width: _bits(log_p, D, -D * math.log(width)),
            "A narrow level makes the box smaller, so that it is hit less often and takes more bits. Multiply the density by the "
            "volume: add the logarithm.",
        ),
        "the width forgotten": Mistake(
            lambda log_p, D, width: _bits(log_p, D, 0),
            "A density is no probability: it can be above 1, and measured in other units it is another number. The level's "
            "width is what "
            "makes one of it.",
        ),
        "one edge of the box": Mistake(
            lambda log_p, D, width: _bits(log_p, D, math.log(width)),
            "The box has D edges, one for each pixel, and each of them is as long as a level is wide.",
        ),
        "nats": Mistake(
            lambda log_p, D, width: _bits(log_p, D, D * math.log(width), unit=1),
            "These are nats per pixel. A bit is ln 2 of them.",
        ),
        "bits per picture": Mistake(
            lambda log_p, D, width: _bits(log_p, D, D * math.log(width), per=1),
            "That is for the whole picture. Divide by the number of its pixels.",
        ),
        "the sign of a log-likelihood": Mistake(
            lambda log_p, D, width: _bits(log_p, D, D * math.log(width), sign=1),
            "What is likely takes few bits: the length is minus the logarithm of the probability.",
        ),
    },
)
