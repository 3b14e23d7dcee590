"""Does a model copy its training set? What a perfect fit would do, and how to see it.

The empirical oracle weighs the training points x_i, r_i = softmax_i(-|x_t - alpha x_i|^2 / (2 sigma^2)). How many of them count?

    perplexity     exp of the entropy of r: n where all are alike, 1 where the point is found and all that follows is a copy
    collapse       the noise level at which it becomes 1. For Gaussian data in D dimensions, n points hold log n nats, and a noisy
                   point tells (D/2) log(1 + SNR Var), so the point is found where SNR Var = n^(2/D) - 1; SNR = alpha^2 / sigma^2.
                   Biroli et al. 2024 have the same as a time, t_C = log(1 + Var / (n^(2/D) - 1)) / 2, on their clock.
    copy ratio     distance to the nearest training point over that to the second nearest. In D dimensions a point that is no copy
                   falls below c with probability c^D, about: 1/9 for c = 1/3 in the plane
    dimension      (sum of variances)^2 / sum of their squares: how many directions the data use (the participation ratio)

And a remedy for a metric: a Frechet distance of N samples is FID + c / N with a c of each model (Chong & Forsyth 2020), so it is
measured at several N, and a line in 1/N is followed to 0.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lib.checks import check_number, check_samples, check_whole
from lib.metrics import frechet_distance
from lib.prediction import Coeffs
from lib.seeding import given


def perplexity(x_t: Tensor, points: Tensor, coeffs: Coeffs) -> Tensor:
    """How many of the training points (n, ...) a noisy sample x_t (B, ...) may come from, (B,), between 1 and n.

    Raises ValueError for samples of another shape than the points, and at sigma = 0, where there is nothing to weigh.
    """
    a, b = _pairs(x_t, points)
    alpha, sigma = (torch.as_tensor(part, dtype=a.dtype).reshape(-1, 1) for part in (coeffs.alpha, coeffs.sigma))
    if not (sigma > 0).all():
        raise ValueError("At sigma = 0 every sample is one point, and nothing is weighed. Take an earlier time.")
    # -|x_t - alpha x_i|^2 / 2, up to a term without x_i; at alpha = 0 all points are alike.
    logits = alpha * (a @ b.T - alpha / 2 * b.square().sum(1)) / sigma**2
    logs = torch.log_softmax(logits, dim=1)
    return torch.exp(-(logs.exp() * logs).nan_to_num().sum(1))


def collapse(n: int, dim: float, variance: float = 1.0) -> float:
    """sigma / alpha below which one of n points of Gaussian data in `dim` dimensions is found. Raises ValueError for n < 2."""
    check_whole("n", n, 2)
    check_number("dim", dim, 0)
    check_number("variance", variance, 0)
    return math.sqrt(variance / math.expm1(2 * math.log(n) / dim))


def effective_dimension(x: Tensor) -> float:
    """The participation ratio of samples x (N, ...): D where all directions vary alike, 1 on a line.

    Raises ValueError for fewer than two samples, and for samples that are all alike.
    """
    check_samples("x", x, rows=2)
    rows = _rows(x)
    variances = torch.linalg.svdvals(rows - rows.mean(0)).square()
    if not variances.sum() > 0:
        raise ValueError("All samples are alike: they use no direction.")
    return (variances.sum() ** 2 / variances.square().sum()).item()


def copy_ratio(x: Tensor, points: Tensor) -> Tensor:
    """d1 / d2 of samples x (B, ...) to their two nearest training points (n, ...), (B,) in [0, 1]; 0 is a copy.

    Points that stand twice in the training set count once. Raises ValueError for fewer than two different points.
    """
    a, b = _pairs(x, points)
    b = torch.unique(b, dim=0)
    if len(b) < 2:
        raise ValueError("The two nearest of the training points are asked for, and there are not two different ones.")
    near = torch.cat([torch.cdist(rows, b, compute_mode="donot_use_mm_for_euclid_dist").topk(2, largest=False).values
                      for rows in a.split(1024)])  # fmt: skip
    return near[:, 0] / near[:, 1]


def frechet_at_infinity(
    a: Tensor, b: Tensor, sizes: Sequence[int], *, repeats: int = 5, generator: torch.Generator | None = None
) -> tuple[float, float]:
    """The Frechet distance of features a (N, d) to b (M, d) as it would be from endless samples, and c of FID + c / N.

    sizes: of the parts of a that are drawn, `repeats` times each, without replacement. b is left as it is.
    Raises ValueError for fewer than two sizes, and for one that a does not hold.
    """
    sizes, generator = [*sizes], given(generator)
    if len({*sizes}) < 2 or min(sizes) < 2 or max(sizes) > len(a):
        raise ValueError(f"A line needs two sizes from 2 to {len(a)}, the samples that there are; got {sizes}.")
    check_whole("repeats", repeats, 1)
    found = [
        (1 / size, frechet_distance(a[torch.randperm(len(a), generator=generator)[:size]], b))
        for size in sizes
        for _ in range(repeats)
    ]
    inverse, distance = torch.tensor(found, dtype=torch.float64).T
    design = torch.stack([torch.ones_like(inverse), inverse], 1)
    end, slope = torch.linalg.lstsq(design, distance[:, None]).solution.flatten().tolist()
    return end, slope


def _rows(x: Tensor) -> Tensor:
    """A row for each sample, in float64 on the CPU."""
    return x.detach().flatten(1).cpu().double()


def _pairs(x: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    check_samples("x", x, rows=1)
    check_samples("points", points, rows=1)
    if x.shape[1:] != points.shape[1:]:
        raise ValueError(f"The samples {tuple(x.shape)} and the training points {tuple(points.shape)} differ in shape.")
    return _rows(x), _rows(points)
