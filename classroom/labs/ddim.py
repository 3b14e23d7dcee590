"""Chapter 5: schedule, spacing, noise and a model that is wrong by as much as you like."""

from functools import partial

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, N, budget_axis, cloud, distance, lab
from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, cosine_betas, linear_betas
from lib.grids import leading_grid, quadratic_grid, trailing_grid
from lib.oracle import Oracle
from lib.prediction import Estimate, solve
from lib.samplers import ddim, sample
from lib.seeding import randn, seeded

CALLS = (5, 10, 20, 50, 100)
PATHS = {"linear": DiscreteSchedule(linear_betas(1000)), "cosine": DiscreteSchedule(cosine_betas(1000))}
GRIDS = {"trailing": trailing_grid, "leading": leading_grid, "quadratic": quadratic_grid}


class Off(Oracle):
    """The oracle with an error of a given size in its eps, a smooth field; x0 follows, as it does for a net that predicts eps."""

    size = 0.0

    def estimate(self, x_t, t, y=None) -> Estimate:
        error = torch.stack([(2 * x_t[:, 1]).sin(), (2 * x_t[:, 0]).cos()], -1)
        eps = super().estimate(x_t, t, y).eps + self.size * error
        return solve("eps", eps, x_t, self.path.coeffs(t, like=x_t))


def show() -> None:
    """A model that is a little wrong, and every way to sample it."""
    knobs = {
        "schedule": Knob("schedule", tuple(PATHS), "cosine"),
        "spacing": Knob("spacing", tuple(GRIDS), "trailing"),
        "eta": Knob("η", (0.0, 0.1, 0.25, 0.5, 0.75, 1.0), 0.0),
        "calls": Knob("network calls", CALLS, 20),
        "error": Knob("error of eps", (0.0, 0.001, 0.01, 0.03, 0.1, 0.3), 0.01),
    }
    lab(plot, knobs)


def plot(schedule: str, spacing: str, eta: float, calls: int, error: float) -> None:
    """A sample, and the distance at every budget beside no noise, all of it, and the floor."""
    mixture = two_moons_mixture()
    model, start = Off(mixture, PATHS[schedule]), randn((N, 2), generator=seeded(3))
    model.size = error

    def run(k, eta):
        grid = GRIDS[spacing](1000, k)
        return sample(model, start, k, partial(ddim, eta=eta), grid=grid, generator=seeded(1))

    x = run(calls, eta)
    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    cloud(left, x, plots.ROLES["learned"], f"η = {eta:g}, {calls} calls: {distance(x, mixture):.2f}")
    styles = {0.0: plots.RULES["ddim"], 1.0: plots.RULES["ancestral"]}
    between = plots.RuleStyle(plots.ROLES["noisy"], "o", "-")
    for value in dict.fromkeys((0.0, eta, 1.0)):
        curve = [distance(run(k, value), mixture) for k in CALLS]
        right.plot(CALLS, curve, label=f"η = {value:g}", **styles.get(value, between)._asdict())
    budget_axis(right, mixture, CALLS)
    plt.show()
