"""The K-budget grid with a net that is wrong on purpose: a trained flow with its last layer shrunk, beside the oracle."""

from copy import deepcopy
from pathlib import Path

import torch
from IPython.display import HTML

from classroom.explorers.figure import figure, moons, rounded, trained
from classroom.explorers.k_budget import POINTS
from lib.flow_matching import FlowMatching
from lib.trained.k_budget import k_table_floor
from lib.trained.toy import load

SHRUNK = 1 / 3  # at 300 points the metric sees that; answers too small by a sixth it would not tell from perfect ones


def shrunk(flow: FlowMatching, factor: float = SHRUNK) -> FlowMatching:
    """The flow with a copy of its net (an MLPDenoiser) whose every answer is `factor` times as large."""
    net = deepcopy(flow.net)
    with torch.no_grad():
        for parameter in net.layers[-1].parameters():
            parameter.mul_(factor)
    return flow.with_net(net)


def show(flow: FlowMatching) -> HTML:
    """Five budgets of Euler on the straight path, for the trained `flow` with its answers shrunk; the oracle stands beside it."""
    floor = k_table_floor(POINTS)
    return figure(
        "learning_error",
        {"mixture": moons(), "floor": rounded([floor.mean, floor.sd]), "trained": trained(shrunk(flow))},
        alt="Five scatter plots from the same noise with 2, 5, 10, 50 and 200 Euler steps of a net whose answers are a "
        "third of what they should be: a blob, then a hazy cloud in which two moons can just be seen, and which no "
        "longer changes from 50 steps on. Below, the distance falls with the network calls and levels "
        "off above the floor.",
        caption="The same noise and the same target at five budgets, for a net whose answers are a third of what they "
        "should be. More steps take away the solver's error. The rest is the net's, and stays above the grey band of "
        "what a perfect sample of 300 points scores.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped flow."""
    return show(load(results / "toy_flow.safetensors"))
