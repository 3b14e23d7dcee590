"""The embedding: embed(t, dim, t_scale) -> (B, dim), the sines and then the cosines. t: (B,)."""

import math

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "08_time_scale: A clock for integers"


def angles(t: Tensor, dim: int, t_scale: float, less: int = 0) -> Tensor:
    """c t P^(-i/h), or with h - 1 for h: (B, h)."""
    half = dim // 2
    return t_scale * t[:, None] * 10_000 ** (-torch.arange(half, dtype=torch.float64) / (half - less))


def pairs(angle: Tensor) -> Tensor:
    """The sines, then the cosines."""
    return torch.cat([angle.sin(), angle.cos()], -1)


def answer(t: Tensor, dim: int, t_scale: float) -> Tensor:
    """The embedding of the Transformer's paper, on a scaled clock."""
    return pairs(angles(t, dim, t_scale))


def _cases(g: torch.Generator) -> list[tuple]:
    return [(torch.linspace(0, 1, 9, dtype=torch.float64), 8, 1000.0), (torch.arange(0.0, 900, 100).double(), 16, 1.0)]


check = Exercise(
    answer,
    _cases,
    atol=2e-3,  # angles near 1,000 in float32 are off by some 1e-4
    mistakes=[
        Mistake(
            "the scale forgotten",
            lambda t, dim, t_scale: pairs(angles(t, dim, 1.0)),
            "On the clock [0, 1] all angles then stay below 1, and the curve hardly moves.",
            "08_time_scale: On the unit clock it hardly moves",
        ),
        Mistake(
            "h - 1 for h",
            lambda t, dim, t_scale: pairs(angles(t, dim, t_scale, less=1)),
            "This variant is in use too, but a net trained with one cannot be sampled with the other.",
            "08_time_scale: Three bugs that do damage",
        ),
        Mistake(
            "a 2 pi in the angle",
            lambda t, dim, t_scale: pairs(2 * math.pi * angles(t, dim, t_scale)),
            "The frequencies are in radians a unit of time already. The 2 pi belongs to Fourier features.",
            SEE,
        ),
        Mistake(
            "the cosines first",
            lambda t, dim, t_scale: pairs(angles(t, dim, t_scale)).roll(dim // 2, -1),
            "A net does not care, but weights trained with the other order do: here sines come first.",
            SEE,
        ),
        Mistake(
            "sines and cosines in turn",
            lambda t, dim, t_scale: torch.stack(
                [angles(t, dim, t_scale).sin(), angles(t, dim, t_scale).cos()], -1
            ).flatten(1),
            "The Transformer's paper alternates them. DDPM's code, and this book, put all sines before all cosines.",
            SEE,
        ),
    ],
)
