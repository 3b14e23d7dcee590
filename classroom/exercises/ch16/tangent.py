"""Attention that a forward derivative can pass: attention(q, k, v), all (..., tokens, d)."""

import math
import warnings

import torch
import torch.autograd.forward_ad as fwAD
import torch.nn.functional as F

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.nets.dit import explicit_attention

SEE = "10_the_dit: Attention without its matrix"


def cases(g: torch.Generator) -> list[tuple]:
    """Queries, keys and values, and a direction for each. Fused kernels want four axes: (1, 2 heads, 4 tokens, 3)."""
    return [tuple(tuple(three) for three in torch.randn(2, 3, 1, 2, 4, 3, generator=g))]


def run(attention, inputs, directions) -> dict:
    """The values, whether there is a forward derivative, and its values along a direction."""
    values, found, along = attention(*inputs), "exists", torch.zeros_like(inputs[0])
    with warnings.catch_warnings(), fwAD.dual_level():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's own, when it prepares forward mode
        try:
            along = fwAD.unpack_dual(attention(*map(fwAD.make_dual, inputs, directions))).tangent
        except NotImplementedError:
            found = "missing"
    return {"values": values, "derivative": found, "its values": along}


check = Repair(
    explicit_attention,
    cases,
    broken=lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
    run=run,
    mistakes=[
        Mistake(
            "the missing root",
            lambda q, k, v: (q @ k.mT).softmax(-1) @ v,
            "The derivative exists, and the values are others: scaled_dot_product_attention divides the scores by sqrt(d).",
            SEE,
        ),
        Mistake(
            "the wrong axis",
            lambda q, k, v: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-2) @ v,
            "The weights of each query must sum to 1, over the keys: the last axis.",
            SEE,
        ),
        Mistake(
            "weights cut off from the derivative",
            lambda q, k, v: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1).detach() @ v,
            "It runs, and the values are right. The derivative ignores how the weights change, and is silently wrong: "
            "worse than an error.",
            SEE,
        ),
    ],
)
