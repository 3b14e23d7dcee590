"""The Fréchet distance from moments: distance(m_a, S_a, m_b, S_b) -> a number. Means (d,), covariances (d, d), float64."""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "12_image_runs: The Fréchet distance, derived"


def root(S: Tensor) -> Tensor:
    """The symmetric root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(S)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def answer(m_a: Tensor, S_a: Tensor, m_b: Tensor, S_b: Tensor) -> Tensor:
    """The traces of the covariances minus twice that of the root of their product, in its symmetric form."""
    overlap = root(root(S_a) @ S_b @ root(S_a)).trace()
    return (m_a - m_b).square().sum() + (S_a + S_b).trace() - 2 * overlap


def _with(overlap: Callable) -> Callable:
    return lambda m_a, S_a, m_b, S_b: (m_a - m_b).square().sum() + (S_a + S_b).trace() - 2 * overlap(S_a, S_b)


def _moments(g: torch.Generator, d: int) -> tuple[Tensor, ...]:
    rows = [randn((5 * d, d), generator=g).double() @ randn((d, d), generator=g).double() for _ in "ab"]
    return tuple(part for x in rows for part in (x.mean(0), x.T.cov()))


check = Exercise(
    answer,
    lambda g: [_moments(g, d) for d in (2, 5, 8)],
    mistakes=[
        Mistake(
            "roots entry by entry",
            lambda m_a, S_a, m_b, S_b: (
                (m_a - m_b).square().sum() + (S_a + S_b).trace() - 2 * (S_a @ S_b).diagonal().clamp_min(0).sqrt().sum()
            ),
            "The root of a matrix is a matrix whose square it is: take the roots of its eigenvalues, not of its entries.",
            SEE,
        ),
        Mistake(
            "the product of the roots",
            _with(lambda S_a, S_b: (root(S_a) @ root(S_b)).trace()),
            "tr(S_a^1/2 S_b^1/2) is the trace of a matrix; the overlap is the sum of its singular values. They agree only "
            "where the covariances commute.",
            SEE,
        ),
        Mistake(
            "no root of the product",
            _with(lambda S_a, S_b: (S_a @ S_b).trace()),
            "The overlap has the unit of one covariance, not of two: a root is missing.",
            SEE,
        ),
        Mistake(
            "the means not squared",
            lambda m_a, S_a, m_b, S_b: (
                answer(m_a, S_a, m_b, S_b) - (m_a - m_b).square().sum() + (m_a - m_b).square().sum().sqrt()
            ),
            "Everything here is a square: the means enter by their squared distance.",
            SEE,
        ),
        Mistake(
            "variances alone",
            lambda m_a, S_a, m_b, S_b: answer(m_a, S_a.diag().diag(), m_b, S_b.diag().diag()),
            "Features depend on each other, and a model may get every variance right and every correlation wrong.",
            SEE,
        ),
    ],
)
