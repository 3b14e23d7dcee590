"""Chapter 3: how large an error, in which target, at which end, and for how many calls?"""

import math

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, N, budget_axis, cloud, distance, lab
from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, linear_betas
from lib.oracle import Oracle
from lib.prediction import make_target, solve
from lib.samplers import ddim, sample
from lib.seeding import randn, seeded

CALLS = (1, 2, 3, 5, 10, 20, 50)
LOOKS = {  # as in the chapter: u has the velocity's colour, so v has its own
    "eps": (plots.ROLES["noise"], "s", "--"),
    "x0": (plots.ROLES["data"], "o", "-"),
    "v": ("#7A4FC9", "^", "-."),
}
SAID = {"eps": r"$\varepsilon$", "x0": "$x_0$", "v": "$v$", "exact": "exact"}
WHERE = {
    "the noisy half": lambda c: c.alpha < c.sigma,
    "the clean half": lambda c: c.alpha >= c.sigma,
    "everywhere": lambda c: True,
}


class Perturbed(Oracle):
    """The oracle, whose answer in one target is off by waves of root mean square `size` at some noise levels."""

    def __init__(self, oracle: Oracle, target: str, size: float, where: str):
        super().__init__(oracle.mixture, oracle.path)
        self.target, self.size, self.active = target, size, WHERE[where]

    def estimate(self, x_t, t, y=None):
        exact, c = super().estimate(x_t, t, y), self.path.coeffs(t, like=x_t)
        if not self.active(c):
            return exact
        waves = math.sqrt(2) * torch.stack([torch.sin(3 * x_t[:, 1] + 1), torch.sin(3 * x_t[:, 0] + 2)], -1)
        return solve(self.target, make_target(self.target, *exact, c) + self.size * waves, x_t, c)


def show() -> None:
    """An error in the answer, and what DDIM makes of it at every budget."""
    knobs = {
        "target": Knob("the net outputs", tuple(LOOKS), "eps"),
        "size": Knob("size of its error", (0.0, 0.01, 0.03, 0.1, 0.3), 0.1),
        "where": Knob("error made on", tuple(WHERE), "the noisy half"),
        "calls": Knob("network calls", CALLS, 2),
    }
    lab(plot, knobs)


def plot(target: str, size: float, where: str, calls: int) -> None:
    """A sample of the perturbed oracle, and the distance at every budget for all three targets."""
    oracle = Oracle(two_moons_mixture(), DiscreteSchedule(linear_betas(1000)))
    start = randn((N, 2), generator=seeded(3))
    models = {name: Perturbed(oracle, name, size, where) for name in LOOKS}
    x = sample(models[target], start, calls, ddim)

    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    cloud(left, x, LOOKS[target][0], f"{SAID[target]}, {calls} calls: {distance(x, oracle.mixture):.2f}")
    for name, model in {"exact": oracle, **models}.items():
        color, marker, dash = LOOKS.get(name, (plots.ROLES["oracle"], "x", ":"))
        curve = [distance(sample(model, start, k, ddim), oracle.mixture) for k in CALLS]
        right.plot(CALLS, curve, color=color, marker=marker, linestyle=dash, label=SAID[name])
    budget_axis(right, oracle.mixture, CALLS)
    plt.show()
