"""One colour language: the page's CSS and the figures agree, and the ink reads on both pages."""

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from classroom.plots import INK, ROLES, RULES, style_of, use_book_style
from lib import samplers
from lib.samplers import rules

CSS = (Path(__file__).parents[1] / "book" / "_static" / "book.css").read_text()
PAGES = {"light": "#FFFFFF", "dark": "#121212"}


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
def test_ink_reads_on_both_pages(page):
    assert contrast(INK, PAGES[page]) > 4.25  # 4.3 is the best that one colour can do on white and #121212 at once


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


def test_roles_differ_in_colour():
    assert len(set(ROLES.values())) == len(ROLES)


def test_book_style_draws_the_same_transparent_figure_twice(tmp_path):
    with mpl.rc_context():
        use_book_style()
        for name in ("one.svg", "two.svg"):
            fig, ax = plt.subplots()
            ax.plot([0, 1], [0, 1], **RULES["euler"]._asdict())
            fig.savefig(tmp_path / name, metadata={"Date": None})
            plt.close(fig)
        assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
        fig.savefig(tmp_path / "figure.png")
        assert plt.imread(tmp_path / "figure.png")[0, 0, 3] == 0
