"""Chapter 4: which data wants which variance?"""

import math
from functools import partial

import matplotlib.pyplot as plt
import torch

from lib import plots
from lib.data import batches, two_moons_mixture
from lib.diffusion import DDPM, DiscreteSchedule, cosine_betas, linear_betas
from lib.labs import Knob, N, cloud, floor, lab, score
from lib.mixture import GaussianMixture
from lib.mlp import MLPDenoiser
from lib.oracle import Oracle
from lib.samplers import ancestral, sample, transition_variance, walk
from lib.seeding import randn, seeded
from lib.training import fit

BUDGETS = (3, 5, 10, 20, 50)
SCHEDULES = {"linear": linear_betas, "linear, unscaled": partial(linear_betas, rescale=False), "cosine": cosine_betas}


def show() -> None:
    """DDPM with both variances, on moons of any thickness."""
    knobs = {
        "width": Knob("noise of the moons", (0.005, 0.02, 0.07, 0.2, 0.5, 2.0), 0.07),
        "betas": Knob("betas", tuple(SCHEDULES), "linear"),
        "T": Knob("steps T", (50, 100, 200, 1000), 1000),
        "calls": Knob("network calls", BUDGETS, 10),
        "last": Knob("noise in last step", ("no", "yes"), "no"),
        "answers": Knob("answers from", ("oracle", "a net, uniform t", "a net, t of the bound"), "oracle"),
    }
    lab(draw, knobs, "you choose data, schedule, budget and last step, and both variances are sampled anew.")


class TimesOfTheBound(DDPM):
    """A DDPM that practises each step as often as the bound (with variance beta) weighs it."""

    def loss(self, x_data, y=None, *, t=None, eps=None, generator=None):
        weight = self.path.betas / ((1 - self.path.betas) * (1 - self.path.alpha_bars))
        t = torch.searchsorted(weight.cumsum(0) / weight.sum(), (t + 0.5) / self.path.T)
        return super().loss(x_data, y, t=t, eps=eps, generator=generator)


def noisy_end(step, variance):
    """`ancestral`, which also adds the noise of the last step: none with beta-tilde, whose last variance is 0."""
    x = ancestral(step, variance)
    if step.c_s.sigma > 0 or variance != "beta":
        return x
    return x + math.sqrt(transition_variance(step.c_t, step.c_s)) * step.noise()


def draw(width: float, betas: str, T: int, calls: int, last: str, answers: str) -> None:
    """Samples with variance beta and five ways from one start; beside it the distance of both variances by budget."""
    raw = two_moons_mixture(standardize=False)
    raw = GaussianMixture(raw.weights, raw.means, torch.full_like(raw.means, width**2), raw.labels)
    mixture = raw.rescaled(raw.mean, raw.variance.sqrt())
    model = Oracle(mixture, DiscreteSchedule(SCHEDULES[betas](T)))
    if answers != "oracle":
        with torch.random.fork_rng():
            torch.manual_seed(0)  # the initial weights
            kind = DDPM if "uniform" in answers else TimesOfTheBound
            model = kind(MLPDenoiser(width=64), model.path.betas)
        stream = batches(mixture.sample(20_000, generator=seeded(0))[0], size=256, generator=seeded(1))
        for _ in fit(model, stream, 1500, lr=1e-2, stratified=True, generator=seeded(2)):
            pass
    rule, start = noisy_end if last == "yes" else ancestral, randn((N, 2), generator=seeded(3))
    rules = {v: partial(rule, variance=v) for v in ("beta", "beta_tilde")}
    fan = walk(model, start[:1].expand(5, 2), model.path.grid(calls), rules["beta"], generator=seeded(4))
    fan = torch.stack([state.x for state in fan])
    x = sample(model, start, calls, rules["beta"], generator=seeded(5))

    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    cloud(left, x, plots.ROLES["data"], rf"variance $\beta$, {calls} calls: {score(x, mixture):.2f}")
    left.plot(fan[..., 0], fan[..., 1], color=plots.INK, linewidth=0.7)
    for (name, bound), style in zip(rules.items(), ("ancestral_beta", "ancestral")):
        curve = [score(sample(model, start, k, bound, generator=seeded(5)), mixture) for k in BUDGETS]
        label = r"$\beta$" if name == "beta" else r"$\tilde\beta$"
        right.plot(BUDGETS, curve, label=label, **plots.RULES[style]._asdict())
    mean, sd = floor(mixture)
    right.axhspan(mean - sd, mean + sd, color=plots.ROLES["floor"], alpha=0.25, linewidth=0, label="floor")
    right.set(xscale="log", yscale="log", xlabel="network calls", ylim=(0.015, 1.5))
    right.set_title("sliced Wasserstein distance", fontsize=9)
    right.set_xticks(BUDGETS, BUDGETS)
    right.set_yticks((0.03, 0.1, 0.3, 1), (0.03, 0.1, 0.3, 1))
    right.minorticks_off()
    right.legend()
    plt.show()
