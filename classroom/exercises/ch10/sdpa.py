"""Attention with several heads: attend(q, k, v, heads) -> (B, N, W), by hand or with PyTorch's kernel.

q, k, v: (B, N, W), of all heads side by side; head 0 owns the first W / heads entries. No linear maps.
"""

import math

import torch.nn.functional as F
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "10_the_dit: Attention, a weighted mean"


def apart(x: Tensor, heads: int) -> Tensor:
    """(B, N, W) -> (B, heads, N, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def together(x: Tensor) -> Tensor:
    """(B, heads, N, d) -> (B, N, W)."""
    return x.transpose(1, 2).flatten(2)


def answer(q: Tensor, k: Tensor, v: Tensor, heads: int, scale: float | None = None) -> Tensor:
    """Heads as a batch dimension. The kernel divides by the root of d when it is given no scale."""
    return together(F.scaled_dot_product_attention(*(apart(x, heads) for x in (q, k, v)), scale=scale))


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
    answer,
    lambda g: [(*randn((3, B, N, W), generator=g), heads) for B, N, W, heads in ((2, 6, 8, 2), (1, 5, 12, 3))],
    mistakes=[
        Mistake(
            "heads that ask each other",
            lambda q, k, v, heads: F.scaled_dot_product_attention(
                *(x.unflatten(-1, (heads, -1)) for x in (q, k, v))
            ).flatten(2),
            "The kernel takes (..., tokens, d). With (B, N, heads, d) the heads of one token attend to each other, and no token "
            "hears of another. Exchange the two dimensions before, and again after.",
            SEE,
        ),
        Mistake(
            "one reshape into heads",
            _cut_anywhere,
            "A reshape to (B, heads, N, d) reads the numbers in memory order and mixes tokens into heads. Split the width "
            "first, (B, N, heads, d), then exchange the two dimensions.",
            SEE,
        ),
        Mistake(
            "heads dealt out like cards",
            _dealt,
            "Head 0 owns the first W / heads entries of a token, not every heads-th: split the width into (heads, d), not "
            "(d, heads).",
            SEE,
        ),
        Mistake(
            "heads not put side by side",
            lambda q, k, v, heads: answer(q, k, v, heads).unflatten(-1, (heads, -1)).transpose(1, 2).reshape(q.shape),
            "The answers are (B, heads, N, d). Exchange the two dimensions back before they are flattened to (B, N, W).",
            SEE,
        ),
        Mistake(
            "one head",
            lambda q, k, v, heads: answer(q, k, v, 1),
            "The whole width asks a single question. Each head works with W / heads entries of its own.",
            SEE,
        ),
        Mistake(
            "the root of the width",
            lambda q, k, v, heads: answer(q, k, v, heads, scale=q.shape[-1] ** -0.5),
            "A score is a sum over the d entries of one head, so its variance is d = W / heads, not W.",
            SEE,
        ),
        Mistake(
            "no root",
            lambda q, k, v, heads: answer(q, k, v, heads, scale=1.0),
            "Without the division the scores have the variance d, and the softmax picks one token and goes deaf.",
            SEE,
        ),
        Mistake(
            "the softmax over the askers",
            _over_askers,
            "The weights of one asking token sum to 1. Rows are queries and columns are keys, so the softmax goes along the "
            "last dimension.",
            SEE,
        ),
    ],
)
