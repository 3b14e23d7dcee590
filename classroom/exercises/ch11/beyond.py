"""The one line of guidance: guided(unconditional, conditional, w) -> the guided answer. All of shape (B, ...), w a number."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "11_conditioning_and_guidance: Where the formula comes from"
NAMES = "11_conditioning_and_guidance: Three conventions for one weight"


def answer(unconditional: Tensor, conditional: Tensor, w: float) -> Tensor:
    """From the unconditional answer w times the way to the conditional one."""
    return torch.lerp(unconditional, conditional, w)


check = Exercise(
    answer,
    lambda g: [(randn((5, 2), generator=g), randn((5, 2), generator=g), w) for w in (0.0, 1.0, 2.5)],
    mistakes=[
        Mistake(
            "w for 1 + w",
            lambda u, c, w: (1 + w) * c - w * u,
            "That is Ho and Salimans' convention. In this book w = 1 is the conditional model; there it is w = 0.",
            NAMES,
        ),
        Mistake(
            "the two answers exchanged",
            lambda u, c, w: c + w * (u - c),
            "At w = 1 the conditional answer must come out. This one goes away from the label, and further the larger w is.",
            SEE,
        ),
        Mistake(
            "the difference alone",
            lambda u, c, w: w * (c - u),
            "The difference is the push towards the label. It is added to the unconditional answer.",
            SEE,
        ),
        Mistake(
            "weights that do not sum to one",
            lambda u, c, w: u + w * c,
            "(1 - w) + w = 1: only then do both answers being equal give that same answer.",
            SEE,
        ),
    ],
)
