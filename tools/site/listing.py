"""Lines of `lib` as a page shows them: read from the files at build time, highlighted, and numbered as in the file.

    rows("lib.samplers.rk4")                        its lines of code, those that tools/site/sizes.py counts
    rows("lib.nets.mlp.MLPDenoiser/label+classes")  the lines with one of these words as additions, and what is around them
    html(rows(...))                                 a <pre>, in it each line a <span>, or as an addition an <ins>

The numbers and the signs are drawn by book.css: whoever copies a listing copies code.
"""

import ast
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Comment, Keyword, Literal, Name, Operator, Token

from tools.site.sizes import ROOT, code_lines, counted_lines, find, span

TOLD_APART = (Comment, Keyword, Literal, Name.Builtin, Name.Class, Name.Decorator, Name.Function, Operator.Word)
TAGS = {"+": "ins", "-": "del", "*": "mark"}  # an addition, what it replaces, what matters
DECORATOR, BEGINS = re.compile(r"\s*@"), re.compile(r"\s*(@|def |class )")
LONG = 72  # columns: a longer line may be folded, and goes on below its own indent


class Row(NamedTuple):
    """A line of a listing, or a gap in it: `kind` is one of TAGS, " " for what is around these, or "gap"."""

    path: Path
    number: int
    kind: str = " "

    @property
    def text(self) -> str:
        return "" if self.kind == "gap" else source_lines(self.path)[self.number - 1]


@cache
def source_lines(path: Path) -> list[str]:
    """The lines of a file."""
    return path.read_text().split("\n")


@cache
def highlighted(path: Path) -> list[str]:
    """The lines of a file as HTML. Names, brackets and operators have the colour of the text, so they need no element."""
    lines, kind, text = [""], None, ""

    def close() -> None:
        nonlocal text
        for i, part in enumerate(text.split("\n")):
            lines.extend([""] * (i > 0))
            part = escape(part, quote=False)
            lines[-1] += f'<span class="{kind}">{part}</span>' if kind and part else part
        text = ""

    for token, part in [*PythonLexer(stripnl=False).get_tokens(path.read_text()), (Token, "")]:
        is_kind = STANDARD_TYPES[token] if any(token in it for it in TOLD_APART) and part.strip() else None
        if is_kind != kind:
            close()
        kind, text = is_kind, text + part
    close()
    return lines


def rows(name: str, kind: str = "+") -> list[Row]:
    """The lines of code of a name. Where it asks for words, the lines with them are of the given kind, in their context.

    Raises ValueError for a name that is nowhere, and for words that no line has.
    """
    found = []
    for one in name.split(","):
        lines = [Row(*place) for place in counted_lines(one)]
        if not lines:
            raise ValueError(f"No line of code of {one!r}.")
        found += in_context(one, {row.number for row in lines}, kind) if "/" in one else lines
    return found


def in_context(name: str, marked: set[int], kind: str) -> list[Row]:
    """Marked lines, the statements and definitions that they stand in, and the gaps; around additions a line of code, too."""
    path, root = find(name.partition("/")[0])
    source = path.read_text()
    code = [i for i in span(root, source) if i in code_lines(source)]
    shown = set(marked)
    for node in ast.walk(root):
        lines = heading(node) if hasattr(node, "body") else whole(node)
        holds = isinstance(node, ast.FunctionDef | ast.ClassDef) and marked & set(span(node, source))
        if lines and (holds or marked & set(lines)):
            shown |= set(lines)
    at = [i for i, line in enumerate(code) if line in marked and kind == "+"]
    shown |= {code[j] for i in at for j in (i - 1, i + 1) if 0 <= j < len(code)}
    found = []
    for before, line in zip([None, *code], code):
        if line in shown:
            if found and before not in shown:
                found.append(Row(path, line, "gap"))
            found.append(Row(path, line, kind if line in marked else " "))
    return found


def heading(node: ast.AST) -> range:
    """The lines of a compound statement before its body."""
    body = node.body[0] if isinstance(node.body, list) else node.body
    return range(node.lineno, max(node.lineno + 1, body.lineno)) if hasattr(node, "lineno") else range(0)


def whole(node: ast.AST) -> range:
    """The lines of a simple statement."""
    return range(node.lineno, node.end_lineno + 1) if isinstance(node, ast.stmt) else range(0)


def verbatim(path: Path, lines: range) -> list[Row]:
    """These lines of a file as they stand, with docstrings and comments."""
    return [Row(path, i) for i in lines]


def html(rows: list[Row], anchors: str = "") -> str:
    """A listing without the indent that all its lines share. With `anchors` a link can lead to a line, `#lib.samplers-77`."""
    indent = min(len(row.text) - len(row.text.lstrip()) for row in rows if row.text.strip())
    found = []
    for before, row in zip([None, *rows], rows):
        if row.kind == "gap":
            found.append('<span class="k-gap">⋮\n</span>')
            continue
        # Inside a docstring the indent stands behind the beginning of its element.
        text = re.sub(rf"^(<span[^>]*>)? {{0,{indent}}}", r"\1", highlighted(row.path)[row.number - 1])
        tag = TAGS.get(row.kind, "span")
        attributes = f' data-n="{row.number}"' + (f' id="{anchors}-{row.number}"' if anchors else "")
        if before and before.text.strip() and not DECORATOR.match(before.text) and BEGINS.match(row.text):
            attributes += ' class="k-new"'  # a definition stands free of what comes before
        if len(row.text) > LONG:
            attributes += f' style="--k-indent:{len(row.text) - len(row.text.lstrip()) - indent}ch"'
        found.append(f"<{tag}{attributes}>{text}\n</{tag}>")
    return f'<div class="highlight k-lines"><pre>{"".join(found)}</pre></div>'


def short(path: Path) -> str:
    """A file's name from the root of the repository, `lib/nets/dit.py`."""
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    """The name that a file is imported by."""
    return short(path).removesuffix(".py").replace("/", ".")


def address(options: dict, path: Path, first: int, last: int, page: str = "") -> str:
    """Where a link to lines of a file leads: into the repository once it has an address, else to the file on the API page."""
    if repository := options.get("repository_url"):
        return f"{repository}/blob/{options.get('repository_branch', 'main')}/{short(path)}#L{first}-L{last}"
    return f"{page}#{dotted(path)}-{first}"
