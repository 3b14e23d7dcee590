"""The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle."""

from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import torch
from IPython.display import HTML

from classroom.explorers.figure import figure, marks, moons, trained
from lib.diffusion import DDPM
from lib.flow_matching import FlowMatching
from lib.trained.toy import load

POINTS = 300  # in a panel, and of the perfect sample that it is read beside
SHRUNK = 1 / 3  # so few points see that; answers too small by a sixth they would not tell from perfect ones


class Opening(NamedTuple):
    """How it opens: the controls by their names in choices.js, what is said about it, and what to try if not the usual."""

    first: dict
    alt: str
    caption: str
    hint: str | None = None


OPENINGS = {
    "": Opening(
        {"path": "ddpm", "rule": "ancestral", "model": "oracle"},
        "Five scatter plots from the same noise with 2, 5, 10, 50 and 200 steps, a blob, a filled band, and from 50 steps on "
        "two clean moons, beside a perfect sample. Below, the distance to the target falls with the number of network calls "
        "until it meets the band of perfect samples.",
        "The same noise and the same target in every panel; only the number of steps differs. A perfect sample of 300 points "
        "is itself a little away from the target: that distance, the floor, is 1 on the axis, and the grey band is where such "
        "samples lie. Dots inside the band cannot be told apart.",
    ),
    "learning": Opening(
        {"path": "linear", "rule": "euler", "model": "net"},
        "Five scatter plots from the same noise with 2, 5, 10, 50 and 200 Euler steps of a net whose answers are a third of "
        "what they should be: a blob, then a hazy cloud in which two moons can just be seen, and which no longer changes from "
        "50 steps on. Below, the distance falls with the network calls and levels off above the band of perfect samples.",
        "The same noise and the same target at five budgets, for a net whose answers are a third of what they should be. More "
        "steps take away the solver's error. The rest is the net's, and stays above the grey band of what a perfect sample of "
        "300 points scores.",
        "Let the answers come from the exact oracle: with two steps it is no better, and from ten steps on it goes where the "
        "net never gets. Then give the net 1,000 steps.",
    ),
}


def shrunk(flow: FlowMatching, factor: float = SHRUNK) -> FlowMatching:
    """The flow with a copy of its net (an MLPDenoiser) whose every answer is `factor` times as large."""
    net = deepcopy(flow.net)
    with torch.no_grad():
        for parameter in net.layers[-1].parameters():
            parameter.mul_(factor)
    return flow.with_net(net)


def show(flow: FlowMatching | None = None, ddpm: DDPM | None = None, opening: str = "") -> HTML:
    """The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle.

    opening  "" begins with DDPM and the oracle; "learning" with a flow, whose net should be wrong

    Raises ValueError for "learning" without a flow.
    """
    first, alt, caption, hint = OPENINGS[opening]
    nets = trained(flow, ddpm)
    if first["model"] == "net" and first["path"] not in nets:
        raise ValueError(f"It opens with a net on the path {first['path']!r}, and there is none. Give it the flow.")
    data = {"mixture": moons(), "marks": marks(POINTS), "trained": nets, "opens": first, "hint": hint}
    return figure("k_budget", data, alt=alt, caption=caption, mark=opening)


def in_book(results: Path, opening: str = "") -> HTML:
    """With the shipped nets."""
    flow, ddpm = (load(results / f"toy_{name}.safetensors") for name in ("flow", "ddpm"))
    return show(shrunk(flow), opening=opening) if opening else show(flow, ddpm)
