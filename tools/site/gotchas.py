"""A Sphinx extension: ```{pair}``` shows wrong lines beside the right ones, and marks where they differ.

    ```{pair}
    x = mean + std * z
    ---
    x = mean + (std * z if s >= 0 else 0)
    ```

`pairs` reads the same blocks from book/gotchas.md, and `run` executes them, for tests/test_gotchas.py and for the pictures
(tools/site/gotcha_pictures.py): what a reader sees is what was tried. The names of `lib` are there, and torch, math, F, nn and
pairwise.
"""

import math
import re
from difflib import SequenceMatcher
from html import escape
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from docutils import nodes
from docutils.parsers.rst import directives
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from torch import nn

import lib
from lib.memorisation import copy_ratio
from lib.trained.image_metrics import nearest
from tools.notebooks.claims import slug

PAGE = Path(__file__).parents[2] / "book" / "gotchas.md"
SECTION = re.compile(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\{pair\}\n(?::[^\n]*\n)*(.*?)^---\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = {
    "torch": torch,
    "math": math,
    "F": F,
    "nn": nn,
    "pairwise": pairwise,
    "nearest": nearest,
    "copy_ratio": copy_ratio,
} | {name: thing for name, thing in vars(lib).items() if not name.startswith("_")}


def sections(page: str) -> dict[str, str]:
    """{anchor: text} of the entries of the page."""
    return {slug(title): text for title, text in SECTION.findall(page)}


def pairs(page: str | None = None) -> dict[str, tuple[str, str]]:
    """{anchor: (wrong, right)} of the entries that have a pair."""
    found = {name: BLOCK.search(text) for name, text in sections(page or PAGE.read_text()).items()}
    return {name: (block[1], block[2]) for name, block in found.items() if block}


def run(code: str, **given) -> dict:
    """Execute one side of a pair, with what it is given, and return its names."""
    names = {**NAMES, **given}
    exec(compile(code, str(PAGE), "exec"), names)
    return names


# ---- how they are shown ------------------------------------------------------------------------------------------------------


def tokens(line: str) -> list[tuple[str, str]]:
    """(class of its highlighting, text) of the words of a line of Python."""
    return [(STANDARD_TYPES.get(kind, ""), text) for kind, text in PythonLexer(stripnl=False).get_tokens(line)]


def marked(code: str, other: str, sign: str) -> str:
    """The lines of `code` as HTML: the sign before each line that `other` has not, its words that differ in <mark>."""
    mine, theirs = code.rstrip("\n").split("\n"), other.rstrip("\n").split("\n")
    lines = []
    for kind, a, b, c, d in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [line(tokens(text), set(), " ") for text in mine[a:b]]
            continue
        words = [[token for text in part for token in tokens(text)] for part in (mine[a:b], theirs[c:d])]
        new = {
            i
            for kind, i, j, *_ in SequenceMatcher(None, *words, autojunk=False).get_opcodes()
            if kind != "equal"
            for i in range(i, j)
        }
        start = 0
        for text in mine[a:b]:
            own = tokens(text)
            lines.append(line(own, {i - start for i in new}, sign))
            start += len(own)
    return "".join(lines)


def line(words: list[tuple[str, str]], new: set[int], sign: str) -> str:
    """One line, a block of its own: its sign, and its words, those that are new within <mark>."""
    text = ""
    for i, (kind, word) in enumerate(words):
        shown = escape(word.rstrip("\n"))
        if shown.strip():
            shown = f'<span class="{kind}">{shown}</span>' if kind else shown
            shown = f"<mark>{shown}</mark>" if i in new else shown
        text += shown
    return f'<span class="k-line"><span class="linenos" aria-hidden="true">{sign} </span>{text}\n</span>'


class Pair(SphinxDirective):
    """Two pieces of code, side by side where there is room. Options `wrong` and `right` give them another heading."""

    has_content = True
    option_spec = {"wrong": directives.unchanged, "right": directives.unchanged}  # noqa: RUF012 - as docutils has it

    def run(self) -> list[nodes.Node]:
        """Split at the line of three dashes."""
        wrong, cut, right = "\n".join(self.content).partition("\n---\n")
        if not cut:
            raise self.error("A pair is wrong lines, a line ---, and right lines.")
        sides = (("wrong", "✗", "Wrong", wrong, right, "−"), ("right", "✓", "Right", right, wrong, "+"))
        html = ""
        for side, symbol, name, code, other, sign in sides:
            html += (
                f'<div class="k-side k-{side}"><p><span aria-hidden="true">{symbol}</span> '
                f"{escape(self.options.get(side, name))}</p>"
                f'<div class="highlight"><pre>{marked(code, other, sign)}</pre></div></div>'
            )
        return [nodes.raw("", f'<div class="k-pair">{html}</div>', format="html")]


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("pair", Pair)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
