"""Chapter 6: any path, any rule, any pairs, and as little training as you like."""

import math

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from classroom import plots
from classroom.labs import RULES, Knob, N, budget_axis, cloud, distance, lab
from lib.data import batches, two_moons_mixture
from lib.flow_matching import FlowMatching, paths
from lib.nets.mlp import MLPDenoiser
from lib.prediction import determinant
from lib.samplers import calls_a_step, sample, walk
from lib.seeding import randn, seeded
from lib.training import fit

PATHS = {path.label: path for path in paths()}
BUDGETS = (1, 2, 4, 8, 16, 32, 64)


class Paired(nn.Module):
    """A model whose loss takes the noise of a batch in the order that brings it nearest to the data: minibatch OT."""

    def __init__(self, model: FlowMatching):
        super().__init__()
        self.model, self.path = model, model.path

    def loss(self, x_data: Tensor, y=None, *, t=None, generator=None) -> Tensor:
        from scipy.optimize import linear_sum_assignment

        eps = randn(x_data.shape, like=x_data, generator=generator)
        order = linear_sum_assignment(torch.cdist(x_data, eps).square().numpy())[1]
        return self.model.loss(x_data, y, t=t, eps=eps[torch.from_numpy(order)], generator=generator)


def show() -> None:
    """Train a small flow on a path, with independent or optimally paired noise, and sample it with few calls."""
    knobs = {
        "path": Knob("path", tuple(PATHS), "straight"),
        "pairs": Knob("pairs", ("independent", "optimal"), "independent"),
        "rule": Knob("rule", tuple(RULES), "euler"),
        "calls": Knob("network calls", BUDGETS, 4),
        "steps": Knob("training steps", (100, 300, 1000, 3000), 1000),
    }
    lab(plot, knobs)


def target_on(path) -> str:
    """The velocity, where its determinant is neither 0 nor infinite at an end."""
    ends = [determinant("u", path.coeffs(t)) for t in (path.t_noise, path.t_data)]
    return "u" if all(math.isfinite(end) and end != 0 for end in ends) else "v"


def plot(path: str, pairs: str, rule: str, calls: int, steps: int) -> None:
    """A sample with some of its trajectories, and the distance at every budget that the rule can spend."""
    mixture, start = two_moons_mixture(), randn((N, 2), generator=seeded(3))
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the initial weights
        model = FlowMatching(MLPDenoiser(width=64, t_scale=1000), PATHS[path], target_on(PATHS[path]))
    stream = batches(mixture.sample(20_000, generator=seeded(0))[0], size=128, generator=seeded(1))
    student = Paired(model) if pairs == "optimal" else model
    for _ in fit(student, stream, steps, lr=1e-2, stratified=True, generator=seeded(2)):
        pass

    x = sample(model, start, calls, RULES[rule], generator=seeded(4))
    grid = model.path.grid(calls // calls_a_step(RULES[rule]))
    trail = torch.stack([state.x[:40] for state in walk(model, start, grid, RULES[rule], generator=seeded(4))])
    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    cloud(left, x, plots.ROLES["learned"], f"{rule}, {calls} calls: {distance(x, mixture):.2f}")
    left.plot(trail[..., 0], trail[..., 1], color=plots.INK, linewidth=0.6)
    budgets = [k for k in BUDGETS if k % calls_a_step(RULES[rule]) == 0]
    distances = [distance(sample(model, start, k, RULES[rule], generator=seeded(4)), mixture) for k in budgets]
    right.plot(budgets, distances, label=rule, **plots.style_of(rule)._asdict())
    budget_axis(right, mixture, BUDGETS, ylim=(0.02, 2))
    right.set_title(f"{path} path, {pairs} pairs, {steps} steps of training", fontsize=9)
    plt.show()
