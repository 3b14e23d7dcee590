"""The K-budget grid: one task, many samplers, many budgets.

Every cell starts from the same noise and is compared with the same reference sample, so that cells of one seed differ by the
method alone. Repeated over seeds this gives a mean and a standard deviation, to be read beside the floor: the same distance
between a perfect sample and the reference.

    K  steps of the grid;     network calls = K * calls_a_step(rule)
"""

from collections.abc import Iterable
from functools import partial

import torch

from lib.data import two_moons, two_moons_mixture
from lib.diffusion import DiscreteSchedule, cosine_betas, linear_betas
from lib.flow_matching import LinearPath
from lib.metrics import Spread, noise_floor, sliced_wasserstein, spread
from lib.oracle import Oracle
from lib.prediction import Model
from lib.samplers import Rule, ancestral, calls_a_step, ddim, dpmpp_2m, euler, heun, rk4, sample
from lib.seeding import randn, seeded

STEPS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
REFERENCE = 4  # the reference sample has so many times the points of the sample it judges


def oracle_methods() -> dict[str, tuple[Model, Rule]]:
    """The eight samplers of the grid, each with the exact answer for two moons in the place of a network."""
    mixture = two_moons_mixture()
    linear = Oracle(mixture, DiscreteSchedule(linear_betas(1000)))
    cosine = Oracle(mixture, DiscreteSchedule(cosine_betas(1000)))
    flow = Oracle(mixture, LinearPath())
    return {
        "DDPM beta": (linear, partial(ancestral, variance="beta")),
        "DDPM beta-tilde": (linear, ancestral),
        "DDIM linear": (linear, ddim),
        "DDIM cosine": (cosine, ddim),
        "DPM-Solver++ 2M": (linear, dpmpp_2m),
        "flow Euler": (flow, euler),
        "flow Heun": (flow, heun),
        "flow RK4": (flow, rk4),
    }


def k_table(
    methods: dict[str, tuple[Model, Rule]], steps: Iterable[int] = STEPS, *, n: int = 1000, seeds: int = 3
) -> dict[str, dict[int, Spread]]:
    """Sliced Wasserstein distance of n samples to REFERENCE * n perfect ones: {method: {K: mean and sd over seeds}}."""
    start = torch.cat([randn((n, 2), generator=seeded(100 + i)) for i in range(seeds)])
    references = [two_moons(REFERENCE * n, generator=seeded(200 + i))[0] for i in range(seeds)]
    table = {}
    for name, (model, rule) in methods.items():
        table[name] = {}
        for k in steps:
            end = sample(model, start, k * calls_a_step(rule), rule, generator=seeded(300))
            clouds = zip(end.split(n), references, strict=True)
            table[name][k] = spread([sliced_wasserstein(x, reference) for x, reference in clouds])
    return table


def k_table_floor(n: int = 1000, repeats: int = 100) -> Spread:
    """What a perfect sampler scores in the same grid: mean and sd of independent samples."""

    def draw(m, generator):
        return two_moons(m, generator=generator)[0]

    return noise_floor(sliced_wasserstein, draw, n, m=REFERENCE * n, repeats=repeats)
