"""How many lines of code something takes: without docstrings, comments and blank lines.

A page shows such a number as <!--lines:lib.samplers.rk4-->8<!--/lines-->; tests/test_reference_pages.py counts again. A name
may be a module, or a function, class or method in it, with its decorators. Several are joined by commas, and
`lib.nets.mlp.MLPDenoiser/label+classes` is the lines in which one of these words occurs.

    python -m tools.site.sizes book/extension_menu.md      writes the numbers into a page
"""

import ast
import re
import sys
import tokenize
from functools import cache
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARKER = re.compile(r"(<!--lines:(\S+?)-->)(\d+)(<!--/lines-->)")
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@cache
def code_lines(source: str) -> frozenset[int]:
    """The numbers of the lines of a module that hold code, from 1."""
    lines = {
        line
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type not in SILENT
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            lines -= set(range(docstring.lineno, docstring.end_lineno + 1))
    return frozenset(lines)


def find(name: str) -> tuple[Path, ast.AST]:
    """The file and the syntax tree of a module (`lib.ema`, `tools.results.autoencoder`) or of something in it, by dotted name.

    Raises ValueError for a name that is nowhere.
    """
    parts = name.split(".")
    deep = [i for i in range(2, len(parts) + 1) if ROOT.joinpath(*parts[:i]).with_suffix(".py").is_file()]
    if not deep:
        raise ValueError(f"There is no module for {name!r}. Write it in full, as lib.samplers.rk4.")
    path = ROOT.joinpath(*parts[: deep[0]]).with_suffix(".py")
    node = ast.parse(path.read_text())
    for part in parts[deep[0] :]:
        inside = {child.name: child for child in node.body if isinstance(child, ast.ClassDef | ast.FunctionDef)}
        if part not in inside:
            raise ValueError(
                f"{path.relative_to(ROOT)} has no {part!r}. It has {', '.join(inside) or 'nothing'} there."
            )
        node = inside[part]
    return path, node


def span(node: ast.AST, source: str) -> range:
    """The lines of a definition, from its first decorator on; of a module, all."""
    if isinstance(node, ast.Module):
        return range(1, source.count("\n") + 1)
    return range(min([node.lineno, *(it.lineno for it in node.decorator_list)]), node.end_lineno + 1)


def counted_lines(name: str) -> list[tuple[Path, int]]:
    """The lines of code of a name as it stands in a marker: file and number of each."""
    found = []
    for one in name.split(","):
        dotted, _, words = one.partition("/")
        path, node = find(dotted)
        source = path.read_text()
        lines, asked = source.split("\n"), re.compile(rf"\b({words.replace('+', '|')})\b") if words else None
        inside = [i for i in span(node, source) if i in code_lines(source)]
        found += [(path, i) for i in inside if not asked or asked.search(lines[i - 1])]
    return found


def size(name: str) -> int:
    """How many these are."""
    return len(counted_lines(name))


def counted(page: str) -> str:
    """A page's source with its numbers of lines counted anew."""
    return MARKER.sub(lambda match: f"{match[1]}{size(match[2])}{match[4]}", page)


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        page.write_text(counted(page.read_text()))
