"""Draw book/pictures/NN.png, the picture of each chapter on the front page, all with the exact oracle or shipped nets.

python -m tools.site.chapter_pictures [NN ...]
"""

import io
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from PIL import Image
from scipy.optimize import linear_sum_assignment

from classroom.plots import ROLES, RULES, SCHEDULES, use_book_style
from lib import (
    Coeffs,
    DiscreteSchedule,
    EmpiricalOracle,
    Guided,
    LinearPath,
    Oracle,
    SinusoidalTimeEmbedding,
    ancestral,
    cosine_betas,
    ddim,
    euler,
    heun,
    linear_betas,
    load_autoencoder,
    randn,
    sample,
    scaled_linear_betas,
    seeded,
    two_moons,
    two_moons_mixture,
    walk,
)
from lib.flow_map import flow
from lib.nets.dit import patchify
from lib.trained.config import DATA
from lib.trained.sampling import Sampling, pictures, source
from lib.trained.shipped import RESULTS

TARGET = Path(__file__).parents[2] / "book" / "pictures"
SIZE = (2.4, 1.5)  # inches, of 200 pixels
COLOURS = 48  # of a picture: half the bytes, and nobody sees it
X, Y = 3.36, 2.1  # half of what a picture of the plane shows
MOONS = two_moons_mixture()
FLOW = Oracle(MOONS, LinearPath())


def dots(ax: Axes, x, color: str, size: float = 1.5, alpha: float = 0.8) -> None:
    """Points of the plane."""
    ax.scatter(*np.asarray(x).T, s=size, color=color, alpha=alpha, linewidths=0)


def plane(ax: Axes) -> None:
    """The part of the plane that every picture of points shows."""
    ax.set(xlim=(-X, X), ylim=(-Y, Y), aspect="equal")


def sheet(ax: Axes, pictures, columns: int, gap: int = 1, ground: float = -1) -> None:
    """Pictures (N, C, H, W) in [-1, 1], side by side on a ground of white, 1, or black, -1."""
    pictures = np.pad(np.asarray(pictures), ((0, 0), (0, 0), (gap, gap), (gap, gap)), constant_values=ground)
    rows = [np.concatenate(list(row), axis=-1) for row in pictures.reshape(-1, columns, *pictures.shape[1:])]
    image = np.concatenate(rows, axis=-2).transpose(1, 2, 0)
    ax.imshow((image.clip(-1, 1) + 1) / 2, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")


def states(model, x, calls: int, rule=euler) -> np.ndarray:
    """What a sampler passes through, from the noise on, (steps + 1, N, 2)."""
    return np.stack([np.asarray(s.x) for s in walk(model, x, model.path.grid(calls), rule, generator=seeded(4))])


def lines(ax: Axes, path: np.ndarray, color: str, width: float = 0.4, alpha: float = 0.4) -> None:
    """The way of each sample through the plane."""
    for i in range(path.shape[1]):
        ax.plot(*path[:, i].T, color=color, linewidth=width, alpha=alpha)


# ---- one function a chapter ----------------------------------------------------------------------------------------------------


def ten_minutes(ax: Axes) -> None:
    """Noise on its way to the moons."""
    path = states(FLOW, randn((400, 2), generator=seeded(1)), 30, heun)
    lines(ax, path, ROLES["noisy"], 0.35, 0.35)
    dots(ax, path[0], ROLES["noise"])
    dots(ax, path[-1], ROLES["data"], 3, 1)
    plane(ax)


def two_moons_with_answers(ax: Axes) -> None:
    """The density of noisy moons, and the score as arrows."""
    noised = Coeffs(1.0, 0.35)
    at = torch.cartesian_prod(torch.linspace(-Y, Y, 100), torch.linspace(-X, X, 160)).flip(1)
    density = MOONS.log_prob(at, noised).exp().reshape(100, 160)
    ax.imshow(density, extent=(-X, X, -Y, Y), origin="lower", cmap="Blues", interpolation="bilinear", vmax=0.2)
    few = torch.cartesian_prod(torch.linspace(-3, 3, 16), torch.linspace(-1.8, 1.8, 10))
    score = MOONS.score(few, noised)
    ax.quiver(*few.T, *(score / (3 + score.norm(dim=1, keepdim=True))).T, color=ROLES["learned"], width=0.006, scale=11)
    plane(ax)


def schedules(ax: Axes) -> None:
    """How much signal is left under three schedules, from the noise to the data."""
    for name, betas in (("linear", linear_betas), ("cosine", cosine_betas), ("scaled linear", scaled_linear_betas)):
        style = SCHEDULES[name]
        ax.plot(DiscreteSchedule(betas(1000)).alpha_bars.flip(0).sqrt(), color=style.color, linestyle=style.linestyle)
    ax.margins(0.04, 0.08)


def targets(ax: Axes) -> None:
    """The noise and the data as two axes, and what else may be asked for as arrows of the same plane."""
    angle = np.linspace(0, np.pi / 2, 60)
    ax.plot(np.cos(angle), np.sin(angle), color=ROLES["floor"], linewidth=1)
    a = np.radians(55)
    here = (np.cos(a), np.sin(a))
    tip = (np.cos(a) - 0.75 * np.sin(a), np.sin(a) + 0.75 * np.cos(a))
    arrows = (
        ((0, 0), (1, 0), ROLES["data"]),
        ((0, 0), (0, 1), ROLES["noise"]),
        ((0, 0), here, ROLES["noisy"]),
        (here, tip, ROLES["velocity"]),
    )
    for start, end, color in arrows:
        ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2.2, "mutation_scale": 12})
    ax.set(xlim=(-0.75, 1.75), ylim=(-0.15, 1.4), aspect="equal")


