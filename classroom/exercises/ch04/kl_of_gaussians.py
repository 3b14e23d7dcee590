r"""two Gaussians apart

Every term of the bound but the last is a KL of two round Gaussians. Write
$\mathrm{KL}(\mathcal N(\mu, v I) \,\|\, \mathcal N(\mu_p, v_p I))$ in nats, for a batch: the means have the shape (B,
D), the variances (B,). Sum over the coordinates. The checker tries $D = 2$ and $D = 7$.

Hint: It must be 0 for two equal Gaussians. Only one of the two variances divides the distance.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand, randn


# --- stub
def kl_round(mean, variance, mean_p, variance_p):
    """The KL of each pair, shape (B,)."""
    return ...


# --- solution
def solution(mean, variance, mean_p, variance_p):
    ratio = variance / variance_p
    distance = (mean - mean_p).square().sum(1)
    # E |z - mean_p|^2 = D variance + distance; the bracket is paid once per coordinate.
    return distance / (2 * variance_p) + mean.shape[1] / 2 * (ratio - 1 - ratio.log())


# --- checker
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
    solution,
    _cases,
    see="04_ddpm: Two Gaussians apart",
    mistakes={
        "the other way round": Mistake(
            lambda m, v, m_p, v_p: solution(m_p, v_p, m, v),
            "A KL is not symmetric: the mean is over the first Gaussian, "
            "and the distance is divided by the second's variance.",
        ),
        "the bracket once": Mistake(
            lambda m, v, m_p, v_p: _kl(m, v, m_p, v_p, 1),
            "Each of the D coordinates has a variance that may be wrong: the bracket counts D / 2 times.",
        ),
        "the mean over coordinates": Mistake(
            lambda m, v, m_p, v_p: solution(m, v, m_p, v_p) / m.shape[1],
            "That is in nats per dimension. The KL itself is a sum over coordinates.",
        ),
        "the forgotten 1": Mistake(
            lambda m, v, m_p, v_p: _kl(m, v, m_p, v_p, m.shape[1], one=0.0),
            "Two equal Gaussians must give 0: the ratio 1, minus 1, minus log 1.",
        ),
        "the missing half": Mistake(
            lambda m, v, m_p, v_p: 2 * solution(m, v, m_p, v_p),
            "The exponent of a Gaussian is a square over twice the variance.",
        ),
        "variances squared": Mistake(
            lambda m, v, m_p, v_p: solution(m, v**2, m_p, v_p**2),
            "The arguments are variances already. Formulas for standard deviations square them.",
        ),
        "the distance over the first variance": Mistake(
            lambda m, v, m_p, v_p: (m - m_p).square().sum(1) * (1 / v - 1 / v_p) / 2 + solution(m, v, m_p, v_p),
            "The second Gaussian's log density is averaged, and its exponent divides by its own variance, variance_p.",
        ),
        "the means alone": Mistake(
            lambda m, v, m_p, v_p: (m - m_p).square().sum(1) / (2 * v_p),
            "That is all when the variances agree. Here they differ.",
        ),
    },
)
