r"""cosine from memory

Write the cosine schedule's $\bar\alpha_t$ for the steps $t = 1, \dots, T$, with every detail except the clip.

Hint: There are four details: what is squared, what it is divided by, the offset, and where the list begins.
"""

import math

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def alpha_bars(T):
    """alpha-bar of the steps 1, ..., T: a tensor of shape (T,)."""
    return ...


# --- solution
def solution(T, s=0.008):
    t = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((t + s) / (1 + s) * math.pi / 2) ** 2
    return f[1:] / f[0]  # clean data, t = 0, has exactly 1 and is no step


# --- checker
def f(t: Tensor, T: int, s: float = 0.008) -> Tensor:
    """The cosine of Nichol and Dhariwal (2021, eq. 17), before it is squared."""
    return torch.cos((t / T + s) / (1 + s) * math.pi / 2)


def _steps(T: int) -> Tensor:
    return torch.arange(1, T + 1, dtype=torch.float64)


check = Exercise(
    solution,
    lambda g: [(1000,), (50,), (7,)],
    see="02_noise_schedules: Every detail of the cosine schedule",
    mistakes={
        "the missing square": Mistake(
            lambda T: f(_steps(T), T) / f(torch.tensor(0.0), T),
            "The cosine gives the amplitude of the signal, sqrt(alpha-bar). Its square, the variance, is alpha-bar.",
        ),
        "the missing division by f(0)": Mistake(
            lambda T: f(_steps(T), T) ** 2,
            "With the offset s the curve starts a little below 1. Clean "
            "data must have alpha-bar exactly 1, so divide by f(0).",
        ),
        "the missing offset": Mistake(
            lambda T: f(_steps(T), T, s=0) ** 2,
            "With s = 0 the first steps are so small that the net learns nothing from them. The paper uses s = 0.008.",
        ),
        "s = 0.08": Mistake(
            lambda T: f(_steps(T), T, s=0.08) ** 2 / f(torch.tensor(0.0), T, s=0.08) ** 2,
            "A zero was lost: the offset is 0.008, ten times smaller. This slip has been printed in a textbook.",
        ),
        "the clock not divided by 1 + s": Mistake(
            lambda T: (torch.cos((_steps(T) / T + 0.008) * math.pi / 2) / math.cos(0.008 * math.pi / 2)) ** 2,
            "The offset makes the clock longer, from s to 1 + s. Not divided by 1 + "
            "s, the angle goes past pi / 2, and at the end alpha-bar rises again.",
        ),
        "counted from zero": Mistake(
            lambda T: (f(_steps(T) - 1, T) / f(torch.tensor(0.0), T)) ** 2,
            "Entry 0 is the first step, t = 1. Clean data, t = 0, is not in the list: a schedule "
            "that begins with alpha-bar = 1 has a step that adds no noise, and divides by zero.",
        ),
    },
)
