"""One look for every figure: who has which colour, and matplotlib settings that suit a light page and a dark one.

The same thing has the same colour everywhere in the book. The colours are those of Okabe and Ito, which stay apart for
colour-blind readers; their black is replaced by a grey that is visible on both pages (INK), and step rules differ by
marker and dash as well, so that no plot depends on colour alone.
"""

from typing import NamedTuple

import matplotlib as mpl
from matplotlib_inline.backend_inline import set_matplotlib_formats

from lib.samplers import rules

INK = "#7A7A7A"  # 4.3 : 1 on white and 4.4 : 1 on the dark page, the best one grey can do on both

ROLES = {
    "data": "#0072B2",  # blue
    "noise": "#E69F00",  # orange
    "noisy": "#CC79A7",  # reddish purple: x_t, between the two
    "velocity": "#009E73",  # bluish green
    "oracle": "#56B4E9",  # sky blue
    "learned": "#D55E00",  # vermillion
    "floor": INK,
}


class RuleStyle(NamedTuple):
    """How a step rule is drawn: `plot(..., **style._asdict())`."""

    color: str
    marker: str
    linestyle: str | tuple


RULES = {
    "euler": RuleStyle("#0072B2", "o", "-"),
    "heun": RuleStyle("#009E73", "s", "--"),
    "rk4": RuleStyle("#CC79A7", "^", "-."),
    "ddim": RuleStyle("#D55E00", "D", ":"),
    "ancestral": RuleStyle("#E69F00", "v", (0, (5, 1))),  # posterior variance, beta-tilde
    "ancestral_beta": RuleStyle("#56B4E9", "P", (0, (1, 1))),  # variance beta
    "dpmpp_2m": RuleStyle(INK, "X", (0, (3, 1, 1, 1))),
}

# Of rules beyond these: the colours come again, each with a marker and a dash that nothing else has.
SPARE_MARKERS = ("<", ">", "p", "h")

SCHEDULES = {  # drawn as the step rules are; a variant keeps its schedule's style and is labelled
    "linear": RuleStyle("#0072B2", "o", "-"),
    "cosine": RuleStyle("#D55E00", "s", (0, (5, 1.5))),
    "scaled linear": RuleStyle("#009E73", "^", (0, (4, 1, 1, 1))),
}

WIDTH = 7.2  # inches: the page's column


def style_of(rule: str) -> RuleStyle:
    """How to draw a rule, by its name: as RULES says, or with the next style that is free."""
    if rule in RULES:
        return RULES[rule]
    i = [one.__name__ for one in rules() if one.__name__ not in RULES].index(rule)
    color = list(RULES.values())[i % len(RULES)].color
    return RuleStyle(color, SPARE_MARKERS[i % len(SPARE_MARKERS)], (0, (6 + i, 2, 2 + i, 2)))


def use_book_style() -> None:
    """Draw every later figure of this notebook in the book's style."""
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.2),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
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
