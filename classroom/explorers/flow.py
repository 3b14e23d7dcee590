"""Conditional lines beside marginal paths and the velocity field. `flow`: a trained model to choose beside the oracle."""

from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure, marks, moons, trained
from lib.flow_matching import FlowMatching
from lib.trained.toy import load


def show(flow: FlowMatching | None = None) -> HTML:
    """Conditional lines beside marginal paths and the velocity field. `flow`: a trained model to choose beside the oracle."""
    return figure(
        "flow",
        {"mixture": moons(), "marks": marks(300), "trained": trained(flow=flow)},
        alt="Left, straight lines from noise points to points of the two moons, crossing each other. Right, "
        "arrows of the mean velocity and particles from the same noise that follow it on bent paths and "
        "do not meet. Below, a ruler on which they arrive as near to the moons as a perfect sample.",
        caption="Left, every pair of noise and data has a line of its own. Right, the particles follow the mean"
        " of all the velocities at the point where they are. The ruler shows how far 300 such particles end from the "
        "moons: the grey band is where perfect samples lie.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped nets."""
    return show(load(results / "toy_flow.safetensors"))
