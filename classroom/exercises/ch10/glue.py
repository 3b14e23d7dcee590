"""The published order of a patch: glue(tokens, p, C) -> images (B, C, H, H).

tokens: (B, N, p * p * C), patches row by row; within a patch row, column, channel (the channel runs fastest).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.nets.dit import unpatchify

SEE = "10_the_dit: An image as a list of patches"
PUBLISHED = "10_the_dit: The published net, and ours"


def by_order(*order: int) -> Callable:
    """Name the six dimensions (image, row and column of the patch, row and column in it, channel), then put them in order."""

    def glue(tokens: Tensor, p: int, C: int) -> Tensor:
        side = math.isqrt(tokens.shape[1])
        return tokens.reshape(-1, side, side, p, p, C).permute(order).reshape(-1, C, side * p, side * p)

    return glue


def _tokens(B: int, side: int, p: int, C: int, g: torch.Generator) -> tuple:
    return torch.randperm(B * side**2 * p**2 * C, generator=g).double().reshape(B, side**2, -1), p, C


check = Exercise(
    by_order(0, 5, 1, 3, 2, 4),
    lambda g: [_tokens(2, 3, 2, 3, g), _tokens(1, 2, 3, 2, g)],
    run=lambda glue, tokens, p, C: glue(tokens, p, C),
    mistakes=[
        Mistake(
            "one reshape",
            lambda tokens, p, C: tokens.reshape(len(tokens), C, p * math.isqrt(tokens.shape[1]), -1),
            "The shape is right and the picture is strips: a row of an image runs through several patches.",
            SEE,
        ),
        Mistake(
            "the channel first",
            lambda tokens, p, C: unpatchify(tokens, p, C),
            "That is our own order. In the published one the channel runs fastest: red, green, blue of one pixel side by side.",
            PUBLISHED,
        ),
        Mistake(
            "patches read column by column",
            by_order(0, 5, 2, 3, 1, 4),
            "Token 1 is the right neighbour of token 0, not the one below it: patches are read like text.",
            SEE,
        ),
        Mistake(
            "every patch on its side",
            by_order(0, 5, 1, 4, 2, 3),
            "Rows and columns within a patch are exchanged: each square is reflected at its diagonal. A row of pixels belongs to "
            "the row of its patch.",
            SEE,
        ),
        Mistake(
            "patches one after the other",
            by_order(0, 5, 1, 2, 3, 4),
            "The channel is in its place, the rest is not. A row of the image is: row of patches, row within, column of patches, "
            "column within.",
            SEE,
        ),
    ],
)
