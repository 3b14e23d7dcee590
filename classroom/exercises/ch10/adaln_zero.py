"""adaLN-Zero from memory

Write one block. The tokens `h` are $(B, N, W)$ and the condition `c` is $(B, W)$. `attention` and `mlp` are functions
from tokens to tokens, already made. `A`, of shape $(6W, W)$, and `a`, of $6W$ numbers, are the linear map that emits
shift, scale and gate of the attention and then those of the MLP. The norm has no gain and no bias, and $10^{-6}$
under its root. The checker tries the map at zero first, as in a new block, and then with random numbers.

Hint: Test yourself: what must the block give when all six vectors are 0? And what is the MLP allowed to see of the
attention?
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def one_block(h, c, attention, mlp, A, a):
    """Tokens (B, N, W), condition (B, W) -> tokens (B, N, W)."""
    return ...


# --- solution
# Both parts read norm(h) with (1 + s) and b, and add to h through their gate.
# With the map at zero both gates are 0, and the block is the identity.
def solution(h, c, attention, mlp, A, a):
    b1, s1, g1, b2, s2, g2 = F.linear(F.silu(c), A, a)[:, None].chunk(6, dim=-1)  # (B, 1, W)

    def bare(h):
        return F.layer_norm(h, h.shape[-1:], eps=1e-6)

    h = h + g1 * attention((1 + s1) * bare(h) + b1)
    return h + g2 * mlp((1 + s2) * bare(h) + b2)


# --- checker
def attention(h: Tensor) -> Tensor:
    """A stand-in that mixes tokens."""
    return (h.roll(1, 1) + h.mean(1, keepdim=True)).tanh()


def mlp(h: Tensor) -> Tensor:
    """A stand-in that takes each token alone."""
    return (3 * h).sin() + h


def block(h, c, attention, mlp, A, a, *, bend=F.silu, norm=True, one=1, open_gate=0, kept=lambda h: h, order=(0, 1, 2)):
    """The block, and its details as knobs."""
    six = F.linear(bend(c), A, a)[:, None].chunk(6, dim=-1)
    for vectors, part in ((six[:3], attention), (six[3:], mlp)):
        b, s, g = (vectors[i] for i in order)
        bare = F.layer_norm(h, h.shape[-1:], eps=1e-6) if norm else h
        h = kept(h) + (open_gate + g) * part((one + s) * bare + b)
    return h


def _side_by_side(h, c, attention, mlp, A, a) -> Tensor:
    first, second = (
        block(h, c, *parts, A, a) - h for parts in ((attention, torch.zeros_like), (torch.zeros_like, mlp))
    )
    return h + first + second


def _gate_on_all(h, c, attention, mlp, A, a) -> Tensor:
    b1, s1, g1, b2, s2, g2 = F.linear(F.silu(c), A, a)[:, None].chunk(6, dim=-1)
    h = g1 * (h + attention((1 + s1) * F.layer_norm(h, h.shape[-1:], eps=1e-6) + b1))
    return g2 * (h + mlp((1 + s2) * F.layer_norm(h, h.shape[-1:], eps=1e-6) + b2))


def _like(**knobs):
    return lambda *arguments: block(*arguments, **knobs)


def _cases(g: torch.Generator) -> list[tuple]:
    h, c = 2 * randn((2, 5, 8), generator=g) + 1, randn((2, 8), generator=g)
    A, a = randn((48, 8), generator=g), randn((48,), generator=g)
    return [(h, c, 0 * A, 0 * a), (h, c, 0.3 * A, 0.5 * a)]


check = Exercise(
    solution,
    _cases,
    run=lambda block, h, c, A, a: block(h, c, attention, mlp, A, a),
    see="10_the_dit: Telling every layer",
    mistakes={
        "the forgotten 1": Mistake(
            _like(one=0),
            "A scale of 0 should change nothing: the factor is 1 + s. With s alone, a new block tells its parts nothing.",
        ),
        "an open gate": Mistake(
            _like(open_gate=1),
            "The gate is g, without a 1. It starts at 0, so that a new block is the identity: that is the Zero in the name.",
            "10_the_dit: Why zero",
        ),
        "the gate on everything": Mistake(
            _gate_on_all,
            "The gate multiplies what a part adds, not the tokens it is added to. At g = 0 this block wipes out the image.",
        ),
        "nothing to add to": Mistake(
            _like(kept=torch.zeros_like),
            "A part adds to the tokens instead of replacing them. Without h in the sum, a gate of 0 wipes out the image.",
            "10_the_dit: One block",
        ),
        "no norm": Mistake(
            _like(norm=False),
            "Shift and scale act on the bare norm of the tokens, which keeps the numbers in range from block to block.",
            "10_the_dit: One block",
        ),
        "the norm in the sum": Mistake(
            _like(kept=lambda h: F.layer_norm(h, h.shape[-1:], eps=1e-6)),
            "Only what a part reads is normed. The tokens themselves run through the sum undisturbed.",
            "10_the_dit: One block",
        ),
        "the SiLU forgotten": Mistake(
            _like(bend=lambda c: c), "The six vectors come from SiLU(c): first the bend, then the linear map."
        ),
        "both parts at once": Mistake(
            _side_by_side, "The MLP reads the tokens after attention has added to them, not those the block was given."
        ),
        "scale before shift": Mistake(
            _like(order=(1, 0, 2)),
            "The order of the vectors is shift, scale, gate, as published. In another order trained weights are noise.",
        ),
    },
)
