"""DDPM and DDIM, step by step, from a start that the reader chooses. `ddpm`: a trained model to choose beside the oracle."""

from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure, moons, trained
from lib.diffusion import DDPM
from lib.trained.toy import load


def show(ddpm: DDPM | None = None) -> HTML:
    """DDPM and DDIM, step by step, from a start that the reader chooses. `ddpm`: a trained model to choose beside the oracle."""
    return figure(
        "reverse",
        {"mixture": moons(), "trained": trained(ddpm=ddpm)},
        alt="Left, five jagged paths of DDPM leave one start and end at different points of the two moons, "
        "among the other samples. Right, the model's answers along these paths, which begin at the middle "
        "and move out to the moons.",
        caption="Left, the states; right, what the model answers at them. Five ways from one start share "
        "everything but the noise that the steps add.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped nets."""
    return show(load(results / "toy_ddpm.safetensors"))
