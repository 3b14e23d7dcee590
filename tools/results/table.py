"""The table of what is shipped: table.yml says the files, the command that makes them again, and the minutes it takes.

python -m tools.results.table        writes it into contributing/results.md
"""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("contributing", "results.md")
PLACE = re.compile(r"(?<=<!--table-->\n).*?(?=<!--/table-->)", re.DOTALL)


class Row(NamedTuple):
    """Files of results/, or elsewhere with their folder, which one command makes."""

    files: list[str]
    command: str
    minutes: int


def rows(root: Path = ROOT) -> list[Row]:
    """The table, in the order in which one result needs another."""
    return [Row(**row) for row in yaml.safe_load((root / "tools" / "results" / "table.yml").read_text())]


def page(root: Path = ROOT) -> str:
    """The text of the page with the table of today."""
    lines = ["| files | command | minutes |", "|---|---|---|"]
    lines += [f"| {', '.join(f'`{it}`' for it in row.files)} | `{row.command}` | {row.minutes} |" for row in rows(root)]
    return PLACE.sub(lambda _: "\n".join([*lines, ""]), (root / PAGE).read_text())


if __name__ == "__main__":
    (ROOT / PAGE).write_text(page())
