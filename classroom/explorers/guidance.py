"""Classifier-free guidance on two moons, by weight and interval. `flow`, `ddpm`: conditional models beside the oracle."""

from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure, marks, moons, trained
from lib.diffusion import DDPM
from lib.flow_matching import FlowMatching
from lib.trained.toy import load


def show(flow: FlowMatching | None = None, ddpm: DDPM | None = None) -> HTML:
    """Classifier-free guidance on two moons, by weight and interval. `flow`, `ddpm`: conditional models beside the oracle."""
    return figure(
        "guidance",
        {"mixture": moons(), "marks": marks(300), "trained": trained(flow, ddpm)},
        alt="Left, two classes of points sampled with guidance: each has drawn back to the part of its moon "
        "that is far from the other. Right, adherence to the class near one and a spread below one at w = "
        "3. Below, a ruler: the samples are farther from the moons than a perfect sample is.",
        caption="Both classes start from the same noise. Strong guidance keeps the points on their class, and "
        "away from the parts that the other class could claim. The ruler shows the price: the grey band is where "
        "perfect samples lie.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped nets."""
    return show(*(load(results / f"toy_{name}.safetensors") for name in ("flow", "ddpm")))
