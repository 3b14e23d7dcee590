"""Format the code cells of the chapters' sources with ruff; text stays as it is."""

import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parents[2]
RUFF = Path(sys.executable).with_name("ruff")
# fence, options (a YAML block or :key: lines), code
CELL = re.compile(
    r"^(```\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)+)?\n*)(.*?)^```$", re.MULTILINE | re.DOTALL
)


def ruff(text: str, *command: str) -> str:
    """Pass a notebook through ruff, under the rules of notebooks/."""
    name = ROOT / "notebooks" / "chapter.ipynb"
    command = [RUFF, *command, "--stdin-filename", name, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def formatted(source: str) -> str:
    """A chapter's source with its code cells formatted."""
    notebook = nbformat.writes(jupytext.reads(source, fmt="md:myst"))
    notebook = ruff(notebook, "check", "--fix-only", "--select", "I", "--quiet")
    cells = (cell.source for cell in nbformat.reads(ruff(notebook, "format"), 4).cells if cell.cell_type == "code")
    return CELL.sub(lambda match: f"{match[1]}{next(cells)}\n```", source)


if __name__ == "__main__":
    for path in sorted((ROOT / "book" / "chapters").glob("*.md")):
        before = path.read_text()
        if (after := formatted(before)) != before:
            path.write_text(after)
            print(f"{path.stem}: formatted")
