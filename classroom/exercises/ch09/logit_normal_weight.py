"""a weight for a density

A colleague trains with times drawn from the logit-normal density with parameters `m` and `s`, and without a weight.
You want to draw times uniformly and still minimise the same thing. Which weight does a sample at time $t$ need? (Its
mean over uniform times should be 1.)

Hint: Only the product of the density of times and the weight counts. Do not forget what the logit does to a density.
"""

import math

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def weight(t, m, s):
    """t: times in (0, 1), shape (B,). The weights (B,)."""
    return ...


# --- solution
def solution(t, m, s):
    z = (torch.logit(t) - m) / s
    normal = torch.exp(-(z**2) / 2) / (s * math.sqrt(2 * math.pi))
    return normal / (t * (1 - t))  # d logit t / dt = 1 / (t (1 - t))


# --- checker
def _jacobian(t: Tensor) -> Tensor:
    return 1 / (t * (1 - t))


check = Exercise(
    solution,
    lambda g: [(torch.linspace(0.03, 0.97, 40), m, s) for m, s in ((0.0, 1.0), (-0.5, 0.7), (1.0, 2.0))],
    see="09_training_craft: Which times?",
    mistakes={
        "the missing derivative": Mistake(
            lambda t, m, s: solution(t, m, s) / _jacobian(t),
            "A density changes with the variable: q(t) dt = N(z) dz, and the derivative of logit t is 1 / (t (1 - t)).",
        ),
        "the derivative upside down": Mistake(
            lambda t, m, s: solution(t, m, s) / _jacobian(t) ** 2,
            "d logit t / dt = 1 / (t (1 - t)), which is large at the ends; its reciprocal is small there.",
        ),
        "the weight that undoes it": Mistake(
            lambda t, m, s: 1 / solution(t, m, s),
            "1 / q with times drawn from q gives back the uniform objective. Here times are uniform: the weight is q.",
        ),
        "the square of s forgotten": Mistake(
            lambda t, m, s: (
                (-((torch.logit(t) - m) ** 2) / (2 * s)).exp() / (s * math.sqrt(2 * math.pi)) * _jacobian(t)
            ),
            "Within the exponent stands ((logit t - m) / s)^2: s is squared as well.",
        ),
        "not normalised": Mistake(
            lambda t, m, s: solution(t, m, s) * s * math.sqrt(2 * math.pi),
            "A constant factor does not move the minimum, but it multiplies "
            "the loss and the step: the mean weight should be 1.",
        ),
    },
)
