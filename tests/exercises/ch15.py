"""Answers to the exercises of chapter 15."""

import math
from itertools import pairwise

import numpy as np
import torch

from tests.exercises.answers import Answers

# --- empirical_denoiser


def one_by_one(x_t, points, alpha, sigma):
    """The mean, row by row, with densities of torch's own."""
    rows = []
    for x in x_t:
        density = torch.distributions.Normal(alpha * points, sigma).log_prob(x).sum(1)
        share = torch.exp(density - density.max())
        rows.append((share[:, None] * points).sum(0) / share.sum())
    return torch.stack(rows)


def averaged(x_t, points, alpha, sigma, power=2, twice=2, scale=1.0, divide=True):
    gaps = x_t.unsqueeze(1) - alpha * points
    share = (-gaps.pow(2).sum(-1) / (twice * sigma**power)).exp()
    share = share / share.sum(1, keepdim=True) if divide else share
    return share @ (scale * points)


def nearest(x_t, points, alpha, sigma):
    return torch.stack([points[(x - alpha * points).norm(dim=1).argmin()] for x in x_t])


# --- collapse_level


def level(n, D, variance, power=2.0, one=1):
    return (variance / (math.exp(power * math.log(n) / D) - one)) ** 0.5


def level_by_search(n, D, variance):
    """Where the nats of a point and of a name meet, by halving."""
    low, high = 1e-6, 1e6
    for _ in range(200):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if 0.5 * D * math.log1p(variance / middle**2) > math.log(n) else (low, middle)
    return low


# --- accused


def two_nearest(samples, points):
    gaps = (samples[:, None] - points).norm(dim=2)
    return [gaps.kthvalue(k, dim=1).values for k in (1, 2)]


def judged(samples, points, c, rule=lambda a, b, c: a / b < c, honest=lambda c, D: c**D):
    a, b = two_nearest(samples, points)
    return rule(a, b, c).sum().item() / len(samples), honest(c, samples.size(1))


def judged_one_by_one(samples, points, c):
    caught = 0
    for x in samples:
        a, b = sorted((points - x).square().sum(1).sqrt().tolist())[:2]
        caught += a < c * b
    return caught / len(samples), math.exp(samples.shape[-1] * math.log(c))


# --- likelihood_by_steps


def density(x):
    return torch.distributions.Normal(0.0, 1.0).log_prob(x).sum(1)


def followed(u, div, x, times, sign=1, base=density, way=1, width=lambda h: h):
    change = 0
    for t, s in pairwise(times):
        change = change + sign * width(s - t) * div(x, t)
        x = x + way * (s - t) * u(x, t)
    return base(x) + change


def followed_back(u, div, x, times):
    """The noise's density, and the divergence of every step taken off it."""
    places = [x]
    for i in range(len(times) - 1):
        places.append(places[-1] - (times[i] - times[i + 1]) * u(places[-1], times[i]))
    spread = sum((times[i] - times[i + 1]) * div(places[i], times[i]) for i in range(len(times) - 1))
    return density(places[-1]) - spread


def from_the_data(u, div, x, times):
    return density(x) + followed(u, div, x, times, base=lambda x: 0)


# --- hutchinson


def jacobians(u, x):
    """(B, D, D), row by row."""
    return torch.stack([torch.autograd.functional.jacobian(lambda a: u(a[None])[0], row) for row in x])


def probe(draws):
    return (draws - 0.5).sign()


def sandwich(u, x, draws, of=probe, after=lambda found: found.mean(0)):
    e = of(draws)
    return after(torch.einsum("pbi,bij,pbj->pb", e, jacobians(u, x), e))


def by_passes(u, x, draws):
    x = x.clone().requires_grad_(True)
    total = torch.zeros(len(x), dtype=x.dtype)
    for e in probe(draws):
        total = total + (torch.autograd.grad((u(x) * e).sum(), x)[0] * e).sum(-1)
    return total / len(draws)


def probe_once(u, x, draws):
    return torch.einsum("pbi,bij->pb", probe(draws), jacobians(u, x)).mean(0)


# --- without_bias


def fitted(of, entry=1):
    """A line by numpy, whose entry 1 is where it meets zero."""
    return lambda sizes, distances: float(np.polyfit(of(sizes.numpy()), distances.numpy(), 1)[entry])


def by_normal_equations(sizes, distances):
    A = torch.stack([torch.ones_like(sizes), sizes.reciprocal()], 1)
    return torch.linalg.solve(A.T @ A, A.T @ distances)[0]


# --- wiener


def filtered(x_t, m, C, alpha, sigma, front=None, squared=2, noise=2, centre=None, mean=1.0):
    front = alpha if front is None else front
    gain = front * C @ torch.linalg.pinv(alpha**squared * C + sigma**noise * torch.eye(len(C)).to(C))
    centre = alpha * m if centre is None else centre(m)
    return mean * m + torch.stack([gain @ (x - centre) for x in x_t])


def filtered_along_axes(x_t, m, C, alpha, sigma):
    """Each principal axis by itself."""
    values, axes = torch.linalg.eigh(C)
    gains = alpha * values / (alpha**2 * values + sigma**2)
    return ((x_t - alpha * m) @ axes * gains) @ axes.mT + m


# --- bits_per_pixel


