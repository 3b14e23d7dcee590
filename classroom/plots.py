"""One look for every figure: who has which colour, and matplotlib settings that suit a light page and a dark one.

The same thing has the same colour everywhere in the book, and no two things share one: roles have the hues of Okabe and Ito,
which stay apart for colour-blind readers, step rules and schedules others, and differ by marker and dash as well, so that no
plot depends on colour alone. Every mark has a contrast of 3:1 at least on the light page and on the dark one.

Figures are drawn on white. The dark page turns their lightness round and keeps their hues (book.css); a figure that shows
pictures has the class `picture`, and stays white there.
"""

from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib_inline.backend_inline import set_matplotlib_formats

from lib.metrics import Yardsticks
from lib.samplers import rules

INK = "#595F69"  # words and axes, 6 : 1 on white, and turned round on the dark page

ROLES = {
    "data": "#0072B2",  # blue
    "noise": "#C47F00",  # orange
    "noisy": "#C4649B",  # reddish purple: x_t, between the two
    "velocity": "#00946B",  # bluish green
    "oracle": "#2F97D3",  # sky blue
    "learned": "#D55E00",  # vermillion
    "floor": "#878178",  # grey
}


class RuleStyle(NamedTuple):
    """How a step rule is drawn: `plot(..., **style._asdict())`."""

    color: str
    marker: str
    linestyle: str | tuple


RULES = {
    "euler": RuleStyle("#8A55E6", "o", "-"),
    "heun": RuleStyle("#8C6A50", "s", "--"),
    "rk4": RuleStyle("#C22BAE", "^", "-."),
    "ddim": RuleStyle("#DC2566", "D", ":"),
    "ancestral": RuleStyle("#7F8A12", "v", (0, (5, 1))),  # posterior variance, beta-tilde
    "ancestral_beta": RuleStyle("#4C9A2A", "P", (0, (1, 1))),  # variance beta
    "dpmpp_2m": RuleStyle("#6C7C9C", "X", (0, (3, 1, 1, 1))),
}

# Of rules beyond these: the colours come again, each with a marker and a dash that nothing else has.
SPARE_MARKERS = ("<", ">", "p", "h")

SCHEDULES = {  # drawn as the step rules are; a variant keeps its schedule's style and is labelled
    "linear": RuleStyle("#5D62F0", "o", "-"),
    "cosine": RuleStyle("#0F9A9A", "s", (0, (5, 1.5))),
    "scaled linear": RuleStyle("#A0522D", "^", (0, (4, 1, 1, 1))),
}

# Five paths from one start, where no rule is drawn: a hue and a marker each.
FAN = (("#DC2566", "o"), ("#7F8A12", "s"), ("#8A55E6", "^"), ("#0F9A9A", "D"), ("#8C6A50", "v"))

WIDTH = 7.2  # inches: the page's column


def style_of(rule: str) -> RuleStyle:
    """How to draw a rule, by its name: as RULES says, or with the next style that is free."""
    if rule in RULES:
        return RULES[rule]
    i = [one.__name__ for one in rules() if one.__name__ not in RULES].index(rule)
    color = list(RULES.values())[i % len(RULES)].color
    return RuleStyle(color, SPARE_MARKERS[i % len(SPARE_MARKERS)], (0, (6 + i, 2, 2 + i, 2)))


def draw_yardsticks(ax: Axes, marks: Yardsticks, *, at: float, unit: float = 1.0) -> None:
    """Draw, across `ax`, what a quality on its y axis is read beside: a grey band for a perfect sample, mean and standard
    deviation, and dotted lines for the best Gaussian and for doing nothing. Their names begin at x = `at`; the axis counts
    in `unit`.
    """
    low, wide = marks.floor.mean / unit, marks.floor.sd / unit
    ax.axhspan(low - wide, low + wide, color=ROLES["floor"], alpha=0.25, linewidth=0)
    ax.text(at, low, "a perfect sample", va="center")
    # The one is a little below the other, and the names may not meet.
    for mark, name, first in (
        (marks.nothing, "nothing done, N(0, I)", True),
        (marks.gaussian, "the best Gaussian", False),
    ):
        ax.axhline(mark.mean / unit, color=INK, linewidth=1, linestyle=":")
        ax.text(
            at, mark.mean / unit, name, va="bottom" if first == (marks.nothing.mean >= marks.gaussian.mean) else "top"
        )


def use_book_style() -> None:
    """Draw every later figure of this notebook in the book's style."""
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.2),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.facecolor": "none",
            "savefig.facecolor": "white",
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "grid.color": INK,
            "grid.alpha": 0.25,
            "axes.prop_cycle": mpl.cycler(color=list(ROLES.values())),
            "font.size": 10,
            "axes.titlesize": 10,
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "svg.hashsalt": "knob-by-knob",  # the same figure gives the same SVG
        }
    )
    # Twice the pixels for sharp screens, and no cropping: figures keep their width, so text has one size on the page.
    set_matplotlib_formats("retina", bbox_inches=None)
