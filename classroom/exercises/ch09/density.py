"""A weight for a density: weight(t, m, s) -> (B,). Uniform times with it minimise what logit-normal times without it do.

t: times in (0, 1), (B,). m, s: mean and standard deviation of logit t.
"""

import math

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "09_training_craft: Which times?"


def answer(t: Tensor, m: float, s: float) -> Tensor:
    """The logit-normal density itself: only the product of density and weight counts."""
    z = (torch.logit(t) - m) / s
    return (-(z**2) / 2).exp() / (s * math.sqrt(2 * math.pi) * t * (1 - t))


def _jacobian(t: Tensor) -> Tensor:
    return 1 / (t * (1 - t))


check = Exercise(
    answer,
    lambda g: [(torch.linspace(0.03, 0.97, 40), m, s) for m, s in ((0.0, 1.0), (-0.5, 0.7), (1.0, 2.0))],
    mistakes=[
        Mistake(
            "the missing derivative",
            lambda t, m, s: answer(t, m, s) / _jacobian(t),
            "A density changes with the variable: q(t) dt = N(z) dz, and the derivative of logit t is 1 / (t (1 - t)).",
            SEE,
        ),
        Mistake(
            "the derivative upside down",
            lambda t, m, s: answer(t, m, s) / _jacobian(t) ** 2,
            "d logit t / dt = 1 / (t (1 - t)), which is large at the ends; its reciprocal is small there.",
            SEE,
        ),
        Mistake(
            "the weight that undoes it",
            lambda t, m, s: 1 / answer(t, m, s),
            "1 / q with times drawn from q gives back the uniform objective. Here times are uniform: the weight is q.",
            SEE,
        ),
        Mistake(
            "the square of s forgotten",
            lambda t, m, s: (
                (-((torch.logit(t) - m) ** 2) / (2 * s)).exp() / (s * math.sqrt(2 * math.pi)) * _jacobian(t)
            ),
            "Within the exponent stands ((logit t - m) / s)^2: s is squared as well.",
            SEE,
        ),
        Mistake(
            "not normalised",
            lambda t, m, s: answer(t, m, s) * s * math.sqrt(2 * math.pi),
            "A constant factor does not move the minimum, but it multiplies the loss and the step: the mean weight should be 1.",
            SEE,
        ),
    ],
)
