r"""neighbours only

`DiT` takes its attention as an argument. Write one in which a token asks only its neighbourhood: the tokens of the
square grid at most `radius` rows and at most `radius` columns away, itself among them. The others get no weight, and
the weights of those that are left sum to 1. `q`, `k` and `v` are $(B, \text{heads}, N, d)$, the tokens row by row.
The checker builds a `DiT` with it and compares what the net answers.

Hint: Row and column of token $i$ are the quotient and the remainder of $i$ by the side of the grid. What must a score
be for its exponential to be 0?
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.nets.dit import DiT
from lib.seeding import randn, seeded


# --- stub
def near(q, k, v, radius):
    """Attention (B, heads, N, d) within `radius` rows and columns."""
    return ...


# --- solution
# The exponential of minus infinity is 0: the softmax shares the weight among the others.
# The kernel takes such a mask ready-made: True takes part, False gets minus infinity.
def solution(q, k, v, radius):
    i = torch.arange(q.shape[-2])
    row, column = i // math.isqrt(len(i)), i % math.isqrt(len(i))
    rows, columns = (row[:, None] - row).abs(), (column[:, None] - column).abs()
    mask = (rows <= radius) & (columns <= radius)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


# --- checker
CUT = "10_the_dit: An image as a list of patches"


def within(N: int, radius: int, joined: Callable = torch.maximum) -> Tensor:
    """(N, N): whether two tokens are near. `joined` makes one distance of rows and columns."""
    row, column = (torch.arange(N) // math.isqrt(N)), torch.arange(N) % math.isqrt(N)
    return joined((row[:, None] - row).abs(), (column[:, None] - column).abs()) <= radius


def masked(mask: Callable) -> Callable:
    """Attention by the kernel, with this mask (N, radius) -> (N, N)."""
    return lambda q, k, v, radius: F.scaled_dot_product_attention(q, k, v, attn_mask=mask(q.shape[-2], radius))


def _scores(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / math.sqrt(q.shape[-1])


def run(near: Callable, radius: int, image: Tensor) -> Tensor:
    """What a DiT with this attention answers; its weights are random numbers."""
    net = DiT(6, patch=1, width=16, depth=2, heads=2, attention=lambda q, k, v: near(q, k, v, radius))
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(0.3 * randn(p.shape, generator=seeded(i)))
        return net(image, torch.tensor([300]))


check = Exercise(
    solution,
    lambda g: [(radius, randn((1, 1, 6, 6), generator=g)) for radius in (1, 2)],
    run=run,
    rtol=1e-3,  # two blocks in float32; the mildest mistake is off by far more
    see="10_the_dit: Attention, a weighted mean",
    mistakes={
        "a score of zero": Mistake(
            lambda q, k, v, r: (_scores(q, k) * within(q.shape[-2], r)).softmax(-1) @ v,
            "exp(0) = 1: a token with score 0 still gets weight. To leave it out its score must be minus infinity.",
        ),
        "cut after the softmax": Mistake(
            lambda q, k, v, r: (_scores(q, k).softmax(-1) * within(q.shape[-2], r)) @ v,
            "The weights that are left no longer sum to 1. Leave tokens out before it, or divide by the sum of the rest.",
        ),
        "neighbours in the list": Mistake(
            masked(lambda N, r: (torch.arange(N)[:, None] - torch.arange(N)).abs() <= r),
            "The list is read like text: the token below is a whole row "
            "further on, and the last of a row is far from the next.",
            CUT,
        ),
        "a diamond": Mistake(
            masked(lambda N, r: within(N, r, torch.add)),
            "Rows and columns are added. Near is a square here: at most `radius` rows away, and at most `radius` columns.",
            CUT,
        ),
        "a mask of numbers": Mistake(
            masked(lambda N, r: within(N, r).float()),
            "A mask of numbers is added to the scores: 1 for the near and 0 for the others "
            "leaves nobody out. Give the kernel True and False, or 0 and minus infinity.",
        ),
        "everybody asked": Mistake(
            lambda q, k, v, r: F.scaled_dot_product_attention(q, k, v),
            "That is attention as it was. The radius has no effect: which tokens are near enough to be asked?",
        ),
        "the mask turned round": Mistake(
            masked(lambda N, r: ~within(N, r)),
            "In scaled_dot_product_attention a True takes part; in nn.MultiheadAttention a True is left out.",
        ),
    },
)
