"""How far apart are two clouds of points? Two distances, and the floor below which neither can see.

Sliced Wasserstein    SW_2^2 = mean over directions d of  integral_0^1 (F_d^-1(u) - G_d^-1(u))^2 du,   F_d, G_d = the projections'
                      distribution functions; in one dimension optimal transport is sorting     (Bonneel et al. 2015)
Energy distance       sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|)                                   (Szekely & Rizzo 2013)

Two independent samples of the very same distribution are not at distance 0. That mean distance is the floor of the metric at that
sample size: a sampler that reaches it is, to this metric, perfect.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from lib.seeding import randn, seeded


class Spread(NamedTuple):
    """Mean and standard deviation of repeated measurements."""

    mean: float
    sd: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.sd:.3f}"


def spread(values) -> Spread:
    """Mean and sample standard deviation (nan for a single value) of any sequence of numbers."""
    values = torch.as_tensor(values, dtype=torch.float64)
    return Spread(values.mean().item(), values.std(correction=1).item() if len(values) > 1 else math.nan)


def directions(dim: int, n: int) -> Tensor:
    """(n, dim) unit vectors, always the same: evenly spaced over the half circle in 2-D, normal draws from seed 0 otherwise."""
    if dim == 2:
        angle = (torch.arange(n, dtype=torch.float64) + 0.5) * math.pi / n
        return torch.stack([angle.cos(), angle.sin()], -1)
    return torch.nn.functional.normalize(
        randn((n, dim), like=torch.zeros(0, dtype=torch.float64), generator=seeded(0)), dim=-1
    )


def sliced_wasserstein(x: Tensor, y: Tensor, projections: int = 64) -> float:
    """SW_2 between the samples x (N, ...) and y (M, ...), which need not be equally many. In the units of the data."""
    x, y = _clouds(x, y)
    d = directions(x.shape[1], projections).T
    a, b = (x @ d).sort(dim=0).values, (y @ d).sort(dim=0).values
    n, m = len(a), len(b)
    if n == m:
        return (a - b).square().mean().sqrt().item()
    # Both quantile functions are steps; between two neighbouring steps of either, the difference is constant.
    edges = torch.cat([torch.arange(0, n + 1) * m, torch.arange(1, m) * n]).sort().values
    width = edges.diff() / (n * m)
    return (width[:, None] * (a[edges[:-1] // m] - b[edges[:-1] // n]).square()).sum(0).mean().sqrt().item()


def energy_distance(x: Tensor, y: Tensor) -> float:
    """Energy distance between the samples x (N, ...) and y (M, ...), zero distances of a point to itself included."""
    x, y = _clouds(x, y)
    return math.sqrt(max(2 * _mean_distance(x, y) - _mean_distance(x, x) - _mean_distance(y, y), 0.0))


def noise_floor(metric: Callable[[Tensor, Tensor], float], draw: Callable[[int, torch.Generator], Tensor], n: int, *, m: int = 0,
                repeats: int = 20, seed: int = 0) -> Spread:  # fmt: skip
    """Mean and sd of metric(draw(n, .), draw(m, .)) over independent pairs of perfect samples; m = n by default.

    `draw(n, generator)` returns n samples of the target. Pair i uses the seeds seed + 2i and seed + 2i + 1.
    """
    pairs = [(seeded(seed + 2 * i), seeded(seed + 2 * i + 1)) for i in range(repeats)]
    return spread([metric(draw(n, g), draw(m or n, h)) for g, h in pairs])


def _clouds(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if len(x) == 0 or len(y) == 0 or x.shape[1:] != y.shape[1:]:
        raise ValueError(
            f"Need two samples, not empty, of points of one shape; got {tuple(x.shape)} and {tuple(y.shape)}."
        )
    x, y = x.detach().flatten(1).double().cpu(), y.detach().flatten(1).double().cpu()
    if not (x.isfinite().all() and y.isfinite().all()):
        raise ValueError("A sample has NaN or infinite values: the sampler diverged. There is no distance to report.")
    return x, y


def _mean_distance(x: Tensor, y: Tensor) -> float:
    return sum(torch.cdist(rows, y).sum().item() for rows in x.split(1024)) / (len(x) * len(y))
