"""adaLN-Zero, one block: block(h, c, attention, mlp, A, a) -> tokens like h.

h: (B, N, W). c: (B, W). attention, mlp: tokens -> tokens. A (6W, W) and a (6W,): the linear map to b1, s1, g1, b2, s2, g2.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "10_the_dit: Telling every layer"


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
    lambda *arguments: block(*arguments),
    _cases,
    run=lambda block, h, c, A, a: block(h, c, attention, mlp, A, a),
    mistakes=[
        Mistake("the forgotten 1", _like(one=0),
                "A scale of 0 should change nothing: the factor is 1 + s. With s alone, a new block tells its parts nothing.",
                SEE),
        Mistake("an open gate", _like(open_gate=1),
                "The gate is g, without a 1. It starts at 0, so that a new block is the identity: that is the Zero in the name.",
                "10_the_dit: Why zero"),
        Mistake("the gate on everything", _gate_on_all,
                "The gate multiplies what a part adds, not the tokens it is added to. At g = 0 this block wipes out the image.",
                SEE),
        Mistake("nothing to add to", _like(kept=torch.zeros_like),
                "A part adds to the tokens instead of replacing them. Without h in the sum, a gate of 0 wipes out the image.",
                "10_the_dit: One block"),
        Mistake("no norm", _like(norm=False),
                "Shift and scale act on the bare norm of the tokens, which keeps the numbers in range from block to block.",
                "10_the_dit: One block"),
        Mistake("the norm in the sum", _like(kept=lambda h: F.layer_norm(h, h.shape[-1:], eps=1e-6)),
                "Only what a part reads is normed. The tokens themselves run through the sum undisturbed.",
                "10_the_dit: One block"),
        Mistake("the SiLU forgotten", _like(bend=lambda c: c),
                "The six vectors come from SiLU(c): first the bend, then the linear map.", SEE),
        Mistake("both parts at once", _side_by_side,
                "The MLP reads the tokens after attention has added to them, not those the block was given.", SEE),
        Mistake("scale before shift", _like(order=(1, 0, 2)),
                "The order of the vectors is shift, scale, gate, as published. In another order trained weights are noise.",
                SEE),
    ],
)  # fmt: skip
