"""how alike two times look

The similarity of two times is the scalar product of their embeddings over that of equal times. Give it directly from
the distance of the two times, without building an embedding.

Hint: The addition theorem of the cosine.
"""

import math

import torch

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch08.time_embedding import angles


# --- stub
def similarity_at(distance, dim, t_scale):
    """distance: (B,). The similarities (B,): 1 where the distance is 0."""
    return ...


# --- solution
def solution(distance, dim, t_scale):
    half = dim // 2
    frequencies = 10_000 ** (-torch.arange(half, dtype=torch.float64) / half)
    return torch.cos(t_scale * distance[:, None] * frequencies).mean(-1)


# --- checker
check = Exercise(
    solution,
    lambda g: [
        (torch.linspace(0, 1, 30, dtype=torch.float64), 16, 20.0),
        (torch.tensor([0.0, 0.5, 1.0]).double(), 32, 1.0),
    ],
    see="08_time_scale: How far apart must two times be?",
    mistakes={
        "sines for cosines": Mistake(
            lambda distance, dim, t_scale: angles(distance, dim, t_scale).sin().mean(-1),
            "sin sin + cos cos is the cosine of the difference. Equal times must give 1.",
        ),
        "not divided by the length": Mistake(
            lambda distance, dim, t_scale: angles(distance, dim, t_scale).cos().sum(-1),
            "The scalar product of equal times is h, since the curve lies on a sphere of radius sqrt(h). Divide by it.",
        ),
        "divided by all entries": Mistake(
            lambda distance, dim, t_scale: angles(distance, dim, t_scale).cos().sum(-1) / dim,
            "A sine and a cosine together give one cosine of the difference: h of them, half of the entries.",
        ),
        "the scale forgotten": Mistake(
            lambda distance, dim, t_scale: angles(distance, dim, 1.0).cos().mean(-1),
            "The angle between two times is w c |t - t'|.",
        ),
        "a 2 pi in the angle": Mistake(
            lambda distance, dim, t_scale: (2 * math.pi * angles(distance, dim, t_scale)).cos().mean(-1),
            "These frequencies are in radians a unit of time: no 2 pi.",
            "08_time_scale: A clock for integers",
        ),
    },
)
