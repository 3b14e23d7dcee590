"""Draw book/pictures/gotchas/NAME.png, what one sees of each gotcha: the wrong lines and the right ones of its entry, tried.

python -m tools.site.gotcha_pictures [NAME ...]

Drawings are transparent, and a dark page turns their lightness round (book.css); pictures lie on black in either. Each file
holds a mark of the code that it was drawn from, so that a test sees when the code has changed.
"""

import hashlib
import inspect
import io
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from classroom.plots import INK, ROLES, use_book_style
from lib import seeded, two_moons
from tools.site import gotcha_images, gotcha_judging, gotcha_training, gotcha_trials
from tools.site.gotchas import pairs, run

TARGET = Path(__file__).parents[2] / "book" / "pictures" / "gotchas"
WIDTH = 4.4  # inches: what a phone shows without shrinking the words much
SIDES = ("wrong", "right")
GIVEN = {
    "a-schedule-that-does-not-end-in-noise": lambda: {"net": None},
    "cosine-and-noise-prediction": lambda: {"net": None},
    "one-step-gives-the-mean": gotcha_images.given_one_step,
    "an-estimate-beyond-the-data": gotcha_images.given_beyond,
    "latents-clipped": gotcha_images.given_latents,
}


def trial(name: str) -> Callable:
    """The function that tries a side of the entry."""
    word = name.replace("-", "_")
    parts = (gotcha_trials, gotcha_training, gotcha_images, gotcha_judging)
    return next(getattr(part, word) for part in parts if hasattr(part, word))


@cache
def tried(name: str) -> tuple:
    """What the wrong lines of an entry lead to, and the right ones."""
    return tuple(trial(name)(run(code, **GIVEN.get(name, dict)())) for code in pairs()[name])


# ---- drawings: points and curves ---------------------------------------------------------------------------------------------


def halves(height: float = 2.2, titles: tuple[str, ...] = SIDES) -> tuple[Figure, np.ndarray]:
    """A figure of panels side by side."""
    fig, axes = plt.subplots(1, len(titles), figsize=(WIDTH, height), squeeze=False)
    for ax, title in zip(axes[0], titles):
        ax.set_title(title, fontsize=12)
    return fig, axes[0]


def square(ax: Axes, reach: float) -> None:
    """A piece of the plane in a frame, without ticks."""
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def clouds(samples: tuple[Tensor, Tensor], reach: float = 2.6) -> Figure:
    """Samples on the real moons."""
    fig, axes = halves()
    real = two_moons(500, generator=seeded(1))[0]
    for ax, x in zip(axes, samples):
        ax.plot(*real.T, ".", ms=2.2, color=ROLES["data"], mew=0)
        heap = x.std(0).max() < 0.05  # one spot, which a dot would not show
        ax.plot(*x[:700].T, ".", ms=14 if heap else 2.6, color=ROLES["learned"], mew=0)
        square(ax, reach)
    return fig


def two_curves(lines: tuple, x, label: str, words: str, at: tuple = ()) -> Figure:
    """The wrong curve and the right one in one panel; `at` says where their names stand."""
    fig, ax = plt.subplots(figsize=(WIDTH, 2.3))
    for y, color, dash in zip(lines, (ROLES["learned"], ROLES["data"]), ("--", "-")):
        ax.plot(x, y, color=color, linestyle=dash, linewidth=2.4)
    for side, place in zip(SIDES, at):
        ax.text(*place, side, fontsize=12)
    ax.set_xlabel(label, fontsize=11)
    ax.set_ylabel(words, fontsize=11)
    return fig


def unscaled_betas(found: tuple) -> Figure:
    """What is left of the signal."""
    return two_curves(found, range(1, 51), "step of 50", "signal left, ᾱ", ((35, 0.83), (22, 0.25)))


def a_cosine_schedule_by_half(found: tuple) -> Figure:
    """The two tables of the signal."""
    return two_curves(found, range(1, 1001), "step of 1,000", "signal left, ᾱ", ((640, 0.72), (330, 0.35)))


def an_average_that_stands_still(found: tuple) -> Figure:
    """The average over its updates."""
    steps = range(0, 20_001, 2_000)
    return two_curves(found, steps, "updates", "average", ((9000, 0.09), (9000, 0.75)))


def a_run_that_goes_on_from_its_average(found: tuple) -> Figure:
    """The loss, on a logarithmic scale."""
    fig = two_curves(found, range(400), "step: stopped at 200", "loss", ((225, 2.0), (150, 0.25)))
    fig.axes[0].set_yscale("log")
    return fig


