"""the embedding from memory

Write the embedding of this chapter with a time scale: the sines of all frequencies, then the cosines.

Hint: Outer product of times and frequencies first; sines and cosines last.
"""

import math

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def embed(t, dim, t_scale):
    """t: (B,). The embedding (B, dim)."""
    return ...


# --- solution
def solution(t, dim, t_scale):
    half = dim // 2
    frequencies = 10_000 ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = t_scale * t[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1)


# --- checker
def angles(t: Tensor, dim: int, t_scale: float, less: int = 0) -> Tensor:
    """c t P^(-i/h), or with h - 1 for h: (B, h)."""
    half = dim // 2
    return t_scale * t[:, None] * 10_000 ** (-torch.arange(half, dtype=torch.float64) / (half - less))


def pairs(angle: Tensor) -> Tensor:
    """The sines, then the cosines."""
    return torch.cat([angle.sin(), angle.cos()], -1)


def _cases(g: torch.Generator) -> list[tuple]:
    return [(torch.linspace(0, 1, 9, dtype=torch.float64), 8, 1000.0), (torch.arange(0.0, 900, 100).double(), 16, 1.0)]


check = Exercise(
    solution,
    _cases,
    atol=2e-3,  # angles near 1,000 in float32 are off by some 1e-4
    see="08_time_scale: A clock for integers",
    mistakes={
        "the scale forgotten": Mistake(
            lambda t, dim, t_scale: pairs(angles(t, dim, 1.0)),
            "On the clock [0, 1] all angles then stay below 1, and the curve hardly moves.",
            "08_time_scale: On the unit clock it hardly moves",
        ),
        "h - 1 for h": Mistake(
            lambda t, dim, t_scale: pairs(angles(t, dim, t_scale, less=1)),
            "This variant is in use too, but a net trained with one cannot be sampled with the other.",
            "08_time_scale: Three bugs that do damage",
        ),
        "a 2 pi in the angle": Mistake(
            lambda t, dim, t_scale: pairs(2 * math.pi * angles(t, dim, t_scale)),
            "The frequencies are in radians a unit of time already. The 2 pi belongs to Fourier features.",
        ),
        "the cosines first": Mistake(
            lambda t, dim, t_scale: pairs(angles(t, dim, t_scale)).roll(dim // 2, -1),
            "A net does not care, but weights trained with the other order do: here sines come first.",
        ),
        "sines and cosines in turn": Mistake(
            lambda t, dim, t_scale: torch.stack(
                [angles(t, dim, t_scale).sin(), angles(t, dim, t_scale).cos()], -1
            ).flatten(1),
            "The Transformer's paper alternates them. DDPM's code, and this book, put all sines before all cosines.",
        ),
    },
)
