"""Lines made quick on a CPU, in one place: the numbers of the plain line beside each, only sooner.

A function's `.plain` is what it means. Read these lines; the library could be written with them alone, and a law holds the two
together, values and derivatives.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def plain(line: Callable) -> Callable[[Callable], Callable]:
    """Keep the plain line beside a function."""

    def beside(function: Callable) -> Callable:
        function.plain = line
        return function

    return beside


@plain(lambda a, x, b, y: a * x + b * y)
def combine(a: Tensor | float, x: Tensor, b: Tensor | float, y: Tensor) -> Tensor:
    """a * x + b * y, with the shape of x and y: what noising, targets, estimates and steps are made of.

    A sampler asks with numbers, on tensors so small that each pass over them counts: `torch.add` saves up to two.
    """
    if isinstance(b, float):
        return torch.add(x if isinstance(a, float) and a == 1.0 else a * x, y, alpha=b)
    return a * x + b * y


def all_finite(x: Tensor) -> bool:
    """Whether x holds no NaN and no infinity, bool(x.isfinite().all()).

    Either of them shows in the sum, which takes a tenth of the time; so may numbers that are too large, and then one looks again.
    """
    return bool(x.sum().isfinite()) or bool(x.isfinite().all())


@plain(lambda x: (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1e-6).sqrt())
def standardised(x: Tensor) -> Tensor:
    """x (..., width) with mean 0 and variance 1 over its last axis: a layer norm without gain and bias.

    Ones and zeros in their place change nothing; without them torch's CPU kernel is slower.
    """
    width = x.shape[-1]
    return F.layer_norm(x, (width,), x.new_ones(width), x.new_zeros(width), eps=1e-6)


@plain(lambda a, b, c: a * b + c)
def multiply_add(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """a * b + c, which broadcast against each other: one pass over the memory, and one tensor less to keep for the derivative."""
    return torch.addcmul(c, a, b)


class _Cubic(torch.autograd.Function):
    """u = A x + B x^3 with its derivative by hand: three passes over the memory, where autograd's own takes nine."""

    A, B = math.sqrt(8 / math.pi), math.sqrt(8 / math.pi) * 0.044715
    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return torch.addcmul(x.new_full((), _Cubic.A), x, x, value=_Cubic.B).mul_(x)

    @staticmethod
    def setup_context(ctx, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, direction: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return torch.addcmul(x.new_full((), _Cubic.A), x, x, value=3 * _Cubic.B) * direction

    jvp = backward  # the slope at each number times the direction, forwards as backwards


@plain(lambda x: x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2)
def gelu(x: Tensor) -> Tensor:
    """GELU with tanh (Hendrycks & Gimpel 2016), of the shape of x: x (1 + tanh(u / 2)) / 2 = x sigmoid(u).

    torch's sigmoid is three times as fast on a CPU as its tanh, and GELU is a large part of a small net's step. Elsewhere torch's
    own GELU is a single kernel, and is used.
    """
    return x * _Cubic.apply(x).sigmoid_() if x.device.type == "cpu" else F.gelu(x, approximate="tanh")


class GELU(nn.Module):
    """`gelu` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return gelu(x)


@plain(lambda constant, x, tables: constant + torch.einsum("bc,bmc->bm", x, tables.expand(len(x), -1, -1)))
def affine(constant: Tensor, x: Tensor, tables: Tensor) -> Tensor:
    """constant (b, M) plus x (B, C) times tables (b, M, C) -> (B, M), b = 1 or B: one table for all is one matrix product."""
    if len(tables) == 1:
        return torch.addmm(constant, x, tables[0].T)
    return constant + torch.einsum("bc,bmc->bm", x, tables)


@plain(lambda r, tables: torch.einsum("bm,bmc->bc", r, tables.expand(len(r), -1, -1)))
def mix(r: Tensor, tables: Tensor) -> Tensor:
    """Responsibilities r (B, M) over tables (b, M, C) -> (B, C), b = 1 or B. Few rows are faster than few columns."""
    if len(tables) == 1:
        return (tables[0].T @ r.T).T
    return torch.einsum("bm,bmc->bc", r, tables)