def a_loss_that_stands_still(found: tuple) -> Figure:
    """What is reported over a run. A restless line crosses any word, so the words stand above."""
    fig = two_curves(found, range(200, 1001, 10), "step", "loss reported")
    fig.axes[0].set_title("dashed: wrong, line: right", fontsize=12)
    return fig


def t_scale(found: tuple) -> Figure:
    """The features as maps, time to the right."""
    fig, axes = halves()
    for ax, features in zip(axes, found):
        ax.imshow(features.T, cmap="PuOr", aspect="auto", interpolation="nearest", vmin=-1.3, vmax=1.3)
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel("time, 0 to 1", fontsize=11)
    axes[0].set_ylabel("128 features", fontsize=11)
    return fig


def an_inversion_that_does_not_return(found: tuple) -> Figure:
    """Points, joined to where they come back."""
    fig, axes = halves()
    for ax, (points, back) in zip(axes, found):
        for one, other in zip(points, back.clamp(-9, 9)):
            ax.plot(*zip(one, other), color=ROLES["floor"], linewidth=0.8)
        ax.plot(*points.T, "o", ms=4, color=ROLES["data"], mew=0)
        ax.plot(*back.T, "x", ms=4.5, color=ROLES["learned"])
        square(ax, 2.6)
    return fig


def eight_processes_and_the_batch_of_one(found: tuple) -> Figure:
    """The points of the rows that are drawn."""
    points = two_moons(10_000, generator=seeded(1))[0]
    fig, axes = halves()
    for ax, rows in zip(axes, found):
        ax.plot(*points[rows].T, "o", ms=5, color=ROLES["data"], mew=0)
        square(ax, 2.3)
    return fig


def one_coin_for_the_batch(found: tuple) -> Figure:
    """A row of squares for each batch, the dropped ones filled."""
    fig, axes = halves()
    for ax, dropped in zip(axes, found):
        at = dropped.nonzero()
        kept = (~dropped).nonzero()
        ax.plot(kept[:, 1], kept[:, 0], "s", ms=3, mfc="none", mec=ROLES["floor"], mew=0.7)
        ax.plot(at[:, 1], at[:, 0], "s", ms=5, color=INK)
        ax.set(xlim=(-1, 16), ylim=(12, -1), xticks=[], yticks=[])
        ax.set_xlabel("16 labels", fontsize=11)
    axes[0].set_ylabel("12 batches", fontsize=11)
    return fig


