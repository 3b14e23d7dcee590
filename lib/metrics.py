"""How far apart are two clouds of points? Distances, and the floor below which none can see.

Sliced Wasserstein    SW_2^2 = mean over directions d of  integral_0^1 (F_d^-1(u) - G_d^-1(u))^2 du,   F_d, G_d = the projections'
                      distribution functions; in one dimension optimal transport is sorting     (Bonneel et al. 2015)
Energy distance       sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|)                                   (Szekely & Rizzo 2013)
Frechet distance      |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)),   m, S = mean and covariance of a classifier's features
                      of each cloud: FID with another classifier                                 (Heusel et al. 2017)
Precision, recall     share of the fakes within reach of a real point, and of the real points within reach of a fake; the reach of
                      a point is the distance to its k-th neighbour on its own side            (Kynkäänniemi et al. 2019)

Two independent samples of the very same distribution are not at distance 0. That mean distance is the floor of the metric at that
sample size: a sampler that reaches it is, to this metric, perfect. Compare equal sample sizes only. `yardsticks` adds two marks
above: the best Gaussian, which has the data's mean and covariance and none of its shape, and N(0, I), where a sampler begins.

A distance of clouds sees less than the eye does. Where the density is known, `share_off` says how many points lie where there is
no data, and `mean_log_density` how likely they are.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from lib.checks import as_table, check_function, check_number, check_samples, check_tensor, check_whole, told
from lib.kernels import all_finite
from lib.mixture import GaussianMixture
from lib.seeding import randn, seeded


class Spread(NamedTuple):
    """Mean and standard deviation of repeated measurements."""

    mean: float
    sd: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.sd:.3f}"


def spread(values) -> Spread:
    """Mean and sample standard deviation (nan for a single value) of any sequence of numbers.

    Raises ValueError for an empty one.
    """
    values = as_table("values", values).flatten()
    if len(values) == 0:
        raise ValueError("There are no values, so they have no mean.")
    return Spread(values.mean().item(), values.std(correction=1).item() if len(values) > 1 else math.nan)


def directions(dim: int, n: int) -> Tensor:
    """(n, dim) unit vectors, always the same: evenly spaced over the half circle in 2-D, normal draws from seed 0 otherwise."""
    check_whole("dim", dim, 1)
    check_whole("The number of projections", n, 1)
    if dim == 2:
        angle = (torch.arange(n, dtype=torch.float64) + 0.5) * math.pi / n
        return torch.stack([angle.cos(), angle.sin()], -1)
    return torch.nn.functional.normalize(
        randn((n, dim), like=torch.zeros(0, dtype=torch.float64), generator=seeded(0)), dim=-1
    )


def sliced_wasserstein(x: Tensor, y: Tensor, projections: int = 64) -> float:
    """SW_2 between the samples x (N, ...) and y (M, ...), which need not be equally many. In the units of the data.

    Raises ValueError for empty samples, points of two shapes, values that are not finite, and fewer than one projection.
    """
    x, y = _clouds(x, y)
    d = directions(x.shape[1], projections)
    a, b = _sorted(d @ x.T), _sorted(d @ y.T)  # (projections, N) and (projections, M): the quantile functions
    n, m = len(x), len(y)
    if m % n == 0:  # as with equal sizes, every step of one lies within a step of the other
        return torch.linalg.vector_norm(a[:, :, None] - b.unflatten(1, (n, -1))).item() / math.sqrt(b.numel())
    # Both are step functions; between two neighbouring steps of either, the difference is constant.
    edges = torch.cat([torch.arange(0, n + 1) * m, torch.arange(1, m) * n]).sort().values
    width, left = edges.diff().double() / (n * m), edges[:-1]
    return ((a[:, left // m] - b[:, left // n]).square() @ width).mean().sqrt().item()


def energy_distance(x: Tensor, y: Tensor) -> float:
    """Energy distance between the samples x (N, ...) and y (M, ...), zero distances of a point to itself included.

    Raises ValueError as `sliced_wasserstein` does.
    """
    x, y = _clouds(x, y)
    return math.sqrt(max(2 * _mean_distance(x, y) - _mean_distance(x, x) - _mean_distance(y, y), 0.0))


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """The squared Frechet distance between normal distributions fitted to the features a (N, d) and b (M, d), in float64.

    It is biased: two samples of one distribution are some c / N apart, with a c that depends on the distribution. So compare only
    distances with the same N and M, and beside the distance of as many real images; N must well exceed d.
    Raises ValueError for fewer than two rows on a side, and for values that are not finite.

    The trace of (S_a S_b)^(1/2) is the sum of the singular values of S_a^(1/2) S_b^(1/2), in which any R with R^T R = S may stand
    for S^(1/2): R of a QR decomposition of the centred rows does, and no root of a nearly singular matrix is ever taken.
    """
    a, b = _clouds(a, b)
    if min(len(a), len(b)) < 2:
        raise ValueError(f"A covariance needs at least two rows on each side, got {len(a)} and {len(b)}.")
    roots = [torch.linalg.qr((x - x.mean(0)) / math.sqrt(len(x) - 1), mode="r").R for x in (a, b)]
    overlap = torch.linalg.svdvals(roots[0] @ roots[1].T).sum()
    squared = (a.mean(0) - b.mean(0)).square().sum() + sum(R.square().sum() for R in roots) - 2 * overlap
    return max(0.0, squared.item())  # what should cancel may end a little below zero


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> tuple[float, float]:
    """Precision (do the fakes look real?) and recall (does every real point have a fake like it?) of samples (N, d) and (M, d).

    With balls of few points both stay below 1 even for perfect samples: give the value of as many real images beside them.
    Raises ValueError unless 1 <= k < N and M.
    """
    real, fake = _clouds(real, fake)
    check_whole("k", k)
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"k must lie in 1 ... {min(len(real), len(fake)) - 1} (the smaller side less one), got {k}.")
    return _share_within(fake, real, k), _share_within(real, fake, k)


def noise_floor(metric: Callable[[Tensor, Tensor], float], draw: Callable[[int, torch.Generator], Tensor], n: int, *, m: int = 0,
                repeats: int = 20, seed: int = 0) -> Spread:  # fmt: skip
    """Mean and sd of metric(draw(n, .), draw(m, .)) over independent pairs of perfect samples; m = n by default.

    `draw(n, generator)` returns n samples of the target. Pair i uses the seeds seed + 2i and seed + 2i + 1.
    Raises ValueError for fewer than one sample or repetition.
    """
    check_whole("n", n, 1)
    check_whole("m", m, 0)
    check_whole("repeats", repeats, 1)
    check_whole("seed", seed)
    check_function("metric", metric)
    check_function("draw", draw)
    pairs = [(seeded(seed + 2 * i), seeded(seed + 2 * i + 1)) for i in range(repeats)]
    return spread([metric(draw(n, g), draw(m or n, h)) for g, h in pairs])


class Yardsticks(NamedTuple):
    """What a distance is read beside."""

    floor: Spread  # of a perfect sample
    gaussian: Spread  # of a normal distribution with the data's mean and covariance
    nothing: Spread  # of N(0, I)


FITTED = 10_000  # samples that the best Gaussian is fitted to


def yardsticks(metric: Callable[[Tensor, Tensor], float], draw: Callable[[int, torch.Generator], Tensor], n: int, *, m: int = 0,
               repeats: int = 20, seed: int = 0) -> Yardsticks:  # fmt: skip
    """metric(., draw(m, .)) of n perfect samples, n draws of the best Gaussian and n standard normal ones; m = n by default.

    `draw(n, generator)` returns samples (n, D). All three marks are over the same `repeats` samples of the data, those of
    `noise_floor`. Raises ValueError as that does.
    """
    floor = noise_floor(metric, draw, n, m=m, repeats=repeats, seed=seed)
    data = draw(FITTED, seeded(seed - 1))
    check_samples("A sample", data, rows=2)
    if data.ndim != 2 or not all_finite(data):
        got = f"the shape {tuple(data.shape)}" if data.ndim != 2 else "NaN or infinite values"
        raise ValueError(f"A Gaussian is fitted to points (N, D) that are finite, and these samples have {got}.")
    data = data.cpu().double()
    variances, axes = torch.linalg.eigh(data.T.cov().reshape(data.shape[1], -1))
    mean, root = data.mean(0), axes * variances.clamp_min(0).sqrt()
    found: tuple[list[float], list[float]] = [], []
    for i in range(repeats):
        z = randn((n, data.shape[1]), like=data, generator=seeded(seed + 2 * i))
        real = draw(m or n, seeded(seed + 2 * i + 1))
        for values, x in zip(found, (mean + z @ root.T, z)):
            values.append(metric(x.to(real), real))
    return Yardsticks(floor, *map(spread, found))


def share_off(x: Tensor, mixture: GaussianMixture, rare: float = 0.01) -> float:
    """The share of points x (N, D) where the data is less dense than at all but `rare` of its own points: `rare` is perfect.

    What is rare is found from 50,000 draws. Raises ValueError for a share outside (0, 1), and for points that are not finite.
    """
    check_number("rare", rare, 0, 1)
    if not 0 < rare < 1:
        raise ValueError(f"rare must lie inside (0, 1), got {rare}.")
    return (_log_density(x, mixture) < _rare_density(mixture, rare)).double().mean().item()


def mean_log_density(x: Tensor, mixture: GaussianMixture) -> float:
    """The mean log density of points x (N, D) under the data. Its own samples have minus the data's entropy, and points that
    crowd together where the data is densest have more: so it sees strays, and not what is missing.

    Raises ValueError for points that are not finite.
    """
    return _log_density(x, mixture).mean().item()


def _log_density(x: Tensor, mixture: GaussianMixture) -> Tensor:
    if not isinstance(mixture, GaussianMixture):
        raise TypeError(f"A density wants a GaussianMixture, got {told(mixture)}. Points alone have none.")
    check_samples("A sample", x, rows=1)
    if not all_finite(x):
        raise ValueError("A sample has NaN or infinite values: the sampler diverged. It has no density to report.")
    return mixture.log_prob(x.detach().cpu().double())


@lru_cache(maxsize=8)
def _rare_density(mixture: GaussianMixture, rare: float) -> float:
    x = mixture.sample(50_000, generator=seeded(9), dtype=torch.float64)[0]
    return mixture.log_prob(x).quantile(rare).item()


def _clouds(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    check_tensor("A sample", x)
    check_tensor("A sample", y)
    if min(x.ndim, y.ndim) < 2 or x.numel() == 0 or y.numel() == 0 or x.shape[1:] != y.shape[1:]:
        raise ValueError(
            f"Need two samples (N, ...), not empty, of points of one shape; got {tuple(x.shape)} and {tuple(y.shape)}."
        )
    if x.is_complex() or y.is_complex():
        raise TypeError(
            "Distances of complex numbers are not defined here. Take their real and imaginary parts as coordinates."
        )
    x, y = (z.detach().flatten(1).cpu().double() for z in (x, y))  # on the CPU first: not every device has float64
    if not (all_finite(x) and all_finite(y)):
        raise ValueError("A sample has NaN or infinite values: the sampler diverged. There is no distance to report.")
    if max(x.abs().max(), y.abs().max()) > 1e100:
        raise ValueError(
            "A sample has values beyond 1e100: the sampler diverged. Their squares are no numbers any more."
        )
    return x, y


def _sorted(rows: Tensor) -> Tensor:
    # In place, and values alone: torch.sort carries indices along and takes six times as long.
    rows.numpy().sort(axis=-1)
    return rows


def _share_within(points: Tensor, centres: Tensor, k: int) -> float:
    """Share of the points in any ball around a centre that reaches to the centre's k-th neighbour."""
    reach = torch.cat(
        [_distances(rows, centres).kthvalue(k + 1).values for rows in centres.split(1024)]
    )  # itself is 1st
    return sum((_distances(rows, centres) <= reach).any(1).sum().item() for rows in points.split(1024)) / len(points)


def _distances(x: Tensor, y: Tensor) -> Tensor:
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")  # exactly 0 from a point to itself


def _mean_distance(x: Tensor, y: Tensor) -> float:
    return sum(torch.cdist(rows, y).sum().item() for rows in x.split(1024)) / (len(x) * len(y))
