"""One colour language: the page's CSS and the figures agree, and the ink reads on both pages."""

import math
import re
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from classroom.plots import INK, ROLES, RULES, SCHEDULES, draw_yardsticks, style_of, use_book_style
from lib import samplers
from lib.metrics import Spread, Yardsticks
from lib.samplers import rules

CSS = (Path(__file__).parents[1] / "book" / "_static" / "book.css").read_text()
PAGES = {"light": "#FFFFFF", "dark": "#14181E"}
MARKS = ROLES | {name: style.color for name, style in (RULES | SCHEDULES).items()}


def turn(colour: str) -> str:
    """What invert(1) hue-rotate(180deg) makes of a colour (the matrix of Filter Effects Level 1, at 180 degrees)."""
    red, green, blue = (1 - c for c in mpl.colors.to_rgb(colour))
    grey = 2 * (0.213 * red + 0.715 * green + 0.072 * blue)
    return mpl.colors.to_hex([min(max(grey - c, 0), 1) for c in (red, green, blue)])


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        red, green, blue = (
            c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_css_has_the_palette_of_the_figures():
    assert dict(re.findall(r"--k-([\w-]+): (#\w{6});", CSS)) == ROLES | {"ink": INK}


def test_every_role_has_a_class():
    for role in ROLES:
        assert f".k-{role} {{ text-decoration-color: var(--k-{role}); }}" in CSS


@pytest.mark.parametrize("page", PAGES)
def test_every_word_and_every_mark_of_a_figure_is_seen(page):
    """A dark page turns the colours of a figure round; an explorer draws the marks as they are, and words in the page's ink."""
    turned = turn if page == "dark" else str
    assert contrast(turned(INK), PAGES[page]) >= 4.5
    for name, colour in MARKS.items():
        assert contrast(turned(colour), PAGES[page]) >= 3, name
        assert contrast(colour, PAGES[page]) >= 3, name


@pytest.mark.parametrize("field", ["color", "marker", "linestyle"])
def test_step_rules_differ_in_colour_and_marker_and_dash(field):
    assert len({getattr(style, field) for style in RULES.values()}) == len(RULES)


def test_rules_beyond_those_of_the_book_have_a_marker_and_a_dash_of_their_own(monkeypatch):
    assert {rule.__name__ for rule in rules()} <= RULES.keys()
    more = [lambda step: step.x for _ in range(4)]
    for i, rule in enumerate(more):
        rule.__name__ = f"new_{i}"
    monkeypatch.setattr(samplers, "_SAID", [*rules(), *more])
    styles = [*RULES.values(), *(style_of(rule.__name__) for rule in more)]
    for field in ("marker", "linestyle"):
        assert len({getattr(style, field) for style in styles}) == len(styles)
    assert {style.color for style in styles} == {style.color for style in RULES.values()}


def test_no_two_things_share_a_colour():
    """As far apart as the eye needs in OKLab (Ottosson 2020), where 0.02 can just be told apart side by side."""
    assert len(MARKS) == len(ROLES) + len(RULES) + len(SCHEDULES)
    for (one, a), (other, b) in combinations(MARKS.items(), 2):
        assert math.dist(oklab(a), oklab(b)) > 0.05, (one, other)


def oklab(colour: str) -> list[float]:
    """Lightness and the two axes of colour."""
    rgb = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)]
    to_lms = ((0.4122, 0.5363, 0.0514), (0.2119, 0.6807, 0.1074), (0.0883, 0.2817, 0.6300))
    to_lab = ((0.2105, 0.7936, -0.0041), (1.9780, -2.4286, 0.4506), (0.0259, 0.7828, -0.8087))
    lms = [sum(m * c for m, c in zip(row, rgb)) ** (1 / 3) for row in to_lms]
    return [sum(m * c for m, c in zip(row, lms)) for row in to_lab]


def test_book_style_draws_the_same_figure_on_white_twice(tmp_path):
    with mpl.rc_context():
        use_book_style()
        for name in ("one.svg", "two.svg"):
            fig, ax = plt.subplots()
            ax.plot([0, 1], [0, 1], **RULES["euler"]._asdict())
            fig.savefig(tmp_path / name, metadata={"Date": None})
            plt.close(fig)
        assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
        fig.savefig(tmp_path / "figure.png")
        assert plt.imread(tmp_path / "figure.png")[0, 0, :3].tolist() == [1, 1, 1]


def test_yardsticks_are_a_band_and_two_lines_whose_names_stand_apart():
    marks = Yardsticks(floor=Spread(0.02, 0.01), gaussian=Spread(0.25, 0.01), nothing=Spread(0.29, 0.01))
    for found, unit in ((marks, 1.0), (marks._replace(gaussian=marks.nothing, nothing=marks.gaussian), 0.001)):
        _, ax = plt.subplots()
        draw_yardsticks(ax, found, at=5, unit=unit)
        (band,) = ax.patches
        assert (band.get_y() * unit, band.get_height() * unit) == pytest.approx((0.01, 0.02))
        levels = [line.get_ydata()[0] * unit for line in ax.lines]
        assert levels == pytest.approx([found.nothing.mean, found.gaussian.mean])
        names = {text.get_text(): text for text in ax.texts}
        assert [*names] == ["a perfect sample", "nothing done, N(0, I)", "the best Gaussian"]
        higher, lower = sorted(ax.texts[1:], key=lambda text: -text.get_position()[1])
        assert (higher.get_va(), lower.get_va()) == ("bottom", "top")
        plt.close()
