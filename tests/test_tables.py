"""Tables: every cell in its place, the winner marked, and nothing that cannot be compared."""

import math
from html.parser import HTMLParser
from pathlib import Path

import pytest

from classroom.tables import table
from lib.metrics import Spread

HEAD = ["sampler", "calls", "distance"]
ROWS = [["Euler", 20, 0.25], ["Heun", 20, 0.1251], ["RK4 <4>", 1000, Spread(0.1249, 0.02)]]


class Reader(HTMLParser):
    """The rows of a table, and which cells are bold."""

    def __init__(self, text: str):
        super().__init__()
        self.rows: list[list[str]] = []
        self.bold: list[str] = []
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        while self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if {"td", "th"} & {*self.inside}:
            self.rows[-1][-1] += data
            if "strong" in self.inside:
                self.bold.append(data)


def test_every_cell_is_shown_as_its_column_says():
    shown = table(
        HEAD, ROWS, digits={"distance": 2}, floor=["a perfect sampler", None, 0.04], nothing=["noise", 0, math.nan]
    )
    rows = Reader(shown._repr_html_()).rows
    assert rows == [
        HEAD,
        ["Euler", "20", "0.25"],
        ["Heun", "20", "0.13"],
        ["RK4 <4>", "1,000", "0.12 ± 0.02"],
        ["a perfect sampler", "–", "0.04"],
        ["noise", "0", "–"],
    ]
    assert [line.split("  ")[0] for line in repr(shown).splitlines()] == [row[0] for row in rows]


@pytest.mark.parametrize(("digits", "won"), [(4, ["0.1249 ± 0.0200"]), (3, ["0.125", "0.125 ± 0.020"])])
def test_the_winner_is_bold_and_so_is_who_looks_alike(digits, won):
    floor = ["a perfect sampler", None, 0.04]  # does not compete
    assert Reader(table(HEAD, ROWS, digits=digits, best={"distance": min}, floor=floor)._repr_html_()).bold == won


def test_the_most_can_win_too_and_what_is_missing_does_not():
    rows = [["a", None, math.nan], ["b", 3, 1.0], ["c", 2, 2.0]]
    assert Reader(table(HEAD, rows, best={"calls": max, "distance": max})._repr_html_()).bold == ["3", "2.000"]


def test_a_reader_of_the_screen_gets_names_for_rows_columns_and_the_box():
    shown = table(HEAD, ROWS, caption='Distance, "sliced"')._repr_html_()
    assert shown.count('scope="col"') == 3 and shown.count('scope="row"') == 3
    assert 'aria-label="Distance, &quot;sliced&quot;"' in shown and "<caption>" in shown


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rows": [["Euler", 20]]}, "3 cells"),
        ({"floor": ["a perfect sampler"]}, "3 cells"),
        ({"best": {"speed": min}}, "no column 'speed'"),
        ({"digits": {"speed": 2}}, "no column 'speed'"),
    ],
)
def test_what_does_not_fit_is_said(wrong, words):
    with pytest.raises(ValueError, match=words):
        table(**{"head": HEAD, "rows": ROWS} | wrong)


def test_no_row_of_a_chapter_is_nameless():
    """A screen reader reads the first cell before every other of its row."""
    chapters = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
    assert len(chapters) > 10
    nameless = '<th scope=\\"row\\"></th>'  # as JSON writes it
    assert [path.stem for path in chapters if nameless in path.read_text()] == []
