"""DDPM and DDIM, step by step, from a start that the reader chooses. `ddpm`: a trained model to choose beside the oracle."""

from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure, moons, trained
from lib.diffusion import DDPM
from lib.trained.toy import load

# How it opens: with DDPM's noise, or, "ddim", without any, from a start far from the moons. (controls, alt, caption)
OPENINGS = {
    "": (
        {},
        "In the first panel, five jagged paths of DDPM, each in a colour of its own, leave one start and end at different "
        "points of the two "
        "moons, among the other samples. In the second, the model's estimates along these paths, which begin at the middle "
        "and move out "
        "to the moons.",
        "First panel, the states; second, the model's estimates of the clean sample at these states. Five paths from one "
        "start (square) "
        "share everything but the noise that the steps add. With “set by η” and η = 1 their variance is the smaller of DDPM's "
        "two.",
    ),
    "ddim": (
        {"eta": 0, "K": 30, "start": 40},
        "In the first panel, one smooth path of DDIM leads from a start above the moons down to the upper moon, among the "
        "other samples. "
        "In the second, the model's estimates along this path, one line from the middle to the same point of the moon.",
        "First panel, the states; second, the model's estimates of the clean sample at these states. Without noise the five "
        "paths from "
        "one start (square) are one.",
    ),
}


def show(ddpm: DDPM | None = None, opening: str = "") -> HTML:
    """DDPM and DDIM, step by step, from a start that the reader chooses.

    ddpm     a trained model to choose beside the oracle
    opening  "" begins with DDPM's noise, "ddim" without any
    """
    first, alt, caption = OPENINGS[opening]
    data = {"mixture": moons(), "trained": trained(ddpm=ddpm), "first": first}
    return figure("reverse", data, alt=alt, caption=caption, mark=opening)


def in_book(results: Path, opening: str = "") -> HTML:
    """With the shipped nets."""
    return show(load(results / "toy_ddpm.safetensors"), opening)
