r"""a trace from a few probes

Estimate the divergence of `u`, the trace of its Jacobian $J$, at each of the points `x` (B, D), without computing all of $J$.
`draws` (P, B, D) are uniform between 0 and 1: make of each a probe $e$ of $+1$ or $-1$ ($+1$ from one half upwards), and
average the P estimates $e^\top J\, e$ of each row. `u` takes (B, D) and treats each row by itself.

Hint: `torch.autograd.grad(u(x), x, e)` is $e^\top J$ for every row, once `x` asks for a gradient. What is left to do is a
product with $e$ and a sum.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def trace(u, x, draws):
    """-> (B,)."""
    return ...


# --- solution
# E[e e'] is the identity for such probes, and so E[e' J e] is the trace. One backward pass serves a probe of all rows at once.
def solution(u, x, draws):
    x = x.detach().requires_grad_()
    out, found = u(x), []
    for e in torch.where(draws < 0.5, -1.0, 1.0).to(x):
        (pulled,) = torch.autograd.grad(out, x, e, retain_graph=True)
        found.append((pulled * e).sum(1))
    return torch.stack(found).mean(0)


# --- checker
MIX = [[0.9, -0.7, 0.4], [0.5, 0.3, -0.8], [-0.6, 0.2, 1.1]]


def field(x: Tensor) -> Tensor:
    """A velocity whose Jacobian is full, and another one at each point."""
    return torch.sin(x @ torch.tensor(MIX, dtype=x.dtype)) + 0.5 * x


def signs(draws: Tensor) -> Tensor:
    return 2 * (draws >= 0.5).double() - 1


def estimate(u, x: Tensor, probes: Tensor, last: bool = True, over=torch.Tensor.sum) -> Tensor:
    """(P, B): e'J times e, and the sum over the dimensions."""
    x = x.detach().requires_grad_()
    pulled = [torch.autograd.grad(u(x), x, e)[0] for e in probes]
    return torch.stack([over(part * e if last else part, 1) for part, e in zip(pulled, probes)])


def cases(g: torch.Generator) -> list[tuple]:
    like = torch.zeros(0, dtype=torch.float64)
    return [
        (randn((B, 3), like=like, generator=g), torch.rand(P, B, 3, generator=g, dtype=torch.float64))
        for B, P in ((4, 6), (5, 3))
    ]


check = Exercise(
    solution,
    cases,
    run=lambda trace, x, draws: trace(field, x, draws),
    see="15_memorise_or_generalise: Likelihood",
    mistakes={
        "the mean over the dimensions": Mistake(
            lambda u, x, draws: estimate(u, x, signs(draws), over=torch.Tensor.mean).mean(0),
            "A trace is a sum. You divided it by D, and a likelihood in 64 dimensions would be off by a factor of 64.",
        ),
        "probes of variance one third": Mistake(
            lambda u, x, draws: estimate(u, x, 2 * draws - 1).mean(0),
            "Uniform numbers between -1 and 1 have the variance 1/3, so that the estimate is a third of the trace. "
            "The variance of a probe has to be 1.",
        ),
        "the probe used once": Mistake(
            lambda u, x, draws: estimate(u, x, signs(draws), last=False).mean(0),
            "The probe stands on both sides of J. With one of the two the entries of J are added up with "
            "random signs, and their mean is 0.",
        ),
        "one probe for all rows": Mistake(
            lambda u, x, draws: estimate(u, x, signs(draws)[:, :1].expand_as(draws)).mean(0),
            "Each row has a probe of its own in `draws`. With a common one the errors of all rows are alike, and "
            "the mean over a batch does not make them smaller.",
        ),
        "the sum over the probes": Mistake(
            lambda u, x, draws: estimate(u, x, signs(draws)).sum(0),
            "Each probe alone is an estimate of the whole trace. Average them.",
        ),
    },
)
