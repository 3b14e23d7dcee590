"""Labs: a chapter's question, run again in Python with your own settings. They need a kernel that somebody is using.

    labs.schedules()

In a live notebook this shows sliders and menus above a figure, which is drawn anew when a control is released. Without one
(the book, `make notebooks`, nbval) it draws the figure at the starting settings, and says what it would do live.

A lab is a function `draw` with plain arguments and a Knob for each of them, handed to `lab`. Only what ipywidgets 7.7 (Colab)
and 8 have in common is used. Which of the two cases it is, `live` tells; the environment variable KNOB_LABS overrules it.
"""

import math
import os
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from lib import plots
from lib.data import batches, two_moons_mixture
from lib.diffusion import DDPM, DiscreteSchedule, cosine_betas, linear_betas, scaled_linear_betas, zero_terminal_snr
from lib.flow_matching import CosinePath, FlowMatching, LinearPath, VPPath
from lib.metrics import Spread, noise_floor, sliced_wasserstein
from lib.mixture import GaussianMixture
from lib.mlp import MLPDenoiser
from lib.oracle import Oracle
from lib.samplers import ancestral, calls_a_step, ddim, dpmpp_2m, euler, heun, rk4, sample, walk
from lib.seeding import randn, seeded
from lib.training import fit

# Jupyter's server sets the first for the kernel of a notebook that is open; nbclient and nbval, which run notebooks for
# nobody, do not. Colab and the notebooks of VS Code have a mark of their own.
FRONT_ENDS = ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG", "VSCODE_PID")


class Knob(NamedTuple):
    """One control: a slider over numbers or a menu of words, and where it starts."""

    label: str
    choices: tuple[float, ...] | tuple[str, ...]
    start: float | str


def live() -> bool:
    """Whether somebody can move a control. KNOB_LABS = "live" or "static" decides; unset, the marks of FRONT_ENDS do."""
    switch = os.environ.get("KNOB_LABS")
    if switch not in (None, "live", "static"):
        raise ValueError(f'The environment variable KNOB_LABS must be "live" or "static", got {switch!r}.')
    return switch == "live" if switch else any(mark in os.environ for mark in FRONT_ENDS)


def lab(draw: Callable[..., None], knobs: dict[str, Knob], does: str) -> None:
    """Show draw(**values) under a control for each knob; statically, draw the start and print the sentence `does`.

    `draw` ends with plt.show(). A setting that the library refuses (ValueError) shows the library's reason.
    """
    if not live():
        draw(**{name: knob.start for name, knob in knobs.items()})
        print(textwrap.fill(f"Lab, as it starts. In a live notebook {does}", 88))  # the width of the page
        return
    from IPython.display import display
    from ipywidgets import HBox, Label, VBox, interactive_output

    controls, status = {name: _control(knob) for name, knob in knobs.items()}, Label()

    def run(**values):
        status.value = "running ..."
        try:
            draw(**values)
        except ValueError as refusal:
            print(f"Not possible. {refusal}")
        finally:
            status.value = ""

    rows = HBox(list(controls.values()), layout={"flex_flow": "row wrap"})
    display(VBox([rows, status, interactive_output(run, controls)]))


def _control(knob: Knob):
    """A menu for words, a slider for numbers: it reports when it is released, so that no work is done on the way."""
    from ipywidgets import Dropdown, SelectionSlider

    look = {"description": knob.label, "style": {"description_width": "11em"}, "layout": {"width": "24em"}}
    if isinstance(knob.start, str):
        return Dropdown(options=knob.choices, value=knob.start, **look)
    options = [(f"{number:g}", number) for number in knob.choices]
    return SelectionSlider(options=options, value=knob.start, continuous_update=False, **look)


# --- what the labs below share -----------------------------------------------------------------------------------------

N = 2000  # points of a sample; a reference has four times as many
BUDGETS = (4, 8, 12, 20, 40, 80)  # network calls that every rule can spend without a rest


def score(x: Tensor, mixture: GaussianMixture) -> float:
    """Sliced Wasserstein distance of x (N, 2) to a fixed sample of the mixture."""
    return sliced_wasserstein(x, mixture.sample(4 * N, generator=seeded(1))[0])


def floor(mixture: GaussianMixture) -> Spread:
    """What a perfect sample of N points scores."""
    return noise_floor(sliced_wasserstein, lambda n, g: mixture.sample(n, generator=g)[0], N, m=4 * N, repeats=10)


def cloud(ax, x: Tensor, color: str, title: str) -> None:
    """A bare square panel with the points x (N, 2)."""
    ax.scatter(*x.T, s=2, color=color, linewidths=0)
    ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)
    ax.spines[:].set_visible(False)


