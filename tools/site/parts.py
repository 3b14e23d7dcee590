"""What a chapter is made of, for the slides and the pages for teachers: its figures, explorers, formulas, predictions, traps."""

import ast
import base64
import io
import re
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import nbformat
from bs4 import BeautifulSoup
from docutils.nodes import make_id
from PIL import Image

from tools.notebooks import exercises
from tools.notebooks.claims import CELL
from tools.notebooks.levels import Effort, efforts
from tools.notebooks.names import numbered, short
from tools.notebooks.predictions import DIRECTIVE, ITEM

ROOT = Path(__file__).parents[2]
HEADING = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)
FORMULA = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.MULTILINE | re.DOTALL)
TRAP = re.compile(r'<div class="trap">\n\n(.*?)\n\n?</div>', re.DOTALL)


class Figure(NamedTuple):
    """A picture with its words, and the heading that it stands under; `picture` when a dark page must not invert it."""

    png: bytes
    alt: str
    caption: str
    section: str
    picture: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, two for one of the page."""
        return Image.open(io.BytesIO(self.png)).size


class Prediction(NamedTuple):
    """A box in which the reader predicts: [(right or not, answer)], what one should see, and the heading that it stands under."""

    question: str
    answers: list[tuple[bool, str]]
    resolution: str
    section: str

    @property
    def right(self) -> list[str]:
        """The right answers."""
        return [text for right, text in self.answers if right]


class Trap(NamedTuple):
    """A wrong statement, and what is true instead."""

    title: str
    text: str
    section: str


class Exercise(NamedTuple):
    """What an exercise asks, and how hard it is."""

    name: str
    number: str
    title: str
    task: str
    effort: Effort
    section: str


class Chapter:
    """A chapter as its source and its notebook have it."""

    def __init__(self, stem: str, root: Path = ROOT) -> None:
        self.stem = stem
        self.source = (root / "book" / "chapters" / f"{stem}.md").read_text()
        self.prose = CELL.sub(lambda cell: "\n" * cell[0].count("\n"), self.source)
        self.notebook = nbformat.read(root / "notebooks" / f"{stem}.ipynb", 4)

    @property
    def title(self) -> str:
        """Its title, without its number."""
        return re.search(r"^# (.+)$", self.prose, re.MULTILINE)[1]

    @property
    def opening(self) -> str:
        """Its first paragraph."""
        return " ".join(self.prose.split(f"# {self.title}\n", 1)[1].strip().split("\n\n")[0].split())

    @property
    def headings(self) -> list[str]:
        """The headings of its sections and subsections."""
        return [title for _, title in HEADING.findall(self.prose)]

    def section(self, place: int) -> str:
        """The heading above a place of its prose."""
        return next((match[2] for match in [*HEADING.finditer(self.prose, 0, place)][::-1]), "")

    def formula(self, section: str, number: int) -> str:
        """The display formula of a section, counted from 1. Raises KeyError when there is none."""
        found = [match[1] for match in FORMULA.finditer(self.prose) if self.section(match.start()) == section]
        if not 0 < number <= len(found):
            raise KeyError(f"{self.stem}: there is no formula {number} under {section!r}")
        return re.sub(r"\s*\\tag\{.*?\}|[ .,;:]+$", "", found[number - 1].strip())

    @property
    def predictions(self) -> list[Prediction]:
        """Its Predict boxes, in order."""
        found = []
        for match in DIRECTIVE.finditer(self.source):
            body, _, resolution = match[1].partition("\n---\n")
            items = [(mark == "*", " ".join(text.split())) for mark, text in ITEM.findall(body)]
            question = " ".join(body[: ITEM.search(body).start()].split())
            section = re.findall(HEADING, CELL.sub("", self.source[: match.start()]))
            found.append(Prediction(question, items, resolution.strip(), section[-1][1] if section else ""))
        return found

    @property
    def traps(self) -> list[Trap]:
        """Its traps, in order."""
        found = []
        for match in TRAP.finditer(self.prose):
            bold, _, text = match[1].partition("**")[2].partition("**")
            found.append(Trap(bold.removeprefix("Trap: ").rstrip("."), text.strip(), self.section(match.start())))
        return found

    @property
    def figures(self) -> dict[str, Figure]:
        """Its figures, by name."""
        return {name: figure for name, figure in self._shown.items() if name.startswith("fig-")}

    @property
    def explorers(self) -> dict[str, Figure]:
        """The posters of its explorers, by the id on its page."""
        return {name: figure for name, figure in self._shown.items() if name.startswith("explorer-")}

    @cached_property
    def _shown(self) -> dict[str, Figure]:
        found, section = {}, ""
        for cell in self.notebook.cells:
            if cell.cell_type == "markdown":
                section = (re.findall(r"^##+ (.+)$", cell.source, re.MULTILINE) or [section])[-1]
            said = cell.metadata.get("mystnb", {})
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if "image/png" in data and "figure" in said:
                    figure, image = said["figure"], said["image"]
                    png, picture = base64.b64decode(data["image/png"]), "picture" in image.get("classes", "")
                    found[figure["name"]] = Figure(png, image["alt"], figure["caption"], section, picture)
                elif "data-explorer" in data.get("text/html", ""):
                    drawn = BeautifulSoup(data["text/html"], "html.parser")
                    poster, caption = drawn.img, drawn.figcaption
                    png = base64.b64decode(poster["src"].split(",")[1])
                    words = " ".join(caption.get_text().split()) if caption else ""
                    found[drawn.figure["id"]] = Figure(png, poster["alt"], words, section, True)
        return found


@cache
def chapter(stem: str) -> Chapter:
    """A chapter of this book, read once."""
    return Chapter(stem)


@cache
def tasks(stem: str) -> list[Exercise]:
    """The exercises of a chapter, in order."""
    found, folder = [], ROOT / "classroom" / "exercises" / f"ch{short(stem)}"
    for i, match in enumerate(exercises.DIRECTIVE.finditer(chapter(stem).prose), 1):
        file = folder / f"{match[1]}.py"
        title, task, _ = exercises.said(ast.get_docstring(ast.parse(file.read_text())) or "", file)
        effort, section = efforts(ROOT)[stem][match[1]], chapter(stem).section(match.start())
        found.append(Exercise(match[1], numbered(stem, i), title, task, effort, section))
    return found


def exercise(stem: str, name: str) -> Exercise:
    """An exercise of a chapter by its name."""
    return next(one for one in tasks(stem) if one.name == name)


@cache
def stems() -> list[str]:
    """The chapters of this book, in order."""
    return sorted(path.stem for path in (ROOT / "book" / "chapters").glob("*.md"))


def plain(text: str) -> str:
    """The text without the marks that tie its numbers to their records, which its chapter has been checked for."""
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


def address(stem: str, section: str = "") -> str:
    """Where a section stands in the built book, from its root."""
    return f"notebooks/{stem}.html" + (f"#{make_id(section)}" if section else "")