def stored(log_p, D, width, edges=None, base=2, per=None, sign=-1):
    edges = D if edges is None else edges
    return sign * (log_p / math.log(base) + edges * math.log(width, base)) / (D if per is None else per)


def stored_by_probability(log_p, D, width):
    """The length of an average pixel, from its probability."""
    return -torch.log2(torch.exp(log_p / D) * width)


ANSWERS = {
    "empirical_denoiser": Answers(
        right=[averaged, one_by_one],
        wrong={
            "alpha forgotten": lambda x_t, points, alpha, sigma: averaged(x_t, points, 1, sigma),
            "sigma not squared": lambda x_t, points, alpha, sigma: averaged(x_t, points, alpha, sigma, power=1),
            "the half forgotten": lambda x_t, points, alpha, sigma: averaged(x_t, points, alpha, sigma, twice=1),
            "the nearest point": nearest,
            "weights that do not add up": lambda *given: averaged(*given, divide=False),
            "the mean of the noisy points": lambda x_t, points, alpha, sigma: averaged(
                x_t, points, alpha, sigma, scale=alpha
            ),
        },
    ),
    "collapse_level": Answers(
        right=[level, level_by_search],
        wrong={
            "the root of n": lambda n, D, variance: level(n, D, variance, power=1),
            "the 1 forgotten": lambda n, D, variance: level(n, D, variance, one=0),
            "alpha over sigma": lambda n, D, variance: 1 / level(n, D, variance),
            "the square of the level": lambda n, D, variance: level(n, D, variance) ** 2,
            "bits for nats": lambda n, D, variance: level(n, D, variance, power=2 / math.log(2)),
        },
    ),
    "accused": Answers(
        right=[judged, judged_one_by_one],
        wrong={
            "squared distances": lambda *given: judged(*given, rule=lambda a, b, c: a.square() / b.square() < c),
            "the ratio turned round": lambda *given: judged(*given, rule=lambda a, b, c: b / a < c),
            "the distance alone": lambda *given: judged(*given, rule=lambda a, b, c: a < c),
            "c times D": lambda *given: judged(*given, honest=lambda c, D: D * c),
            "c in every dimension": lambda *given: judged(*given, honest=lambda c, D: c),
            "who is not accused": lambda *given: judged(*given, rule=lambda a, b, c: a > c * b),
        },
    ),
    "likelihood_by_steps": Answers(
        right=[followed, followed_back],
        wrong={
            "the other sign of the divergence": lambda *given: followed(*given, sign=-1),
            "the noise's density forgotten": lambda *given: followed(*given, base=lambda x: 0),
            "the density at the data": from_the_data,
            "the constant forgotten": lambda *given: followed(*given, base=lambda x: -x.pow(2).sum(1) / 2),
            "walked the wrong way": lambda *given: followed(*given, way=-1),
            "the times turned round": lambda u, div, x, times: followed(u, div, x, times.flip(0)),
            "the divergence without the step": lambda *given: followed(*given, width=lambda h: 1),
        },
    ),
    "hutchinson": Answers(
        right=[sandwich, by_passes],
        wrong={
            "the mean over the dimensions": lambda u, x, draws: sandwich(u, x, draws) / x.shape[1],
            "probes of variance one third": lambda u, x, draws: sandwich(u, x, draws, of=lambda r: 1 - 2 * r),
            "the probe used once": probe_once,
            "one probe for all rows": lambda u, x, draws: sandwich(u, x, draws[:, 0:1].repeat(1, len(x), 1)),
            "the sum over the probes": lambda u, x, draws: sandwich(u, x, draws, after=lambda found: found.sum(0)),
        },
    ),
    "without_bias": Answers(
        right=[lambda sizes, distances: fitted(lambda n: 1 / n)(sizes, distances), by_normal_equations],
        wrong={
            "a line in N": fitted(lambda n: n),
            "the slope": fitted(lambda n: 1 / n, entry=0),
            "the largest size": lambda sizes, distances: distances[-1],
            "the mean of all": lambda sizes, distances: distances.sum() / len(sizes),
            "a line in the root of 1/N": fitted(lambda n: 1 / n**0.5),
        },
    ),
    "wiener": Answers(
        right=[filtered, filtered_along_axes],
        wrong={
            "the mean forgotten": lambda *given: filtered(*given, mean=0, centre=lambda m: 0 * m),
            "the centre without alpha": lambda *given: filtered(*given, centre=lambda m: m),
            "alpha forgotten": lambda *given: filtered(*given, front=1),
            "alpha not squared": lambda *given: filtered(*given, squared=1),
            "sigma not squared": lambda *given: filtered(*given, noise=1),
            "the signal left": lambda x_t, m, C, alpha, sigma: alpha * filtered(x_t, m, C, alpha, sigma),
        },
    ),
    "bits_per_pixel": Answers(
        right=[stored, stored_by_probability],
        wrong={
            "the width the other way": lambda log_p, D, width: stored(log_p, D, 1 / width),
            "the width forgotten": lambda log_p, D, width: stored(log_p, D, 1),
            "one edge of the box": lambda log_p, D, width: stored(log_p, D, width, edges=1),
            "nats": lambda log_p, D, width: stored(log_p, D, width, base=math.e),
            "bits per picture": lambda log_p, D, width: stored(log_p, D, width, per=1),
            "the sign of a log-likelihood": lambda log_p, D, width: stored(log_p, D, width, sign=1),
        },
    ),
}
