"""The table of what is shipped: table.yml says the files, the command that makes them again, and the minutes it takes.

python -m tools.results.table        writes it into contributing/results.md, and what was made of which data into
                                     book/data_and_models.md
"""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("contributing", "results.md")
DATA_PAGE = Path("book", "data_and_models.md")
PLACE = re.compile(r"(?<=<!--table-->\n).*?(?=<!--/table-->)", re.DOTALL)


class Row(NamedTuple):
    """Files of results/, or elsewhere with their folder, which one command makes; weights and pictures say of which data."""

    files: list[str]
    command: str
    minutes: int
    data: str = ""


def rows(root: Path = ROOT) -> list[Row]:
    """The table, in the order in which one result needs another."""
    return [Row(**row) for row in yaml.safe_load((root / "tools" / "results" / "table.yml").read_text())]


def page(root: Path = ROOT) -> str:
    """The text of the page with the table of today."""
    lines = ["| files | command | minutes |", "|---|---|---|"]
    lines += [f"| {', '.join(f'`{it}`' for it in row.files)} | `{row.command}` | {row.minutes} |" for row in rows(root)]
    return PLACE.sub(lambda _: "\n".join([*lines, ""]), (root / PAGE).read_text())


def data_page(root: Path = ROOT) -> str:
    """The text of the page on data and models with the table of today."""
    lines = ["| shipped | made of |", "|---|---|"]
    for row in rows(root):
        if row.data:
            files = [
                name if "/" in name else f"results/{name}" for name in row.files if not name.endswith((".json", ".csv"))
            ]
            lines.append(f"| {', '.join(f'`{name}`' for name in files)} | {row.data} |")
    return PLACE.sub(lambda _: "\n".join([*lines, ""]), (root / DATA_PAGE).read_text())


if __name__ == "__main__":
    (ROOT / PAGE).write_text(page())
    (ROOT / DATA_PAGE).write_text(data_page())
