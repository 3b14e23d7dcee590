"""Chapter 7: other data, any rule, any path."""

import math

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import RULES, Knob, N, budget_axis, cloud, distance, lab
from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, cosine_betas, linear_betas
from lib.flow_matching import paths
from lib.mixture import GaussianMixture
from lib.oracle import Oracle
from lib.samplers import calls_a_step, sample, walk
from lib.seeding import randn, seeded

BUDGETS = (4, 8, 12, 20, 40, 80)  # network calls that every rule can spend without a rest
PATHS = {
    **{path.label: path for path in paths()},
    "DDPM linear": DiscreteSchedule(linear_betas(1000)),
    "DDPM cosine": DiscreteSchedule(cosine_betas(1000)),
}


def details(data: str, width: float) -> GaussianMixture:
    """Round Gaussians of this width (standard deviation) on centres of variance 1, standardised afterwards."""
    if data == "two moons":
        centres = two_moons_mixture().means
    elif data == "eight Gaussians":
        angle = torch.arange(8, dtype=torch.float64) * math.pi / 4
        centres = torch.stack([angle.cos(), angle.sin()], -1)
    else:
        centres = torch.cartesian_prod(torch.arange(5.0), torch.arange(5.0)).double()
    centres = (centres - centres.mean(0)) / centres.std(0, correction=0)
    weights = torch.full((len(centres),), 1 / len(centres), dtype=torch.float64)
    mixture = GaussianMixture(weights, centres, torch.full_like(centres, width**2))
    return mixture.rescaled(mixture.mean, mixture.variance.sqrt())


def show() -> None:
    """Any rule on any path, on data as narrow or as broad as you like."""
    knobs = {
        "data": Knob("data", ("eight Gaussians", "two moons", "25 Gaussians"), "eight Gaussians"),
        "width": Knob("width of a detail", (0.02, 0.05, 0.1, 0.2, 0.4), 0.1),
        "path": Knob("path", tuple(PATHS), "straight"),
        "rule": Knob("rule", tuple(RULES), "rk4"),
        "calls": Knob("network calls", BUDGETS, 4),
    }
    lab(plot, knobs)


def plot(data: str, width: float, path: str, rule: str, calls: int) -> None:
    """A sample with some of its trajectories, and the distance at every budget beside DDIM's and the floor."""
    mixture = details(data, width)
    model, start = Oracle(mixture, PATHS[path]), randn((N, 2), generator=seeded(3))

    def distances(rule):
        return [distance(sample(model, start, k, rule, generator=seeded(1)), mixture) for k in BUDGETS]

    curves = {name: distances(RULES[name]) for name in dict.fromkeys(("ddim", rule))}
    x = sample(model, start, calls, RULES[rule], generator=seeded(1))
    trail = walk(model, start, model.path.grid(calls // calls_a_step(RULES[rule])), RULES[rule], generator=seeded(1))
    trail = torch.stack([state.x[:24] for state in trail])

    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    cloud(left, x, plots.ROLES["data"], f"{rule}, {calls} calls: {distance(x, mixture):.2f}")
    left.plot(trail[..., 0], trail[..., 1], color=plots.INK, linewidth=0.6)
    for name, curve in curves.items():
        right.plot(BUDGETS, curve, label=name, **plots.style_of(name)._asdict())
    budget_axis(right, mixture, BUDGETS, ylim=(0.02, 2))
    plt.show()
