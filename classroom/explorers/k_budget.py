"""The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle."""

from copy import deepcopy
from pathlib import Path

import torch
from IPython.display import HTML

from classroom.explorers.figure import figure, marks, moons, trained
from lib.diffusion import DDPM
from lib.flow_matching import FlowMatching
from lib.trained.toy import load

POINTS = 300  # in a panel, and of the perfect sample that it is read beside
SHRUNK = 1 / 3  # so few points see that; answers too small by a sixth they would not tell from perfect ones


def shrunk(flow: FlowMatching, factor: float = SHRUNK) -> FlowMatching:
    """The flow with a copy of its net (an MLPDenoiser) whose every answer is `factor` times as large."""
    net = deepcopy(flow.net)
    with torch.no_grad():
        for parameter in net.layers[-1].parameters():
            parameter.mul_(factor)
    return flow.with_net(net)


def show(flow: FlowMatching | None = None, ddpm: DDPM | None = None) -> HTML:
    """The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle."""
    return figure(
        "k_budget",
        {"mixture": moons(), "marks": marks(POINTS), "trained": trained(flow, ddpm)},
        alt="Five scatter plots from the same noise with 2, 5, 10, 50 and 200 steps, a blob, a filled band, and from 50 steps on "
        "two clean moons, beside a perfect sample. Below, the distance to the target falls with the number of network calls "
        "until it meets the band of perfect samples.",
        caption="The same noise and the same target in every panel; only the number of steps differs. A perfect sample of 300 "
        "points is itself a little away from the target: that distance, the floor, is 1 on the axis, and the grey band is where "
        "such samples lie. Dots inside the band cannot be told apart.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped nets."""
    flow, ddpm = (load(results / f"toy_{name}.safetensors") for name in ("flow", "ddpm"))
    return show(flow, ddpm)
