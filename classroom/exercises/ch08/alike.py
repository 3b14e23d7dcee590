"""How alike two times look: similarity(distance, dim, t_scale) -> (B,), 1 for equal times. distance: (B,)."""

import math

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch08.sines import angles

SEE = "08_time_scale: How far apart must two times be?"


def answer(distance: Tensor, dim: int, t_scale: float) -> Tensor:
    """The mean of the cosines of all angles between the two times."""
    return angles(distance, dim, t_scale).cos().mean(-1)


check = Exercise(
    answer,
    lambda g: [
        (torch.linspace(0, 1, 30, dtype=torch.float64), 16, 20.0),
        (torch.tensor([0.0, 0.5, 1.0]).double(), 32, 1.0),
    ],
    mistakes=[
        Mistake(
            "sines for cosines",
            lambda distance, dim, t_scale: angles(distance, dim, t_scale).sin().mean(-1),
            "sin sin + cos cos is the cosine of the difference. Equal times must give 1.",
            SEE,
        ),
        Mistake(
            "not divided by the length",
            lambda distance, dim, t_scale: angles(distance, dim, t_scale).cos().sum(-1),
            "The scalar product of equal times is h, since the curve lies on a sphere of radius sqrt(h). Divide by it.",
            SEE,
        ),
        Mistake(
            "divided by all entries",
            lambda distance, dim, t_scale: angles(distance, dim, t_scale).cos().sum(-1) / dim,
            "A sine and a cosine together give one cosine of the difference: h of them, half of the entries.",
            SEE,
        ),
        Mistake(
            "the scale forgotten",
            lambda distance, dim, t_scale: angles(distance, dim, 1.0).cos().mean(-1),
            "The angle between two times is w c |t - t'|.",
            SEE,
        ),
        Mistake(
            "a 2 pi in the angle",
            lambda distance, dim, t_scale: (2 * math.pi * angles(distance, dim, t_scale)).cos().mean(-1),
            "These frequencies are in radians a unit of time: no 2 pi.",
            "08_time_scale: A clock for integers",
        ),
    ],
)
