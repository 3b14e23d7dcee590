"""Every explorer as the pages of the book show it, and as the posters are drawn: an explorer is a .js and a .py of one name."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path

from lib.trained.shipped import RESULTS

EXPLORERS = Path(__file__).parents[2] / "classroom" / "explorers"
LISTS = ("decision_tree",)  # explorers without a picture: they need no stage


def gallery(folder: Path = EXPLORERS) -> list[str]:
    """The names of the explorers, which are those of their files."""
    return sorted(path.stem for path in folder.glob("*.py") if path.with_suffix(".js").exists())


@cache
def explorer(name: str) -> str:
    """The HTML of one explorer, with the shipped models where it has a choice of models."""
    module = import_module(f"classroom.explorers.{name}")
    shown = module.in_book(RESULTS) if hasattr(module, "in_book") else module.show()
    return shown.data


def pictures(name: str) -> dict[str, Callable[[], str]]:
    """The posters of an explorer by the stem of their files, with what shows the HTML that each is drawn from: its own, and those
    of further openings, the marks in its OPENINGS."""
    module, own = import_module(f"classroom.explorers.{name}"), name.replace("_", "-")
    marks = [mark for mark in getattr(module, "OPENINGS", {}) if mark]
    return {own: lambda: explorer(name)} | {
        f"{own}-{mark}": lambda mark=mark: module.in_book(RESULTS, mark).data for mark in marks
    }
