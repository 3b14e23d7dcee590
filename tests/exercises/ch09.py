"""Answers to the exercises of chapter 09."""

import math

import torch

from tests.exercises.answers import Answers


def normal_density(t, m, s, squared=True, jacobian=1):
    z = t.log() - (1 - t).log() - m
    exponent = z * z / (2 * s * s if squared else 2 * s)
    return torch.exp(-exponent) / math.sqrt(2 * math.pi) / s * (t - t * t) ** -jacobian


def density_by_autograd(t, m, s):
    t = t.double().requires_grad_(True)
    z = torch.logit(t)
    (slope,) = torch.autograd.grad(z.sum(), t)
    return torch.distributions.Normal(m, s).log_prob(z).exp() * slope


def density_by_transform(t, m, s):
    base = torch.distributions.Normal(torch.tensor(float(m)), torch.tensor(float(s)))
    q = torch.distributions.TransformedDistribution(base, [torch.distributions.SigmoidTransform()])
    return q.log_prob(t).exp()


def strata_by_loop(n, generator):
    t = [(i + torch.rand(1, generator=generator).item()) / n for i in range(n)]
    return torch.tensor(t)[torch.randperm(n, generator=generator)]


def strata_by_sorting(n, generator):
    order = torch.rand(n, generator=generator).argsort()
    return torch.rand(n, generator=generator).add(order).div(n)


def seeds_by_search(sd, gap):
    n = 1
    while gap < 2.8 * sd * math.sqrt(2 / n):
        n += 1
    return n


def search(sd, gap, errors=2.8, sides=2):
    n = 1
    while gap < errors * sd * math.sqrt(sides / n):
        n += 1
    return n


def warm_by_if(n, decay):
    plain = 1 - 1 / (n + 1)
    if plain > decay:
        return decay
    return plain


ANSWERS = {
    "ema_memory": Answers(
        right=[46049, 10_000 * math.log(100)],
        wrong={
            "one memory": 10_000,
            "a logarithm to base ten": 20_000,
            "as many memories as per cents": 1_000_000,
            "one in ten": 23_026,
        },
    ),
    "loss_floor": Answers(
        right=[
            lambda u: 2 - (u**2).sum() / u.numel(),
            lambda u: 2 - (u[:, 0].pow(2).mean() + u[:, 1].pow(2).mean()) / 2,
        ],
        wrong={
            "the sum over coordinates": lambda u: 2 * (2 - (u * u).mean()),
            "the 2 per coordinate, the square per sample": lambda u: 2 - u.norm(dim=1).square().mean(),
            "the floor of a noise target": lambda u: 1 - (u * u).mean(),
            "what can be known": lambda u: (u * u).mean(),
            "the mean taken before the square": lambda u: 2 - (u.mean(0) ** 2).sum() / 2,
        },
    ),
    "stratified_times": Answers(
        right=[strata_by_loop, strata_by_sorting],
        wrong={
            "independent times": lambda n, g: torch.rand((n,), generator=g),
            "a fixed grid": lambda n, g: torch.randperm(n, generator=g).float() / n,
            "one jitter for the batch": lambda n, g: (
                (torch.rand(1, generator=g) + torch.arange(n)[torch.randperm(n, generator=g)]) / n
            ),
            "sorted times": lambda n, g: torch.linspace(0, 1 - 1 / n, n) + torch.rand(n, generator=g) / n,
            "not divided by n": lambda n, g: n * strata_by_sorting(n, g),
        },
    ),
    "seeds_needed": Answers(
        right=[seeds_by_search, lambda sd, gap: -int(-2 * 2.8**2 * sd**2 / gap**2 // 1)],
        wrong={
            "one setting taken for exact": lambda sd, gap: search(sd, gap, sides=1),
            "seen in half of the cases": lambda sd, gap: search(sd, gap, errors=1.96),
            "the missing square": lambda sd, gap: math.ceil(5.6 * sd / gap),
            "rounded down": lambda sd, gap: int(15.68 * sd**2 / gap**2),
            "the variance for the deviation": lambda sd, gap: search(sd**2, gap),
        },
    ),
    "logit_normal_weight": Answers(
        right=[density_by_autograd, density_by_transform],
        wrong={
            "the missing derivative": lambda t, m, s: normal_density(t, m, s, jacobian=0),
            "the derivative upside down": lambda t, m, s: normal_density(t, m, s, jacobian=-1),
            "the weight that undoes it": lambda t, m, s: 1 / normal_density(t, m, s),
            "the square of s forgotten": lambda t, m, s: normal_density(t, m, s, squared=False),
            "not normalised": lambda t, m, s: torch.exp(-((t.logit() - m) ** 2) / 2 / s**2) / t / (1 - t),
        },
    ),
    "ema_warmup": Answers(
        right=[warm_by_if, lambda n, decay: 1 - max(1 - decay, 1 / (1 + n))],
        wrong={
            "no warm-up": lambda n, d: d,
            "the shares exchanged": lambda n, d: 1 / (n + 1) if 1 / (n + 1) < d else d,
            "the start not counted": lambda n, d: min(1 - 1 / n, d),
            "the larger of the two": lambda n, d: d if d > n / (n + 1) else n / (n + 1),
            "the plain mean for ever": lambda n, d: 1 - 1 / (n + 1),
        },
    ),
}
