"""Onto the straight path: straight(x, alpha, sigma) -> (x there, time there). x: (B, 2); alpha, sigma: (B,); the time (B,)."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand, randn

SEE = "05_ddim_and_the_probability_flow: DDIM does not know the clock"


def answer(x: Tensor, alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Divide by the sum of the two scales."""
    total = alpha + sigma
    return x / total[:, None], alpha / total


def _cases(g: torch.Generator) -> list[tuple]:
    """States of a variance-preserving path, and of a path of another kind."""
    angle = 1.5 * rand(6, generator=g)
    return [
        (randn((6, 2), generator=g), angle.sin(), angle.cos()),
        (randn((4, 2), generator=g), torch.ones(4), 10 * rand(4, generator=g) + 0.1),
    ]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "the state left as it was",
            lambda x, alpha, sigma: (x, alpha / (alpha + sigma)),
            "On the straight path the two factors sum to 1. If the time is alpha / (alpha + sigma), x is divided as well.",
            SEE,
        ),
        Mistake(
            "the clock turned round",
            lambda x, alpha, sigma: (x / (alpha + sigma)[:, None], sigma / (alpha + sigma)),
            "The straight path has its data at time 1: its time is the factor of the data.",
            SEE,
        ),
        Mistake(
            "divided by alpha",
            lambda x, alpha, sigma: (x / alpha[:, None], 1 / (1 + sigma / alpha)),
            "x / alpha is the state in which DDIM is Euler's rule on the clock sigma / alpha. There the data keeps the factor 1.",
            "05_ddim_and_the_probability_flow: The limit of small steps",
        ),
        Mistake(
            "alpha taken for the time",
            lambda x, alpha, sigma: (x / (alpha + sigma)[:, None], alpha),
            "alpha and 1 - alpha would have to sum to alpha + sigma. Divide alpha too.",
            SEE,
        ),
        Mistake(
            "the root of the squares",
            lambda x, alpha, sigma: tuple(
                part / (alpha**2 + sigma**2).sqrt().reshape(-1, *[1] * (part.ndim - 1)) for part in (x, alpha)
            ),
            "That leads to the variance-preserving path, alpha^2 + sigma^2 = 1. On the straight one alpha + sigma = 1.",
            SEE,
        ),
    ],
)
