"""The questions of the self-test: what book/questions holds, and what follows from it.

NN_chapter.yml   a list of questions; contributing/writing.md says what a question holds
menu.yml         the eight open questions that these take apart
"""

import hashlib
import json
import random
import re
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes

from tools.notebooks import names

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "book" / "questions"
KINDS = ("choice", "several", "number", "formula", "order")


@cache
def chapters() -> dict[str, list[dict]]:
    """The questions of every file, by its stem."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("[0-9]*.yml"))}


@cache
def menu() -> list[dict]:
    """The eight open questions."""
    return yaml.safe_load((FOLDER / "menu.yml").read_text())


@cache
def titles() -> dict[str, str]:
    """The title of every section of the chapters, by the part of its address after notebooks/: NN_chapter.html#section."""
    found = {}
    for path in sorted((ROOT / "book" / "chapters").glob("*.md")):
        prose = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        for title in re.findall(r"^#+ (.+)$", prose, re.MULTILINE):
            found[f"{path.stem}.html#{nodes.make_id(title)}"] = title
    return found


def address(see: str) -> str:
    """NN_chapter#section as titles() has it."""
    return see.replace("#", ".html#", 1)


def number(stem: str, at: int) -> str:
    """The number of question `at` of a file: 3.1 is the first on chapter 3, and Museum 1 the first on the museum."""
    return names.numbered(stem, at + 1)


def shuffled(question: dict) -> list[int]:
    """The items of an ordering as they are first shown: always the same, and neither right nor reversed."""
    right = list(range(len(question["items"])))
    draw = random.Random(question["id"])
    shown = right[:]
    while shown in (right, right[::-1]):
        draw.shuffle(shown)
    return shown


def for_script(question: dict) -> dict:
    """What judge.js reads."""
    kind = question["kind"]
    wrong = [mistake["is"] for mistake in question.get("wrong", [])]
    if kind in ("choice", "several"):
        options = question["options"]
        what = {"right": [i for i, option in enumerate(options) if option.get("right")], "count": len(options)}
    elif kind == "number":
        what = {"answer": question["answer"], "tolerance": question["tolerance"], "wrong": wrong}
    elif kind == "formula":
        what = {"names": question["names"], "answer": question["answer"], "wrong": wrong}
    else:
        what = {"count": len(question["items"]), "wrong": [[place - 1 for place in order] for order in wrong]}
    edition = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:8]
    return {"kind": kind, "edition": edition} | what


def letter(i: int) -> str:
    """Option 0 is a."""
    return "abcdefgh"[i]


def right_letters(question: dict) -> str:
    """The answer to a question with letters, as one would write it on paper."""
    if question["kind"] == "order":
        shown = shuffled(question)
        return " ".join(letter(shown.index(item)) for item in range(len(shown)))
    return " ".join(letter(i) for i, option in enumerate(question["options"]) if option.get("right"))


def reason(question: dict) -> str:
    """Why the answer is right: that of the right option where there is one, else the question's own."""
    if question["kind"] == "choice":
        return next(option["why"] for option in question["options"] if option.get("right"))
    return question["why"]
