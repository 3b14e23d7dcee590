"""Chapter 4: which data wants which variance?"""

import math
from functools import partial

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, N, budget_axis, cloud, distance, lab
from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, cosine_betas, linear_betas
from lib.mixture import GaussianMixture
from lib.oracle import Oracle
from lib.samplers import ancestral, sample, transition_variance, walk
from lib.seeding import randn, seeded

BUDGETS = (3, 5, 10, 20, 50)
SCHEDULES = {"linear": linear_betas, "linear, unscaled": partial(linear_betas, rescale=False), "cosine": cosine_betas}
CIRCLE = torch.arange(8, dtype=torch.float64) * math.pi / 4
CENTRES = {
    "two moons": two_moons_mixture().means,
    "eight spots": torch.stack([CIRCLE.cos(), CIRCLE.sin()], -1),
    "two spots": torch.tensor([[-1.0, -1.0], [1.0, 1.0]]),
}


def show() -> None:
    """The oracle of data between points and clouds, sampled with both variances."""
    knobs = {
        "data": Knob("data", tuple(CENTRES), "two moons"),
        "width": Knob("width of a detail", (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), 0.1),
        "betas": Knob("betas", tuple(SCHEDULES), "linear"),
        "T": Knob("steps T", (50, 100, 200, 1000), 1000),
        "calls": Knob("network calls", BUDGETS, 10),
        "last": Knob("noise in last step", ("no", "yes"), "no"),
    }
    lab(plot, knobs)


def noisy_end(step, variance):
    """`ancestral`, which also adds the noise of the last step: none with beta-tilde, whose last variance is 0."""
    x = ancestral(step, variance)
    if step.c_s.sigma > 0 or variance != "beta":
        return x
    return x + math.sqrt(transition_variance(step.c_t, step.c_s)) * step.noise()


def plot(data: str, width: float, betas: str, T: int, calls: int, last: str) -> None:
    """Samples with variance beta and one way to a sample; beside it the distance of both variances by budget."""
    centres = CENTRES[data]
    mixture = GaussianMixture([1 / len(centres)] * len(centres), centres, torch.full_like(centres, width**2))
    mixture = mixture.rescaled(mixture.mean, mixture.variance.sqrt())
    model, start = Oracle(mixture, DiscreteSchedule(SCHEDULES[betas](T))), randn((N, 2), generator=seeded(3))
    rules = {v: partial(noisy_end if last == "yes" else ancestral, variance=v) for v in ("beta", "beta_tilde")}
    one = walk(model, start[:1], model.path.grid(calls), rules["beta"], generator=seeded(4))
    one = torch.cat([state.x for state in one])
    x = sample(model, start, calls, rules["beta"], generator=seeded(5))

    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    cloud(left, x, plots.ROLES["data"], rf"variance $\beta$, {calls} calls: {distance(x, mixture):.2f}")
    left.plot(*one.T, color=plots.INK, linewidth=0.9)
    for (name, rule), style in zip(rules.items(), ("ancestral_beta", "ancestral")):
        curve = [distance(sample(model, start, k, rule, generator=seeded(5)), mixture) for k in BUDGETS]
        label = r"$\beta$" if name == "beta" else r"$\tilde\beta$"
        right.plot(BUDGETS, curve, label=label, **plots.RULES[style]._asdict())
    budget_axis(right, mixture, BUDGETS, ylim=(0.015, 1.5))
    plt.show()
