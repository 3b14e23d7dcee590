"""The cosine schedule with every detail: alpha_bars(T) -> (T,), before any clipping."""

import math

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "02_noise_schedules: Every detail of the cosine schedule"


def f(t: Tensor, T: int, s: float = 0.008) -> Tensor:
    """The cosine of Nichol and Dhariwal (2021, eq. 17), before it is squared."""
    return torch.cos((t / T + s) / (1 + s) * math.pi / 2)


def answer(T: int) -> Tensor:
    """alpha-bar of the steps 1, ..., T."""
    t = torch.arange(T + 1, dtype=torch.float64)
    return (f(t, T) ** 2 / f(t[0], T) ** 2)[1:]


def _steps(T: int) -> Tensor:
    return torch.arange(1, T + 1, dtype=torch.float64)


check = Exercise(
    answer,
    lambda g: [(1000,), (50,), (7,)],
    mistakes=[
        Mistake(
            "the missing square",
            lambda T: f(_steps(T), T) / f(torch.tensor(0.0), T),
            "The cosine gives the amplitude of the signal, sqrt(alpha-bar). Its square, the variance, is alpha-bar.",
            SEE,
        ),
        Mistake(
            "the missing division by f(0)",
            lambda T: f(_steps(T), T) ** 2,
            "With the offset s the curve starts a little below 1. Clean data must have alpha-bar exactly 1, so divide by f(0).",
            SEE,
        ),
        Mistake(
            "the missing offset",
            lambda T: f(_steps(T), T, s=0) ** 2,
            "With s = 0 the first steps are so small that the net learns nothing from them. The paper uses s = 0.008.",
            SEE,
        ),
        Mistake(
            "s = 0.08",
            lambda T: f(_steps(T), T, s=0.08) ** 2 / f(torch.tensor(0.0), T, s=0.08) ** 2,
            "A zero was lost: the offset is 0.008, ten times smaller. This slip has been printed in a textbook.",
            SEE,
        ),
        Mistake(
            "the clock not divided by 1 + s",
            lambda T: (torch.cos((_steps(T) / T + 0.008) * math.pi / 2) / math.cos(0.008 * math.pi / 2)) ** 2,
            "The offset makes the clock longer, from s to 1 + s. Not divided by 1 + s, the angle goes past pi / 2, and at the "
            "end alpha-bar rises again.",
            SEE,
        ),
        Mistake(
            "counted from zero",
            lambda T: (f(_steps(T) - 1, T) / f(torch.tensor(0.0), T)) ** 2,
            "Entry 0 is the first step, t = 1. Clean data, t = 0, is not in the list: a schedule that begins with alpha-bar = 1 "
            "has a step that adds no noise, and divides by zero.",
            SEE,
        ),
    ],
)
