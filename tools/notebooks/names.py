"""What a reader calls a chapter: 07_solvers is chapter 7; 06b_couplings, which goes on from chapter 6, is 6b; and the bug museum,
which stands under Practise, has no number."""

import re

MUSEUM = "16_bug_museum"
SECOND = "Second reading: "  # how the heading of a section begins that a first reader may skip
GUESSED = "After your guess: "  # and that of one which tells the answer to a question before it
PLAYED = "After the last exhibit: "
FOLDED = (SECOND, GUESSED, PLAYED)  # the page and JupyterLab close these sections


def number(stem: str) -> str:
    """The number of a chapter, by a name of one of its files; "" for the museum and for pages that are no chapters."""
    found = re.match(r"(\d\d)([a-z]?)_", stem)
    return f"{int(found[1])}{found[2]}" if found and not MUSEUM.startswith(found[0]) else ""


def short(stem: str) -> str:
    """The number as it begins the names of a chapter's files: 07, 06b."""
    return stem.partition("_")[0]


def label(stem: str) -> str:
    """A chapter in a list: 07, or "museum"."""
    return "museum" if stem == MUSEUM else short(stem)


def titled(text: str, stem: str) -> str:
    """A chapter's Markdown with its number before the title: the first heading, `# Solvers`, becomes `# 7 · Solvers`."""
    own = number(stem)
    return re.sub(r"^# (?=\S)", f"# {own} · ", text, count=1, flags=re.MULTILINE) if own else text


def numbered(stem: str, count: int) -> str:
    """The number of an exercise or a question: 7.3 is the third of chapter 7, and Museum 3 that of the museum."""
    own = number(stem)
    return f"{own}.{count}" if own else f"Museum {count}"
