"""How many lines of code something takes: without docstrings, comments and blank lines.

A page shows such a number as <!--lines:lib.samplers.rk4-->9<!--/lines-->; tests/test_reference_pages.py counts again. A name
may be a module, a function or class in it, or `lib.nets.mlp.MLPDenoiser/label+classes`: the lines in which
one of these words occurs.

    python -m tools.site.sizes book/extension_menu.md      writes the numbers into a page
"""

import ast
import re
import sys
import tokenize
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARKER = re.compile(r"(<!--lines:(\S+?)-->)(\d+)(<!--/lines-->)")
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(source: str) -> set[int]:
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
    return lines


def find(name: str) -> tuple[Path, ast.AST]:
    """The file and the syntax tree of a module (`lib.ema`, `tools.results.autoencoder`) or of something in it, by dotted name."""
    parts = name.split(".")
    deep = next(i for i in range(2, len(parts) + 1) if ROOT.joinpath(*parts[:i]).with_suffix(".py").is_file())
    path = ROOT.joinpath(*parts[:deep]).with_suffix(".py")
    node = ast.parse(path.read_text())
    for part in parts[deep:]:
        node = next(child for child in node.body if getattr(child, "name", None) == part)
    return path, node


def size(name: str) -> int:
    """Lines of code of a name as it stands in a marker."""
    dotted, _, words = name.partition("/")
    path, node = find(dotted)
    source = path.read_text()
    lines = code_lines(source)
    if not isinstance(node, ast.Module):
        lines &= set(range(node.lineno, node.end_lineno + 1))
    if words:
        lines = {line for line in lines if re.search(rf"\b({words.replace('+', '|')})\b", source.split("\n")[line - 1])}
    return len(lines)


def counted(page: str) -> str:
    """A page's source with its numbers of lines counted anew."""
    return MARKER.sub(lambda match: f"{match[1]}{size(match[2])}{match[4]}", page)


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        page.write_text(counted(page.read_text()))
