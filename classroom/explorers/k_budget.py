"""The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle."""

from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure, marks, moons, trained
from lib.diffusion import DDPM
from lib.flow_matching import FlowMatching
from lib.trained.toy import load

POINTS = 300  # in a panel, and of the perfect sample that it is read beside


def show(flow: FlowMatching | None = None, ddpm: DDPM | None = None, *, path: str = "ddpm", rule: str = "ancestral",
         model: str = "oracle", hint: str | None = None) -> HTML:  # fmt: skip
    """The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle.

    path, rule, model    what it opens with, by their names in choices.js; model "oracle" or "net"
    hint                 what to try, where that is not the usual

    Raises ValueError for a net on a path that has none.
    """
    nets = trained(flow, ddpm)
    if model != "oracle" and (model != "net" or path not in nets):
        raise ValueError(
            f'It opens with model "oracle", or "net" on a path with a net ({list(nets)}); got {model!r}, {path!r}.'
        )
    return figure(
        "k_budget",
        {
            "mixture": moons(),
            "marks": marks(POINTS),
            "trained": nets,
            "opens": {"path": path, "rule": rule, "model": model},
            "hint": hint,
        },
        alt="Five scatter plots from the same noise with 2, 5, 10, 50 and 200 steps, a blob, a filled band, and "
        "from 50 steps on two clean moons, beside a perfect sample. Below, the distance to the target falls with "
        "the number of network calls until it meets the band of perfect samples.",
        caption="The same noise and the same target in every panel; only the number of steps differs. A perfect sample of "
        "300 points is itself a little away from the target: that distance, the floor, is 1 on the axis, and the "
        "grey band is where such samples lie. Dots inside the band cannot be told apart.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped nets."""
    return show(*(load(results / f"toy_{name}.safetensors") for name in ("flow", "ddpm")))
