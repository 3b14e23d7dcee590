"""Labs: a chapter's question, run again in Python with your own settings. They need a kernel that somebody is using.

    from classroom.labs import schedules
    schedules.show()

In a live notebook this shows sliders and menus above a figure, which is drawn anew when a control is released. Without one
(the book, `make notebooks`, nbval) it draws the figure at the starting settings and nothing else: the page says beside it that
this is one setting, and where the others are to be had.

A lab is one file: a function `plot` with plain arguments, and `show`, which hands it to `lab` with a Knob for each of them.
Only what ipywidgets 7.7 (Colab) and 8 have in common is used. Which of the two cases it is, `live` tells; the environment
variable KNOB_LABS overrules it.
"""

import os
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from classroom import plots
from lib.metrics import Spread, noise_floor, sliced_wasserstein
from lib.mixture import GaussianMixture
from lib.samplers import rules
from lib.seeding import seeded

# Jupyter's server sets the first for the kernel of a notebook that is open; nbclient and nbval, which run notebooks for
# nobody, do not. Colab and the notebooks of VS Code have a mark of their own.
FRONT_ENDS = ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG", "VSCODE_PID")

RULES = {rule.__name__: rule for rule in rules()}


class Knob(NamedTuple):
    """One control: a slider over numbers or a menu of words, and where it starts."""

    label: str
    choices: tuple[float, ...] | tuple[str, ...]
    start: float | str


def live() -> bool:
    """Whether somebody can move a control. KNOB_LABS = "live" or "static" decides; unset, the marks of FRONT_ENDS do."""
    switch = os.environ.get("KNOB_LABS")
    if switch not in (None, "live", "static"):
        raise ValueError(f'The environment variable KNOB_LABS must be "live" or "static", got {switch!r}.')
    return switch == "live" if switch else any(mark in os.environ for mark in FRONT_ENDS)


def lab(plot: Callable[..., None], knobs: dict[str, Knob]) -> None:
    """Show plot(**values) under a control for each knob; where nobody can move one, draw the start.

    `plot` ends with plt.show(). A setting that the library refuses (ValueError) shows the library's reason.
    """
    if not live():
        plot(**{name: knob.start for name, knob in knobs.items()})
        return
    from IPython.display import display
    from ipywidgets import HBox, Label, VBox, interactive_output

    controls, status = {name: _control(knob) for name, knob in knobs.items()}, Label()

    def run(**values):
        status.value = "running ..."
        try:
            plot(**values)
        except ValueError as refusal:
            print(f"Not possible. {refusal}")
        finally:
            status.value = ""

    rows = HBox(list(controls.values()), layout={"flex_flow": "row wrap"})
    display(VBox([rows, status, interactive_output(run, controls)]))


def _control(knob: Knob):
    """A menu for words, a slider for numbers: it reports when it is released, so that no work is done on the way."""
    from ipywidgets import Dropdown, SelectionSlider

    look = {"description": knob.label, "style": {"description_width": "11em"}, "layout": {"width": "24em"}}
    if isinstance(knob.start, str):
        return Dropdown(options=knob.choices, value=knob.start, **look)
    options = [(f"{number:g}", number) for number in knob.choices]
    return SelectionSlider(options=options, value=knob.start, continuous_update=False, **look)


# --- what the labs share -----------------------------------------------------------------------------------------------

N = 2000  # points of a sample; a reference has four times as many


def distance(x: Tensor, mixture: GaussianMixture) -> float:
    """Sliced Wasserstein distance of x (N, 2) to a fixed sample of the mixture."""
    return sliced_wasserstein(x, mixture.sample(4 * N, generator=seeded(1))[0])


def floor(mixture: GaussianMixture) -> Spread:
    """What a perfect sample of N points scores."""
    return noise_floor(sliced_wasserstein, lambda n, g: mixture.sample(n, generator=g)[0], N, m=4 * N, repeats=10)


def cloud(ax, x: Tensor, color: str, title: str) -> None:
    """A bare square panel with the points x (N, 2)."""
    ax.scatter(*x.T, s=2, color=color, linewidths=0)
    square(ax, title, 2.6)


def square(ax, title: str, half: float) -> None:
    """Make a panel a bare square, -half ... half each way."""
    ax.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)
    ax.spines[:].set_visible(False)


def budget_axis(
    ax, mixture: GaussianMixture, budgets: tuple[int, ...], *, ylim: tuple[float, float] | None = None
) -> None:
    """Finish a panel of distance against network calls: the floor of perfect samples, both axes logarithmic, ticks, legend."""
    mean, sd = floor(mixture)
    ax.axhspan(mean - sd, mean + sd, color=plots.ROLES["floor"], alpha=0.25, linewidth=0, label="floor")
    ax.set(xscale="log", yscale="log", xlabel="network calls")
    ax.set_title("sliced Wasserstein distance", fontsize=9)
    ax.set_xticks(budgets, budgets)
    if ylim is not None:
        ax.set(ylim=ylim)
        ax.set_yticks((0.03, 0.1, 0.3, 1), (0.03, 0.1, 0.3, 1))
    ax.minorticks_off()
    ax.legend()
