"""Answers to the exercises of chapter 12."""

import hashlib

import numpy as np
import scipy.linalg
import torch

from lib import precision_recall
from tests.exercises.answers import Answers


def frechet_by_scipy(m_a, S_a, m_b, S_b):
    product = scipy.linalg.sqrtm(S_a.numpy() @ S_b.numpy()).real
    return float(((m_a - m_b) ** 2).sum() + S_a.trace() + S_b.trace() - 2 * np.trace(product))


def frechet_by_eigenvalues(m_a, S_a, m_b, S_b):
    roots = torch.linalg.eigvals(S_a @ S_b).real.clamp_min(0).sqrt()
    return (m_a - m_b).pow(2).sum() + S_a.diagonal().sum() + S_b.diagonal().sum() - 2 * roots.sum()


def matrix_root(S):
    return torch.from_numpy(scipy.linalg.sqrtm(S.numpy()).real)


def frechet(m_a, S_a, m_b, S_b, overlap):
    return ((m_a - m_b) ** 2).sum() + S_a.trace() + S_b.trace() - 2 * overlap


def shares_by_loop(real, fake, k):
    def share(points, centres):
        between = torch.cdist(centres, centres)
        reach = between.sort(dim=1).values[:, k]
        inside = [any((p - c).norm() <= r for c, r in zip(centres, reach)) for p in points]
        return sum(inside) / len(inside)

    return share(fake, real), share(real, fake)


def shares_by_lib(real, fake, k):
    return precision_recall(real, fake, k)


def shares(real, fake, k, radius=lambda sorted_, k: sorted_[:, k]):
    def share(points, centres):
        reach = radius(torch.cdist(centres, centres).sort(dim=1).values, k)
        return (torch.cdist(points, centres) <= reach).any(dim=1).float().mean()

    return share(fake, real), share(real, fake)


def shares_of_own_balls(real, fake, k):
    def share(points, centres):
        reach = torch.cdist(points, points).sort(dim=1).values[:, k]
        return (torch.cdist(points, centres) <= reach[:, None]).any(dim=1).float().mean()

    return share(fake, real), share(real, fake)


def draw_by_hash(seed, step, n):
    digest = hashlib.sha256(f"{seed}/{step}".encode()).digest()
    return torch.randn(n, generator=torch.Generator().manual_seed(int.from_bytes(digest[:6], "big")))


def draw_by_numpy(seed, step, n):
    return torch.from_numpy(np.random.default_rng([seed, step]).standard_normal(n))


STREAM = torch.Generator().manual_seed(7)


def kid_by_loops(a, b):
    def k(x, y):
        return (float(x @ y) / len(x) + 1) ** 3

    def within(z):
        return np.mean([k(x, y) for i, x in enumerate(z) for j, y in enumerate(z) if i != j])

    return within(a) + within(b) - 2 * np.mean([k(x, y) for x in a for y in b])


def kid_by_einsum(a, b, root=False, diagonal=False, power=3, scale=None, cross=2):
    d = scale or a.size(1)

    def mean(x, y, same):
        k = (torch.einsum("nd,md->nm", x, y) / d + 1).pow(power)
        if same and not diagonal:
            return k[~torch.eye(len(x), dtype=torch.bool)].mean()
        return k.mean()

    value = mean(a, a, True) + mean(b, b, True) - cross * mean(a, b, False)
    return value.abs().sqrt() if root else value


ANSWERS = {
    "frechet_in_1d": Answers(
        right=[7.25, torch.tensor(1.0 + 9.0 + 0.25 - 3.0)],
        wrong={
            "the variances subtracted": 77.56,
            "the overlap forgotten": 10.25,
            "the overlap once": 8.75,
            "the root taken": 2.6926,
            "no root of the product": 5.75,
        },
    ),
    "frechet_from_moments": Answers(
        right=[frechet_by_scipy, frechet_by_eigenvalues],
        wrong={
            "roots entry by entry": lambda m, S, n, R: frechet(
                m, S, n, R, torch.sqrt((S @ R).diag().clamp_min(0)).sum()
            ),
            "the product of the roots": lambda m, S, n, R: frechet(m, S, n, R, (matrix_root(S) * matrix_root(R)).sum()),
            "no root of the product": lambda m, S, n, R: frechet(m, S, n, R, (S * R).sum()),
            "the means not squared": lambda m, S, n, R: frechet_by_eigenvalues(0 * m, S, 0 * n, R) + (m - n).norm(),
            "variances alone": lambda m, S, n, R: (
                (m - n).pow(2).sum() + (S.diag().sqrt() - R.diag().sqrt()).pow(2).sum()
            ),
        },
    ),
    "frechet_floor": Answers(
        right=[
            lambda d, n: 2 * d / n + d * (d + 1) / n / 2,
            lambda d, n: (d * d + 5 * d) / n / 2,
        ],
        wrong={
            "the means alone": lambda d, n: d / n + d / n,
            "the covariances alone": lambda d, n: 0.5 * d * (1 + d) / n,
            "one side taken for exact": lambda d, n: d / n + d * (d + 1) / n / 4,
            "the quarter forgotten": lambda d, n: (2 * d + 2 * d * (d + 1)) / n,
            "zero": lambda d, n: 0,
        },
    ),
    "precision_and_recall": Answers(
        right=[shares_by_loop, shares_by_lib],
        wrong={
            "precision and recall exchanged": lambda real, fake, k: shares(fake, real, k),
            "the point counted as its own neighbour": lambda r, f, k: shares(r, f, k, lambda near, k: near[:, k - 1]),
            "the ball around the wrong point": shares_of_own_balls,
            "one radius for all": lambda r, f, k: shares(r, f, k, lambda near, k: near[:, k].mean()),
        },
    ),
    "resumable_noise": Answers(
        right=[draw_by_hash, draw_by_numpy],
        wrong={
            "one generator for the whole run": lambda seed, step, n: torch.randn(n, generator=STREAM),
            "the seed alone": lambda seed, step, n: torch.randn(n, generator=torch.Generator().manual_seed(seed)),
            "the step alone": lambda seed, step, n: torch.randn(n, generator=torch.Generator().manual_seed(100 * step)),
            "the sum of seed and step": lambda seed, step, n: torch.from_numpy(
                np.random.default_rng(seed + step).standard_normal(n)
            ),
            "uniform numbers": lambda seed, step, n: torch.from_numpy(np.random.default_rng([seed, step]).random(n)),
        },
    ),
    "unbiased_kernel_distance": Answers(
        right=[kid_by_loops, kid_by_einsum],
        wrong={
            "a point paired with itself": lambda a, b: kid_by_einsum(a, b, diagonal=True),
            "the cross term once": lambda a, b: kid_by_einsum(a, b, cross=1),
            "the product not divided by d": lambda a, b: kid_by_einsum(a, b, scale=1),
            "the means compared and nothing else": lambda a, b: kid_by_einsum(a, b, power=1),
            "the root of it": lambda a, b: kid_by_einsum(a, b, root=True),
        },
    ),
}
