"""The explorers that stand in the built book, and which of them are examined where.

One that stands on several pages is examined on one of them and begun on all. It is moved there, too, unless it is the very
same, with the same data and script, as one that is moved on another page.
"""

import re
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from classroom.explorers.figure import APART
from tests.browser.checks import HTML
from tests.browser.explorers import begin, first_control

FIGURE = re.compile(r'<figure class="kx" id="([\w-]+)" data-explorer="([\w-]+)".*?</figure>', re.DOTALL)
MODULE = re.compile(r'<script type="module">.*?</script>', re.DOTALL)


class Figure(NamedTuple):
    """An explorer on a page."""

    path: Path
    id: str
    name: str
    html: str

    def __str__(self) -> str:
        return f"{self.path.stem}-{self.name}"


def contents(figure: Figure) -> str:
    """All that an explorer is made of, up to its name on the page."""
    return figure.html.replace(f'"{figure.id}"', '""') + bundle_of(figure)


def bundle_of(figure: Figure) -> str:
    """The script of its page that brings it to life."""
    folder = "/".join(("classroom/explorers", *filter(None, [APART.get(figure.name.replace("-", "_"))])))
    return next(it for it in MODULE.findall(figure.path.read_text()) if f"// Generated from {folder}/*.js" in it)


PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
ALL = [Figure(path, it[1], it[2], it[0]) for path in PAGES for it in FIGURE.finditer(path.read_text())]
EACH = list({figure.name: figure for figure in reversed(ALL)}.values())
MOVED = list({contents(figure): figure for figure in reversed(ALL)}.values())


def lives(page: Page, figures: list[Figure]) -> list[str]:
    """Begin explorers of the open page; move those that are the only ones of their contents, or stand for such."""
    faults = []
    for figure in figures:
        begin(page, figure.id)
        if figure in MOVED:
            faults += first_control(page, figure.id)
    return faults
