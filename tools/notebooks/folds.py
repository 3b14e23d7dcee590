"""Cells that a first reader need not see: a chapter tags what a cell is for, and each reader's program gets its own sign.

The page and JupyterLab fold such a cell behind its title, Colab shows the title as a form. `claims`, the numbers that the text
quotes, do not stand on the page at all.
"""

import re

import nbformat
from nbformat import NotebookNode

from tools.notebooks.names import FOLDED

TITLES = {
    "imports": "Imports and set-up",
    "machinery": "Code of this experiment",
    "figure": "Code of this figure",
    "table": "Code of this table",
    "output": "Code of this output",
    "explorer": "Code of this explorer",
    "lab": "Code of this lab",
    "checks": "Checks",
    "claims": "Numbers that the text quotes",
}


HIDDEN = {"cellView": "form", "jupyter": {"source_hidden": True}}  # for Colab, and for JupyterLab


def purpose(cell: NotebookNode) -> str | None:
    """Why a cell is folded, a key of TITLES, or None for one that is seen. Raises ValueError for two reasons."""
    found = [tag for tag in cell.metadata.get("tags", []) if tag in TITLES]
    if len(found) > 1:
        raise ValueError(
            f"A cell is folded for one reason, and this one has {' and '.join(found)}: {cell.source[:60]!r}"
        )
    return found[0] if found else None


def fold(cell: NotebookNode) -> None:
    """Give a cell with such a tag what folds it; others stay as they are."""
    if (why := purpose(cell)) is None:
        return
    title, tags = TITLES[why], [tag for tag in cell.metadata.tags if tag != why]
    cell.source = f"# @title {title}\n{cell.source}"
    cell.metadata |= HIDDEN
    if why == "claims":
        cell.metadata["tags"] = [*tags, "remove-cell"]
        return
    cell.metadata["tags"] = [*tags, "hide-input"]
    said = {"code_prompt_show": title, "code_prompt_hide": title}
    cell.metadata["mystnb"] = cell.metadata.get("mystnb", {}) | said


# ---- sections that are closed at first --------------------------------------------------------------------------------

COLLAPSED = {"jp-MarkdownHeadingCollapsed": True}  # JupyterLab's word for it


def fold_sections(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells of a notebook, with each section closed in JupyterLab that a first reader may skip, or should not see yet.

    There a section is a cell of Markdown that begins with its heading, and all up to the next such cell of its level or above.
    So a cell is cut where such a section begins or ends.
    """
    found, level = [], 0  # how deep the heading of the closed section lies that we are in, or 0
    for cell in cells:
        if cell.cell_type != "markdown":
            found.append(cell)
            continue
        parts, code = [[]], False
        for line in cell.source.splitlines():
            code ^= line.startswith("```")
            heading = not code and re.match("(#+) ", line)
            if heading and (line[heading.end() :].startswith(FOLDED) or len(heading[1]) <= level):
                parts.append([])
                level = len(heading[1]) if line[heading.end() :].startswith(FOLDED) else 0
            parts[-1].append(line)
        for text in filter(None, ("\n".join(part).strip("\n") for part in parts)):
            closed = COLLAPSED if re.match(f"#+ (?:{'|'.join(FOLDED)})", text) else {}
            found.append(nbformat.v4.new_markdown_cell(text, metadata=cell.metadata | closed))
    return found