def chain(ax: Axes) -> None:
    """Three moments of DDPM's reverse chain, side by side."""
    model = Oracle(MOONS, DiscreteSchedule(linear_betas(1000)))
    path = states(model, randn((450, 2), generator=seeded(2)), 100, ancestral)
    for i, at in enumerate((0, 88, 100)):
        mixed = i / 2
        color = np.array(to_rgb(ROLES["noise"])) * (1 - mixed) + np.array(to_rgb(ROLES["data"])) * mixed
        dots(ax, path[at] * 0.6 + [3.1 * i, 0], color, 1.3)
    ax.set(xlim=(-1.7, 7.9), ylim=(-3, 3), aspect="equal")


def same_marginals(ax: Axes) -> None:
    """Two ways of the ancestral sampler, and one without noise, from one start."""
    model, x = Oracle(MOONS, DiscreteSchedule(linear_betas(1000))), torch.tensor([[2.9, 1.7]])
    dots(ax, MOONS.sample(900, generator=seeded(0))[0], ROLES["data"], 1.5, 0.5)
    lines(ax, states(model, x.repeat(2, 1), 100, ancestral), RULES["ancestral"].color, 0.7, 0.9)
    lines(ax, states(model, x, 100, ddim), RULES["ddim"].color, 2.2, 1)
    plane(ax)


def straight_and_curved(ax: Axes) -> None:
    """Straight pairs of noise and data, and the curves that a flow along their mean takes."""
    x = randn((16, 2), generator=seeded(8))
    data, _ = MOONS.sample(16, generator=seeded(9))
    for one, other in zip(x, data):
        ax.plot(*zip(one, other), color=ROLES["floor"], linewidth=0.5, alpha=0.8)
    path = states(FLOW, x, 40, heun)
    lines(ax, path, ROLES["velocity"], 1.3, 0.9)
    dots(ax, x, ROLES["noise"], 9, 1)
    dots(ax, path[-1], ROLES["data"], 12, 1)
    plane(ax)


def paired(ax: Axes) -> None:
    """Noise and data in optimal pairs, whose lines hardly cross."""
    x, (data, _) = randn((60, 2), generator=seeded(8)), MOONS.sample(60, generator=seeded(9))
    _, order = linear_sum_assignment(torch.cdist(x, data).square().numpy())
    for one, other in zip(x, data[order]):
        ax.plot(*zip(one, other), color=ROLES["velocity"], linewidth=1.1, alpha=0.9)
    dots(ax, x, ROLES["noise"], 9, 1)
    dots(ax, data, ROLES["data"], 12, 1)
    plane(ax)


def budgets(ax: Axes) -> None:
    """The same noise with two calls, five, and twenty."""
    x = randn((700, 2), generator=seeded(3))
    for i, calls in enumerate((2, 5, 20)):
        dots(ax, sample(FLOW, x, calls, euler) * 0.62 + torch.tensor([3.1 * i, 0.0]), RULES["euler"].color, 1.2)
    ax.set(xlim=(-1.7, 7.9), ylim=(-3, 3), aspect="equal")


def waves(ax: Axes) -> None:
    """The sinusoidal features of the time: one column each moment, one row each frequency."""
    features = SinusoidalTimeEmbedding(64, t_scale=1000, max_period=10_000)(torch.linspace(0, 0.2, 240))
    ax.imshow(features.T[:32], cmap="PuOr", aspect="auto", interpolation="nearest", vmin=-1.3, vmax=1.3)


def floor(ax: Axes) -> None:
    """The losses of the shipped run on digits: of its batches, and of held-out pictures."""
    log = np.genfromtxt(RESULTS / "digits_flow.csv", delimiter=",", names=True)
    held = np.isfinite(log["held_out_loss"])
    ax.plot(log["step"], log["loss"], color=ROLES["noisy"], linewidth=0.7, alpha=0.7)
    ax.plot(log["step"][held], log["held_out_loss"][held], color=ROLES["learned"], linewidth=2)
    ax.set(ylim=(0.9 * log["loss"].min(), np.quantile(log["loss"], 0.98)))


def patches(ax: Axes) -> None:
    """A digit, cut into patches."""
    (x, _), _ = DATA["mnist_subset"].sides()
    cut = patchify(x[[7]], 7).reshape(16, 1, 7, 7)
    sheet(ax, cut, 4, ground=-0.4)
    ax.set(aspect="equal")


