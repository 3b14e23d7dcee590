"""mend the net

Mend `attention(q, k, v)`, tensors of shape `(B, heads, tokens, d)`, so that the values stay what they are and a
forward derivative passes.

Hint: What is left when the fused kernel is written out has three operations, all of which torch can differentiate
forwards.
"""

import math
import warnings

import torch
import torch.autograd.forward_ad as fwAD
import torch.nn.functional as F

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def attention(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


# --- solution
# softmax(q k^T / sqrt(d)) v, written out. The price is the matrix of tokens x tokens, which the fused
# kernel never stores.
def solution(q, k, v):
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return scores.softmax(-1) @ v


# --- checker
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
    solution,
    cases,
    broken=attention,
    run=run,
    see="10_the_dit: Attention without its matrix",
    mistakes={
        "the missing root": Mistake(
            lambda q, k, v: (q @ k.mT).softmax(-1) @ v,
            "The derivative exists, and the values are others: scaled_dot_product_attention divides the scores by sqrt(d).",
        ),
        "the wrong axis": Mistake(
            lambda q, k, v: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-2) @ v,
            "The weights of each query must sum to 1, over the keys: the last axis.",
        ),
        "weights cut off from the derivative": Mistake(
            lambda q, k, v: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1).detach() @ v,
            "It runs, and the values are right. The derivative ignores how "
            "the weights change, and is silently wrong: worse than an error.",
        ),
    },
)
