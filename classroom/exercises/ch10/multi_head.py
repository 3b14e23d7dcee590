r"""several heads, one kernel

Write attention with several heads, without its linear maps. `q`, `k` and `v` are $(B, N, W)$ and hold all heads side
by side: with $d = W / \text{heads}$, head 0 owns the first $d$ entries of every token, head 1 the next $d$, and so
on. The answer has the same shape and order. The middle can be one line, `F.scaled_dot_product_attention`, which
treats all but the last two dimensions as batch.

Hint: The kernel wants $(B, \text{heads}, N, d)$. `unflatten` splits a dimension, `transpose` exchanges two, and
`flatten` joins them again. Which of them must meet the width first?
"""

import math

import torch.nn.functional as F
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def attend(q, k, v, heads):
    """q, k, v (B, N, W) -> (B, N, W), each head by itself."""
    return ...


# --- solution
# Split the width, which keeps the entries of a head together; only then move the heads forward.
# The kernel divides by the root of d, the size of the last dimension, by itself.
def solution(q, k, v, heads):
    q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


# --- checker
def apart(x: Tensor, heads: int) -> Tensor:
    """(B, N, W) -> (B, heads, N, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def together(x: Tensor) -> Tensor:
    """(B, heads, N, d) -> (B, N, W)."""
    return x.transpose(1, 2).flatten(2)


def _cut_anywhere(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    parts = (x.reshape(len(q), heads, q.shape[1], -1) for x in (q, k, v))
    return F.scaled_dot_product_attention(*parts).reshape(q.shape)


def _dealt(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    parts = (x.unflatten(-1, (-1, heads)).movedim(-1, 1) for x in (q, k, v))
    return F.scaled_dot_product_attention(*parts).movedim(1, -1).flatten(2)


def _over_askers(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    scores = apart(q, heads) @ apart(k, heads).mT / math.sqrt(q.shape[-1] / heads)
    return together(scores.softmax(-2) @ apart(v, heads))


check = Exercise(
    solution,
    lambda g: [(*randn((3, B, N, W), generator=g), heads) for B, N, W, heads in ((2, 6, 8, 2), (1, 5, 12, 3))],
    see="10_the_dit: Attention, a weighted mean",
    mistakes={
        "heads that ask each other": Mistake(
            lambda q, k, v, heads: F.scaled_dot_product_attention(
                *(x.unflatten(-1, (heads, -1)) for x in (q, k, v))
            ).flatten(2),
            "The kernel takes (..., tokens, d). With (B, N, heads, d) the heads of one token attend to each "
            "other, and no token hears of another. Exchange the two dimensions before, and again after.",
        ),
        "one reshape into heads": Mistake(
            _cut_anywhere,
            "A reshape to (B, heads, N, d) reads the numbers in memory order and mixes tokens into "
            "heads. Split the width first, (B, N, heads, d), then exchange the two dimensions.",
        ),
        "heads dealt out like cards": Mistake(
            _dealt,
            "Head 0 owns the first W / heads entries of a token, not every "
            "heads-th: split the width into (heads, d), not (d, heads).",
        ),
        "heads not put side by side": Mistake(
            lambda q, k, v, heads: solution(q, k, v, heads).unflatten(-1, (heads, -1)).transpose(1, 2).reshape(q.shape),
            "The answers are (B, heads, N, d). Exchange the two dimensions back before they are flattened to (B, N, W).",
        ),
        "one head": Mistake(
            lambda q, k, v, heads: solution(q, k, v, 1),
            "The whole width asks a single question. Each head works with W / heads entries of its own.",
        ),
        "the root of the width": Mistake(
            lambda q, k, v, heads: solution(q / heads**0.5, k, v, heads),
            "A score is a sum over the d entries of one head, so its variance is d = W / heads, not W.",
        ),
        "no root": Mistake(
            lambda q, k, v, heads: solution(q * (q.shape[-1] / heads) ** 0.5, k, v, heads),
            "Without the division the scores have the variance d, and the softmax picks one token and goes deaf.",
        ),
        "the softmax over the askers": Mistake(
            _over_askers,
            "The weights of one asking token sum to 1. Rows are queries and "
            "columns are keys, so the softmax goes along the last dimension.",
        ),
    },
)
