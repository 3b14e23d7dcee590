"""The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle."""

from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure, moons, rounded, trained
from lib.diffusion import DDPM
from lib.flow_matching import FlowMatching
from lib.trained.k_budget import k_table_floor
from lib.trained.toy import load

POINTS = 300  # what k_budget.js draws in a panel, and what its floor belongs to


def show(flow: FlowMatching | None = None, ddpm: DDPM | None = None) -> HTML:
    """The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle."""
    floor = k_table_floor(POINTS)
    return figure(
        "k_budget",
        {
            "mixture": moons(),
            "floor": rounded([floor.mean, floor.sd]),
            "trained": trained(flow, ddpm),
        },
        alt="Five scatter plots from the same noise with 2, 5, 10, 50 and 200 steps: a blob, a filled band, and"
        " from 50 steps on two clean moons. Below, the distance to the target falls with the number of "
        "network calls until it meets the floor.",
        caption="The same start and the same target in every panel; only the number of steps differs. The grey "
        "band is what a perfect sample of 300 points scores.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped nets."""
    return show(*(load(results / f"toy_{name}.safetensors") for name in ("flow", "ddpm")))