# --- chapter 1: train again, on other moons ----------------------------------------------------------------------------


def moons() -> None:
    """Train a small net on moons of another width or scale, and compare it with the exact answers."""
    knobs = {
        "method": Knob("method", ("flow matching", "DDPM"), "flow matching"),
        "width": Knob("noise of the moons", (0.02, 0.04, 0.07, 0.15, 0.3), 0.07),
        "scale": Knob("data multiplied by", (0.1, 0.5, 1.0, 4.0, 10.0, 64.0), 1.0),
        "steps": Knob("training steps", (100, 300, 600, 1500, 3000), 1500),
    }
    lab(draw_moons, knobs, "you choose noise, scale, method and training, and a net is trained anew for each choice.")


def draw_moons(method: str, width: float, scale: float, steps: int) -> None:
    """Posterior means and samples of a freshly trained net beside the oracle's; all in standardised units."""
    raw = two_moons_mixture(standardize=False)
    raw = GaussianMixture(raw.weights, raw.means, torch.full_like(raw.means, width**2), raw.labels)
    mixture = raw.rescaled(raw.mean, raw.variance.sqrt())
    world = mixture.rescaled(torch.zeros(2), torch.full((2,), 1 / scale))  # what the net gets to see

    with torch.random.fork_rng():
        torch.manual_seed(0)  # the initial weights
        net = MLPDenoiser(width=64, t_scale=1 if method == "DDPM" else 1000)
    model, rule = (DDPM(net), ddim) if method == "DDPM" else (FlowMatching(net), euler)
    stream = batches(world.sample(4000, generator=seeded(0))[0], size=256, generator=seeded(1))
    for _ in fit(model, stream, steps, lr=2e-3, stratified=True, generator=seeded(2)):
        pass
    oracle, start = Oracle(world, model.path), randn((N, 2), generator=seeded(3))

    # The time at which signal and noise are equally strong, on data of this scale.
    times = model.path.grid(1000)[1:-1]
    t = times[(model.path.log_snr(times) + 2 * math.log(scale)).abs().argmin()].expand(N)
    x_t = model.path.coeffs(t, like=start).add_noise(world.sample(N, generator=seeded(4))[0], start)
    with torch.no_grad():
        learned, exact = (m.estimate(x_t, t.to(x_t) if method != "DDPM" else t).x0 / scale for m in (model, oracle))
    off = (learned - exact).square().mean().sqrt().item()

    _, (means, trained, perfect) = plt.subplots(1, 3, figsize=(plots.WIDTH, 2.6))
    cloud(means, exact[:300], plots.ROLES["oracle"], f"posterior means: off by {off:.2f}")
    means.plot(*torch.stack([exact, learned])[:, :300].movedim(-1, 0), color=plots.ROLES["learned"], linewidth=0.8)
    x, best = (sample(m, start, 50, rule) / scale for m in (model, oracle))
    cloud(trained, x, plots.ROLES["learned"], f"trained net, 50 calls: {score(x, mixture):.2f}")
    cloud(perfect, best, plots.ROLES["oracle"], f"oracle: {score(best, mixture):.2f}, floor {floor(mixture).mean:.2f}")
    plt.show()


# --- chapter 2: any schedule -------------------------------------------------------------------------------------------


def schedules() -> None:
    """Build a schedule, and see its curve, its tail, its end, and a sample of few calls."""
    knobs = {
        "name": Knob("schedule", ("linear", "scaled linear", "cosine"), "linear"),
        "T": Knob("steps T", (10, 20, 50, 100, 200, 500, 1000), 1000),
        "first": Knob("first beta", (1e-5, 1e-4, 0.00085, 0.003), 1e-4),
        "last": Knob("last beta", (0.005, 0.0075, 0.012, 0.02, 0.03, 0.04), 0.02),
        "rescale": Knob("linear betas", ("times 1000/T", "as they are"), "times 1000/T"),
        "s": Knob("offset s of cosine", (0.0, 0.008, 0.08, 0.2), 0.008),
        "end": Knob("end", ("as it is", "zero terminal SNR"), "as it is"),
        "calls": Knob("network calls K", (3, 5, 10, 20, 50, 100), 5),
    }
    lab(
        draw_schedule, knobs, "you build any schedule, and the oracle samples along it with as many calls as you allow."
    )


