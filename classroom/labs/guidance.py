"""Chapter 11: broader moons, and what guidance samples there, against the tilted and the conditional distribution."""

import math

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, cloud, lab
from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, linear_betas
from lib.flow_matching import LinearPath
from lib.guidance import Guided
from lib.metrics import noise_floor, sliced_wasserstein
from lib.mixture import CLEAN, GaussianMixture
from lib.oracle import Oracle
from lib.samplers import ancestral, ddim, sample
from lib.seeding import rand, randn, seeded

N, CALLS = 400, 25
WEIGHTS = (1.0, 1.5, 2.0, 3.0, 5.0)
RULES = {"ddim": (ddim, LinearPath()), "ancestral": (ancestral, DiscreteSchedule(linear_betas(1000)))}
BANDS = {"everywhere": None, "above 1": (1, math.inf), "below 1": (0, 1), "0.3 to 1": (0.3, 1)}


def moons(noise: float) -> GaussianMixture:
    """The book's centres with another standard deviation around them, in the book's units."""
    book = two_moons_mixture()
    return GaussianMixture(book.weights, book.means, torch.full_like(book.means, noise**2), book.labels)


def exact(mixture: GaussianMixture, n: int, weight: float, generator) -> torch.Tensor:
    """n samples of p(x) p(0 | x)^weight, weight >= 1: draws of class 0, accepted with p(0 | x)^(weight - 1)."""
    kept = torch.zeros(0, 2)
    while len(kept) < n:
        x, y = mixture.sample(8 * n, generator=generator)
        belief = 0.5 * (mixture.log_prob(x, CLEAN, torch.zeros_like(y)) - mixture.log_prob(x)).exp()
        kept = torch.cat([kept, x[(y == 0) & (rand(len(x), generator=generator) < belief ** (weight - 1))]])
    return kept[:n]


def show() -> None:
    """Guidance towards one of two moons that may overlap."""
    knobs = {
        "noise": Knob("width of the moons", (0.08, 0.15, 0.3, 0.5, 0.8), 0.5),
        "weight": Knob("guidance weight w", WEIGHTS, 3.0),
        "rule": Knob("rule", tuple(RULES), "ddim"),
        "band": Knob("guide at σ/α", tuple(BANDS), "everywhere"),
        "worse": Knob("away from", ("no label", "a blurred oracle"), "no label"),
    }
    lab(plot, knobs)


def plot(noise: float, weight: float, rule: str, band: str, worse: str) -> None:
    """Guided samples over tilted ones, and the distance to either distribution by weight."""
    mixture, (step, path) = moons(noise), RULES[rule]
    strong = Oracle(mixture, path)
    weak = None if worse == "no label" else Oracle(moons(math.hypot(noise, 0.3)), path)
    start, asked = randn((N, 2), generator=seeded(3)), torch.zeros(N, dtype=torch.long)
    wanted = {w: exact(mixture, 4 * N, w, seeded(1)) for w in WEIGHTS}
    guided = {}
    for w in WEIGHTS:
        model = Guided(strong, w, BANDS[band], weak=weak)
        guided[w] = sample(model, start, CALLS, step, asked, generator=seeded(2))

    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), width_ratios=(1, 1.2))
    share = sliced_wasserstein(guided[weight], wanted[weight])
    cloud(left, wanted[weight], plots.ROLES["floor"], f"w = {weight:g}: {share:.2f} from the tilted distribution")
    left.scatter(*guided[weight].T, s=3, color=plots.ROLES["data"], linewidths=0)
    left.legend(
        left.collections, ("tilted distribution", "guided samples"), fontsize=8, loc="lower center", markerscale=3
    )
    left.set(xlim=(-2.4 - 2 * noise, 2.4 + 2 * noise), ylim=(-2.4 - 2 * noise, 2.4 + 2 * noise))
    for name, color, marker, target in (("tilted", "#D55E00", "D", None), ("conditional", "#009E73", "s", 1.0)):
        distance = [sliced_wasserstein(guided[w], wanted[target or w]) for w in WEIGHTS]
        right.plot(WEIGHTS, distance, color=color, marker=marker, label=f"to the {name} one")
    mean, sd = noise_floor(sliced_wasserstein, lambda n, g: exact(mixture, n, 1.0, g), N, m=4 * N, repeats=10)
    right.axhspan(mean - sd, mean + sd, color=plots.ROLES["floor"], alpha=0.25, linewidth=0, label="floor")
    right.set(xlabel="guidance weight w", ylim=(0, None), xticks=WEIGHTS, xticklabels=WEIGHTS)
    right.set_title("distance of the guided samples", fontsize=9)
    right.legend(fontsize=8)
    plt.show()
