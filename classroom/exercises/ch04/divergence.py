"""Two round Gaussians: kl(mean, variance, mean_p, variance_p) -> (B,), the KL from the first to the second, in nats.

mean, mean_p: (B, D); variance, variance_p: (B,), the same for each of the D coordinates.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand, randn

SEE = "04_ddpm: Two Gaussians apart"


def answer(mean: Tensor, variance: Tensor, mean_p: Tensor, variance_p: Tensor) -> Tensor:
    """The distance of the means, and what unequal variances cost in each coordinate."""
    return _kl(mean, variance, mean_p, variance_p, mean.shape[1])


def _kl(mean, variance, mean_p, variance_p, D, one=1.0):
    ratio = variance / variance_p
    return (mean - mean_p).square().sum(1) / (2 * variance_p) + D / 2 * (ratio - one - ratio.log())


def _cases(g: torch.Generator) -> list[tuple]:
    def some(D):
        means = (randn((5, D), generator=g).double() for _ in range(2))
        variances = (0.2 + rand(5, generator=g).double() for _ in range(2))
        return tuple(part for pair in zip(means, variances) for part in pair)

    return [some(2), some(7)]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "the other way round",
            lambda m, v, m_p, v_p: answer(m_p, v_p, m, v),
            "A KL is not symmetric: the mean is over the first Gaussian, and the distance is divided by the second's variance.",
            SEE,
        ),
        Mistake(
            "the bracket once",
            lambda m, v, m_p, v_p: _kl(m, v, m_p, v_p, 1),
            "Each of the D coordinates has a variance that may be wrong: the bracket counts D / 2 times.",
            SEE,
        ),
        Mistake(
            "the mean over coordinates",
            lambda m, v, m_p, v_p: answer(m, v, m_p, v_p) / m.shape[1],
            "That is in nats per dimension. The KL itself is a sum over coordinates.",
            SEE,
        ),
        Mistake(
            "the forgotten 1",
            lambda m, v, m_p, v_p: _kl(m, v, m_p, v_p, m.shape[1], one=0.0),
            "Two equal Gaussians must give 0: the ratio 1, minus 1, minus log 1.",
            SEE,
        ),
        Mistake(
            "the missing half",
            lambda m, v, m_p, v_p: 2 * answer(m, v, m_p, v_p),
            "The exponent of a Gaussian is a square over twice the variance.",
            SEE,
        ),
        Mistake(
            "variances squared",
            lambda m, v, m_p, v_p: answer(m, v**2, m_p, v_p**2),
            "The arguments are variances already. Formulas for standard deviations square them.",
            SEE,
        ),
        Mistake(
            "the distance over the first variance",
            lambda m, v, m_p, v_p: (m - m_p).square().sum(1) * (1 / v - 1 / v_p) / 2 + answer(m, v, m_p, v_p),
            "The second Gaussian's log density is averaged, and its exponent divides by its own variance, variance_p.",
            SEE,
        ),
        Mistake(
            "the means alone",
            lambda m, v, m_p, v_p: (m - m_p).square().sum(1) / (2 * v_p),
            "That is all when the variances agree. Here they differ.",
            SEE,
        ),
    ],
)