def draw_schedule(name: str, T: int, first: float, last: float, rescale: str, s: float, end: str, calls: int) -> None:
    """alpha-bar with its flat tail, the log-SNR with the K stops of a sampler, and what the oracle makes of them."""
    if name == "cosine":
        betas = cosine_betas(T, s)
    elif name == "linear":
        betas = linear_betas(T, first, last, rescale=rescale == "times 1000/T")
    else:
        betas = scaled_linear_betas(T, first, last)
    path = DiscreteSchedule(zero_terminal_snr(betas) if end == "zero terminal SNR" else betas)
    mixture, t, stops = two_moons_mixture(), torch.arange(T), path.grid(calls)[:-1]
    x = sample(Oracle(mixture, path), randn((N, 2), generator=seeded(3)), calls, ddim)
    style, tail = plots.SCHEDULES[name], path.alpha_bars < 0.01

    _, (left, middle, right) = plt.subplots(1, 3, figsize=(plots.WIDTH, 2.7), width_ratios=(1, 1, 1.1))
    left.plot(t + 1, path.alpha_bars, color=style.color, linestyle=style.linestyle)
    left.fill_between(t + 1, 0, 1, where=tail, color=plots.INK, alpha=0.2, linewidth=0)
    left.set(xlabel="step t", ylim=(0, 1.02))
    left.set_title(rf"$\bar\alpha$ ends at {path.alpha_bars[-1]:.1e}, {tail.double().mean():.0%} tail", fontsize=9)
    log_snr = path.log_snr(t).clamp_min(-20)  # at a zero terminal SNR it is minus infinity
    middle.plot(t + 1, log_snr, color=style.color, linestyle=style.linestyle)
    middle.plot(stops + 1, log_snr[stops], style.marker, color=plots.ROLES["noisy"])
    middle.set(xlabel="step t", ylim=(-21, 13))
    middle.set_title(f"log-SNR, {calls} stops", fontsize=9)
    cloud(right, x, plots.ROLES["oracle"], f"{calls} calls: {score(x, mixture):.2f}, floor {floor(mixture).mean:.2f}")
    plt.show()


# --- chapter 7: other data, any rule, any path -------------------------------------------------------------------------

PATHS = {
    "straight": LinearPath(),
    "cosine": CosinePath(),
    "VP": VPPath(),
    "DDPM linear": DiscreteSchedule(linear_betas(1000)),
    "DDPM cosine": DiscreteSchedule(cosine_betas(1000)),
}
RULES = {rule.__name__: rule for rule in (euler, heun, rk4, ddim, ancestral, dpmpp_2m)}


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


def solvers() -> None:
    """Any rule on any path, on data as narrow or as broad as you like."""
    knobs = {
        "data": Knob("data", ("eight Gaussians", "two moons", "25 Gaussians"), "eight Gaussians"),
        "width": Knob("width of a detail", (0.02, 0.05, 0.1, 0.2, 0.4), 0.1),
        "path": Knob("path", tuple(PATHS), "straight"),
        "rule": Knob("rule", tuple(RULES), "rk4"),
        "calls": Knob("network calls", BUDGETS, 4),
    }
    lab(draw_solver, knobs, "you choose data, path, rule and budget, and the oracle of that data is sampled anew.")


def draw_solver(data: str, width: float, path: str, rule: str, calls: int) -> None:
    """A sample with some of its trajectories, and the distance at every budget beside DDIM's and the floor."""
    mixture = details(data, width)
    model, start = Oracle(mixture, PATHS[path]), randn((N, 2), generator=seeded(3))

    def distances(rule):
        return [score(sample(model, start, k, rule, generator=seeded(1)), mixture) for k in BUDGETS]

    curves = {name: distances(RULES[name]) for name in dict.fromkeys(("ddim", rule))}
    x = sample(model, start, calls, RULES[rule], generator=seeded(1))
    trail = walk(model, start, model.path.grid(calls // calls_a_step(RULES[rule])), RULES[rule], generator=seeded(1))
    trail = torch.stack([state.x[:24] for state in trail])

    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    cloud(left, x, plots.ROLES["data"], f"{rule}, {calls} calls: {score(x, mixture):.2f}")
    left.plot(trail[..., 0], trail[..., 1], color=plots.INK, linewidth=0.6)
    for name, curve in curves.items():
        right.plot(BUDGETS, curve, label=name, **plots.RULES[name]._asdict())
    mean, sd = floor(mixture)
    right.axhspan(mean - sd, mean + sd, color=plots.ROLES["floor"], alpha=0.25, linewidth=0, label="floor")
    right.set(xscale="log", yscale="log", xlabel="network calls", ylim=(0.02, 2))
    right.set_title("sliced Wasserstein distance", fontsize=9)
    right.set_xticks(BUDGETS, BUDGETS)
    right.set_yticks((0.03, 0.1, 0.3, 1), (0.03, 0.1, 0.3, 1))
    right.minorticks_off()
    right.legend()
    plt.show()