def a_weight_from_another_convention(found: tuple) -> Figure:
    """Guided samples of one class on the data of both."""
    fig, axes = halves()
    for ax, (data, x) in zip(axes, found):
        ax.plot(*data.T, ".", ms=2.6, color=ROLES["data"], mew=0)
        ax.plot(*x[:400].T, ".", ms=2.6, color=ROLES["learned"], mew=0)
        ax.set(xlim=(-2.7, 2.9), ylim=(-2.8, 2.8), aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
    return fig


def pairs_that_ignore_the_label(found: tuple) -> Figure:
    """Data in the colour and the form of the labels that it is trained with."""
    fig, axes = halves()
    for ax, (x, y, _) in zip(axes, found):
        ax.plot(*x[y == 0].T, "o", ms=3.5, color=ROLES["data"], mew=0)
        ax.plot(*x[y == 1].T, "^", ms=3.5, color=ROLES["learned"], mew=0)
        square(ax, 2.3)
    return fig


# ---- pictures ------------------------------------------------------------------------------------------------------------------


def rows(*pictures: tuple[str, Tensor], low: float = -1.0, columns: int = 10) -> Figure:
    """Rows of pictures (N, 1, H, W) on black, each below its words."""
    count = [(len(x) + columns - 1) // columns for _, x in pictures]
    wide = WIDTH / columns
    fig = plt.figure(figsize=(WIDTH, sum(0.27 + n * wide for n in count)), facecolor="black", layout="none")
    top, height = 1.0, fig.get_figheight()
    for (words, x), n in zip(pictures, count):
        fig.text(0.01, top - 0.13 / height, words, color="white", fontsize=11, va="center")
        top -= (0.27 + n * wide) / height
        ax = fig.add_axes((0, top, 1, n * wide / height))
        ax.imshow(sheet(x, columns, low), cmap="gray", vmin=low, vmax=1, interpolation="nearest", aspect="auto")
        ax.set_axis_off()
    return fig


def sheet(x: Tensor, columns: int, low: float) -> np.ndarray:
    """Pictures in rows, a black pixel around each."""
    x = np.pad(np.asarray(x)[:, 0].clip(low, 1), ((0, -len(x) % columns), (1, 1), (1, 1)), constant_values=low)
    return np.concatenate([np.concatenate(list(row), axis=-1) for row in x.reshape(-1, columns, *x.shape[1:])])


def wrong_and_right(found: tuple, columns: int = 10) -> Figure:
    """The wrong row above the right one."""
    return rows(*zip(SIDES, found), columns=columns)


def pictures_on_another_scale(found: tuple) -> Figure:
    """Not scaled, scaled twice, and right."""
    dark, right = found
    twice = (right + 1) / 2
    return rows(("wrong: not scaled", dark), ("wrong: scaled twice", twice), ("right", right), low=0.0, columns=6)


def samples_that_were_in_the_data(found: tuple) -> Figure:
    """Samples above the nearest training pictures."""
    copied, drawn = gotcha_images.copied_and_drawn()
    titles = ("wrong: samples, and the nearest training digits", "right: samples, and the nearest training digits")
    return rows(*zip(titles, (copied, drawn)), columns=8)


def a_schedule_that_does_not_end_in_noise(found: tuple) -> Figure:
    """Rows of tiles."""
    return rows(*((side, x[:, None] / 1.5) for side, x in zip(SIDES, found)), columns=8)


def latents_without_their_scale(found: tuple) -> Figure:
    """Six decoded digits a row."""
    return wrong_and_right(found, 6)


def latents_clipped(found: tuple) -> Figure:
    """Six decoded digits a row."""
    return wrong_and_right(found, 6)


def grain_that_stays(found: tuple) -> Figure:
    """A digit twice, and the difference enlarged."""
    wrong, right = found
    three = (wrong, right, 40 * (wrong - right))
    fig, axes = halves(1.9, ("wrong", "right", "difference × 40"))
    fig.set_facecolor("black")
    for ax, x in zip(axes, three):
        ax.imshow(x[0, 0], cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
        ax.set_axis_off()
        ax.title.set_color("white")
    return fig


def labels_counted_from_1(found: tuple) -> Figure:
    """What is drawn for the digits 0 to 8."""
    return rows(*((f"{side}: asked for 0 1 2 3 4 5 6 7 8", x) for side, (x, _) in zip(SIDES, found)), columns=9)


CLOUDS = (
    "data-that-is-not-standardised", "the-sign-of-v", "the-clean-point-fed-to-the-net", "scaled-once-not-at-all-twice",
    "noise-in-the-last-step", "cosine-and-noise-prediction", "a-state-in-half-precision",
    "an-average-with-too-long-a-memory", "which-end-is-weak",
)  # fmt: skip
DIGITS = (
    "one-step-gives-the-mean", "an-estimate-beyond-the-data", "clipped-and-the-noise-not",
)  # fmt: skip
OWN = [
    pictures_on_another_scale, samples_that_were_in_the_data, latents_without_their_scale, unscaled_betas,
    a_schedule_that_does_not_end_in_noise, a_cosine_schedule_by_half, t_scale, latents_clipped, grain_that_stays,
    an_inversion_that_does_not_return, a_loss_that_stands_still, an_average_that_stands_still,
    a_run_that_goes_on_from_its_average, eight_processes_and_the_batch_of_one, one_coin_for_the_batch,
    pairs_that_ignore_the_label, labels_counted_from_1, a_weight_from_another_convention,
]  # fmt: skip
PICTURES = (
    dict.fromkeys(CLOUDS, clouds)
    | dict.fromkeys(DIGITS, wrong_and_right)
    | {"a-walk-shorter-than-it-was-asked-for": lambda found: clouds((found[0][1], found[1][1]))}
    | {draw.__name__.replace("_", "-"): draw for draw in OWN}
)


def mark(name: str) -> str:
    """A mark of what a picture is drawn from: the code of its entry, what tries it, and what draws it."""
    text = "".join(pairs()[name]) + inspect.getsource(trial(name)) + inspect.getsource(PICTURES[name])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main(chosen: list[str]) -> None:
    """Draw the chosen pictures, or all."""
    use_book_style()
    torch.set_num_threads(1)
    TARGET.mkdir(exist_ok=True)
    for name in chosen or PICTURES:
        fig = PICTURES[name](tried(name))
        ground = "black" if fig.get_facecolor()[:3] == (0, 0, 0) else "none"
        fig.savefig(drawn := io.BytesIO(), dpi=170, facecolor=ground)
        plt.close(fig)
        note = PngInfo()
        note.add_text("mark", mark(name))
        picture = Image.open(drawn).convert("RGBA").quantize(64, method=Image.Quantize.FASTOCTREE)
        picture.save(TARGET / f"{name}.png", optimize=True, pnginfo=note)


if __name__ == "__main__":
    main(sys.argv[1:])
