"""Answers to the exercises of chapter 02."""

import math

import numpy as np
import torch

from tests.checks.answers import Answers


def cosine_by_loop(T):
    def f(t, s=0.008):
        return math.cos((t / T + s) / (1 + s) * math.pi / 2) ** 2

    return torch.tensor([f(t) / f(0) for t in range(1, T + 1)])


def cosine_with_numpy(T):
    angle = (np.arange(T + 1) / T + 0.008) * np.pi / 2 / 1.008
    return (np.cos(angle) / np.cos(angle[0]))[1:] ** 2


def cosine(T, s=0.008, power=2, divide=True, first=1):
    """The formula with its details as knobs, to get each of them wrong."""
    t = torch.arange(first, T + first) / T
    start = math.cos(s / (1 + s) * math.pi / 2) if divide else 1
    return (torch.cos((t + s) / (1 + s) * math.pi / 2) / start) ** power


ANSWERS = {
    "cosine": Answers(
        right=[cosine_by_loop, cosine_with_numpy],
        wrong={
            "the missing square": lambda T: cosine(T, power=1),
            "the missing division by f(0)": lambda T: cosine(T, divide=False),
            "the missing offset": lambda T: cosine(T, s=0),
            "s = 0.08": lambda T: cosine(T, s=0.08),
            "counted from zero": lambda T: cosine(T, first=0),
        },
    ),
}
