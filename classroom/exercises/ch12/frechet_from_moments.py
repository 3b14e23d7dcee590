r"""a distance from moments

Large data sets come as moments: the mean and the covariance of their features, computed once. Write the Fréchet
distance from those. Means have the shape $(d,)$ and covariances $(d, d)$, in float64; the covariances do not commute.

Hint: Only $\operatorname{tr} (S_a^{1/2} S_b S_a^{1/2})^{1/2}$ needs thought. It is the sum of the roots of some
eigenvalues; of which matrix?
"""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def distance(m_a, S_a, m_b, S_b):
    """The Fréchet distance of two normal distributions: a number."""
    return ...


# --- solution
def solution(m_a, S_a, m_b, S_b):
    # S_a^(1/2) S_b S_a^(1/2) has the eigenvalues of S_a S_b, which torch finds directly.
    roots = torch.linalg.eigvals(S_a @ S_b).real.clamp_min(0).sqrt()
    return (m_a - m_b).square().sum() + S_a.trace() + S_b.trace() - 2 * roots.sum()


# --- checker
def root(S: Tensor) -> Tensor:
    """The symmetric root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(S)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def _with(overlap: Callable) -> Callable:
    return lambda m_a, S_a, m_b, S_b: (m_a - m_b).square().sum() + (S_a + S_b).trace() - 2 * overlap(S_a, S_b)


def _moments(g: torch.Generator, d: int) -> tuple[Tensor, ...]:
    rows = [randn((5 * d, d), generator=g).double() @ randn((d, d), generator=g).double() for _ in "ab"]
    return tuple(part for x in rows for part in (x.mean(0), x.T.cov()))


check = Exercise(
    solution,
    lambda g: [_moments(g, d) for d in (2, 5, 8)],
    see="12_image_runs: The Fréchet distance",
    mistakes={
        "roots entry by entry": Mistake(
            lambda m_a, S_a, m_b, S_b: (
                (m_a - m_b).square().sum() + (S_a + S_b).trace() - 2 * (S_a @ S_b).diagonal().clamp_min(0).sqrt().sum()
            ),
            "The root of a matrix is a matrix whose square it is: take the roots of its eigenvalues, not of its entries.",
        ),
        "the product of the roots": Mistake(
            _with(lambda S_a, S_b: (root(S_a) @ root(S_b)).trace()),
            "tr(S_a^1/2 S_b^1/2) is the trace of a matrix; the overlap is the sum "
            "of its singular values. They agree only where the covariances commute.",
        ),
        "no root of the product": Mistake(
            _with(lambda S_a, S_b: (S_a @ S_b).trace()),
            "The overlap has the unit of one covariance, not of two: a root is missing.",
        ),
        "the means not squared": Mistake(
            lambda m_a, S_a, m_b, S_b: (
                solution(m_a, S_a, m_b, S_b) - (m_a - m_b).square().sum() + (m_a - m_b).square().sum().sqrt()
            ),
            "Everything here is a square: the means enter by their squared distance.",
        ),
        "variances alone": Mistake(
            lambda m_a, S_a, m_b, S_b: solution(m_a, S_a.diag().diag(), m_b, S_b.diag().diag()),
            "Features depend on each other, and a model may get every variance right and every correlation wrong.",
        ),
    },
)
