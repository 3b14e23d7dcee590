r"""patches from elsewhere

The published net writes its output patches with the channel last: a token holds $p \times p$ pixels row by row, and
for each pixel its $C$ channels, one after the other. The patches themselves are in reading order. Glue such tokens,
$(B, N, p^2 C)$, to square images, $(B, C, H, H)$. The checker puts a different number at every place, so that nothing
can hide.

Hint: Name all six dimensions first: image, row of the patch, column of the patch, row within, column within, channel.
Then say in which order the image wants them.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.nets.dit import unpatchify


# --- stub
def images_of(tokens, p, C):
    """Tokens (B, N, p * p * C), channel last -> images (B, C, H, H)."""
    return ...


# --- solution
# A row of the image is (row of the patch, row within), a column likewise. The permutation puts
# these pairs side by side; only then may a reshape join them.
def solution(tokens, p, C):
    side = math.isqrt(tokens.shape[1])
    squares = tokens.reshape(-1, side, side, p, p, C)
    return squares.permute(0, 5, 1, 3, 2, 4).reshape(-1, C, side * p, side * p)


# --- checker
PUBLISHED = "10_the_dit: Second reading: The published net, and ours"


def by_order(*order: int) -> Callable:
    """Name the six dimensions (image, row and column of the patch, row and column in it, channel), then put them in order."""

    def glue(tokens: Tensor, p: int, C: int) -> Tensor:
        side = math.isqrt(tokens.shape[1])
        return tokens.reshape(-1, side, side, p, p, C).permute(order).reshape(-1, C, side * p, side * p)

    return glue


def _tokens(B: int, side: int, p: int, C: int, g: torch.Generator) -> tuple:
    return torch.randperm(B * side**2 * p**2 * C, generator=g).double().reshape(B, side**2, -1), p, C


check = Exercise(
    solution,
    lambda g: [_tokens(2, 3, 2, 3, g), _tokens(1, 2, 3, 2, g)],
    run=lambda glue, tokens, p, C: glue(tokens, p, C),
    see="10_the_dit: An image as a list of patches",
    mistakes={
        "one reshape": Mistake(
            lambda tokens, p, C: tokens.reshape(len(tokens), C, p * math.isqrt(tokens.shape[1]), -1),
            "The shape is right and the picture is strips: a row of an image runs through several patches.",
        ),
        "the channel first": Mistake(
            lambda tokens, p, C: unpatchify(tokens, p, C),
            "That is our own order. In the published one the channel runs "
            "fastest: red, green, blue of one pixel side by side.",
            PUBLISHED,
        ),
        "patches read column by column": Mistake(
            by_order(0, 5, 2, 3, 1, 4),
            "Token 1 is the right neighbour of token 0, not the one below it: patches are read like text.",
        ),
        "every patch on its side": Mistake(
            by_order(0, 5, 1, 4, 2, 3),
            "Rows and columns within a patch are exchanged: each square is reflected "
            "at its diagonal. A row of pixels belongs to the row of its patch.",
        ),
        "patches one after the other": Mistake(
            by_order(0, 5, 1, 2, 3, 4),
            "The channel is in its place, the rest is not. A row of the image "
            "is: row of patches, row within, column of patches, column within.",
        ),
    },
)
