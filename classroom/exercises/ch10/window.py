"""Attention to neighbours: near(q, k, v, radius) -> (B, heads, N, d), for lib.DiT.

q, k, v: (B, heads, N, d), the N tokens of a square grid row by row. A token asks those at most `radius` rows and columns away.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.nets.dit import DiT
from lib.seeding import randn, seeded

SEE = "10_the_dit: Attention, a weighted mean"
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
    masked(within),
    lambda g: [(radius, randn((1, 1, 6, 6), generator=g)) for radius in (1, 2)],
    run=run,
    rtol=1e-3,  # two blocks in float32; the mildest mistake is off by far more
    mistakes=[
        Mistake(
            "a score of zero",
            lambda q, k, v, r: (_scores(q, k) * within(q.shape[-2], r)).softmax(-1) @ v,
            "exp(0) = 1: a token with score 0 still gets weight. To leave it out its score must be minus infinity.",
            SEE,
        ),
        Mistake(
            "cut after the softmax",
            lambda q, k, v, r: (_scores(q, k).softmax(-1) * within(q.shape[-2], r)) @ v,
            "The weights that are left no longer sum to 1. Leave tokens out before it, or divide by the sum of the rest.",
            SEE,
        ),
        Mistake(
            "neighbours in the list",
            masked(lambda N, r: (torch.arange(N)[:, None] - torch.arange(N)).abs() <= r),
            "The list is read like text: the token below is a whole row further on, and the last of a row is far from the next.",
            CUT,
        ),
        Mistake(
            "a diamond",
            masked(lambda N, r: within(N, r, torch.add)),
            "Rows and columns are added. Near is a square here: at most `radius` rows away, and at most `radius` columns.",
            CUT,
        ),
        Mistake(
            "a mask of numbers",
            masked(lambda N, r: within(N, r).float()),
            "A mask of numbers is added to the scores: 1 for the near and 0 for the others leaves nobody out. Give the kernel "
            "True and False, or 0 and minus infinity.",
            SEE,
        ),
        Mistake(
            "everybody asked",
            lambda q, k, v, r: F.scaled_dot_product_attention(q, k, v),
            "That is attention as it was. The radius has no effect: which tokens are near enough to be asked?",
            SEE,
        ),
        Mistake(
            "the mask turned round",
            masked(lambda N, r: ~within(N, r)),
            "In scaled_dot_product_attention a True takes part; in nn.MultiheadAttention a True is left out.",
            SEE,
        ),
    ],
)