def guided(ax: Axes) -> None:
    """Samples of each class, guided: more of the class, and less room."""
    y = torch.arange(2).repeat_interleave(350)
    model = Guided(FLOW, 3.0)
    x = sample(model, randn((700, 2), generator=seeded(5)), 50, heun, y)
    dots(ax, MOONS.sample(1500, generator=seeded(6))[0], ROLES["floor"], 1, 0.5)
    dots(ax, x[y == 0], ROLES["data"], 2.5, 1)
    dots(ax, x[y == 1], ROLES["learned"], 2.5, 1)
    plane(ax)


def images(ax: Axes) -> None:
    """Digits that the shipped model draws."""
    found, _ = source(Sampling(str(RESULTS / "digits_flow.safetensors"), calls=20, scale=2.0), torch.device("cpu"))
    sheet(ax, pictures(found, range(40), torch.device("cpu")), 8)


def latents(ax: Axes) -> None:
    """A picture, and the four channels of its latents."""
    (x, _), _ = DATA["mnist_subset"].sides()
    one = x[[11]]
    z = load_autoencoder(RESULTS / "mnist_autoencoder.safetensors").encode(one)[0] / 2.5
    wide = torch.full((28, 46), -1.0)
    wide[:, :28] = one[0, 0]
    for i, channel in enumerate(z.clamp(-1, 1)):
        down, right = 5 + 11 * (i // 2), 30 + 9 * (i % 2)
        wide[down : down + 7, right : right + 7] = channel
    ax.imshow(wide, cmap="gray", vmin=-1, vmax=1, interpolation="nearest")


def jumped(ax: Axes) -> None:
    """Noise, coloured by the moon on which its path ends, and these ends beside it."""
    x = randn((900, 2), generator=seeded(4))
    ends = flow(FLOW, x)
    upper = MOONS.labels[torch.cdist(ends, MOONS.means.float()).argmin(1)] == 0
    for i, cloud in enumerate((x, ends)):
        for side, role in ((upper, "data"), (~upper, "learned")):
            dots(ax, cloud[side] * 0.9 + torch.tensor([5.2 * i, 0.0]), ROLES[role], 1.8)
    ax.set(xlim=(-2.7, 7.9), ylim=(-3.6, 3.6), aspect="equal")


def copied(ax: Axes) -> None:
    """Samples of the perfect fit to forty points, each on a ring, before the moons that they were to show."""
    points = two_moons(40, generator=seeded(3))[0]
    dots(ax, MOONS.sample(900, generator=seeded(0))[0], ROLES["floor"], 1.5, 0.5)
    ax.scatter(*points.T, s=30, facecolors="none", edgecolors=ROLES["data"], linewidths=0.8)
    x = sample(EmpiricalOracle(points, LinearPath()), randn((300, 2), generator=seeded(7)), 200, heun)
    dots(ax, x, ROLES["learned"], 6)
    plane(ax)


def museum(ax: Axes) -> None:
    """The moons as a bug leaves them: every step is a fifth too short."""
    x, grid = randn((900, 2), generator=seeded(7)), FLOW.path.grid(40)
    for t, later in pairwise(grid):
        x = x + (later - t) * 0.8 * FLOW.estimate(x, t).velocity(FLOW.path.coeffs(t))
    dots(ax, MOONS.sample(900, generator=seeded(0))[0], ROLES["floor"], 1.5, 0.5)
    dots(ax, x, ROLES["learned"], 1.8)
    plane(ax)


PICTURES = {
    "00": ten_minutes,
    "01": two_moons_with_answers,
    "02": schedules,
    "03": targets,
    "04": chain,
    "05": same_marginals,
    "06": straight_and_curved,
    "06b": paired,
    "07": budgets,
    "08": waves,
    "09": floor,
    "10": patches,
    "11": guided,
    "12": images,
    "13": latents,
    "14": jumped,
    "15": copied,
    "16": museum,
}


OF_IMAGES = ("10", "12", "13")  # on black, and as they are on a dark page too (book.css)


def write(path: Path, draw: Callable[[Axes], None], size: tuple[float, float], ground: str, colours: int) -> None:
    """Draw a picture without axes, unless `draw` switches them on, and write it with few colours."""
    fig, ax = plt.subplots(figsize=size, facecolor=ground)
    ax.set_axis_off()
    draw(ax)
    drawn = io.BytesIO()
    fig.savefig(drawn, dpi=200, facecolor=ground)
    plt.close(fig)
    Image.open(drawn).convert("RGB").quantize(colours).save(path, optimize=True)


def main(chosen: list[str]) -> None:
    """Draw the chosen pictures, or all. They have no words: the card beside them has."""
    use_book_style()
    TARGET.mkdir(exist_ok=True)
    for name in chosen or PICTURES:
        write(TARGET / f"{name}.png", PICTURES[name], SIZE, "black" if name in OF_IMAGES else "white", COLOURS)


if __name__ == "__main__":
    main(sys.argv[1:])
