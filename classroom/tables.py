"""Tables of a chapter: real ones, which scroll alone on a phone, and which nbval compares.

    table(
        ["sampler", "calls", "distance"],
        [["Euler", 20, spread(found)], ["DDIM", 20, spread(other)]],
        digits={"distance": 3}, best={"distance": min}, floor=["a perfect sampler", None, 0.043],
        caption="Sliced Wasserstein distance to the data, 2,000 points.",
    )

A cell is a word, a number, a Spread, shown as mean ± standard deviation, or None, a dash. A column has as many decimals as
`digits` says of it. The winner of a column of `best` is bold. Below the rest stand what a perfect answer scores, `floor`, and
what doing nothing scores, `nothing`: neither of them competes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from lib.metrics import Spread

Cell = str | float | Spread | None
NONE = "–"


class Table:
    """What `table` answers: HTML for a page, text for a terminal."""

    def __init__(self, head: Sequence[str], rows: Sequence[tuple[str, list[str], set[int]]], caption: str):
        self.head, self.rows, self.caption = head, rows, caption

    def _repr_html_(self) -> str:
        first, *others = (f'<th scope="col">{escape(name)}</th>' for name in self.head)
        lines = [f"<caption>{escape(self.caption)}</caption>"] if self.caption else []
        lines += ["<thead>", f"<tr>{first}{''.join(others)}</tr>", "</thead>", "<tbody>"]
        for kind, cells, won in self.rows:
            name, *values = map(escape, cells)
            marked = (f"<strong>{v}</strong>" if i in won else v for i, v in enumerate(values, 1))
            row = f'<th scope="row">{name}</th>' + "".join(f"<td>{v}</td>" for v in marked)
            lines.append(f'<tr class="{kind}">{row}</tr>' if kind else f"<tr>{row}</tr>")
        label = escape(self.caption or self.head[0], quote=True)
        opening = f'<div class="k-table" role="region" tabindex="0" aria-label="{label}">'
        return "\n".join([opening, "<table>", *lines, "</tbody>", "</table>", "</div>"])

    def __repr__(self) -> str:
        """Columns of text: names to the left, values to the right."""
        rows = [self.head, *(cells for _, cells, _ in self.rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.head))]
        lines = [
            "  ".join(
                [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*([self.caption] if self.caption else []), *lines])


def table(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], *, digits: int | Mapping[str, int] = 3,
    best: Mapping[str, Callable] | None = None, floor: Sequence[Cell] | None = None,
    nothing: Sequence[Cell] | None = None, caption: str = "",
) -> Table:  # fmt: skip
    """A table whose first column names the rows.

    head     the names of the columns, with their units
    digits   decimals of the numbers: one count for all, or by column (whole numbers are shown whole)
    best     {column: min or max}: whose winner is marked; several that look alike all win

    Raises ValueError for rows of another length than the head, and for columns that there are not.
    """
    marks = [("floor", floor), ("nothing", nothing)]
    given = [("", row) for row in rows] + [(kind, row) for kind, row in marks if row is not None]
    if wrong := [row for _, row in given if len(row) != len(head)]:
        raise ValueError(f"A row must have {len(head)} cells, as the head has, got {len(wrong[0])}: {list(wrong[0])}.")
    by_column = digits if isinstance(digits, Mapping) else dict.fromkeys(head, digits)
    if unknown := {*by_column, *(best or {})} - {*head}:
        raise ValueError(f"There is no column {min(unknown)!r}: choose of {', '.join(map(repr, head))}.")
    shown = [[_shown(cell, by_column.get(name, 3)) for name, cell in zip(head, row)] for _, row in given]
    won: list[set[int]] = [set() for _ in given]
    for name, choose in (best or {}).items():
        column = head.index(name)
        values = {i: value for i, row in enumerate(rows) if (value := _value(row[column])) is not None}
        if values:
            text = shown[choose(values, key=values.get)][column]
            for i in values:
                if _mean_of(shown[i][column]) == _mean_of(text):
                    won[i].add(column)
    return Table([*head], [(kind, cells, which) for (kind, _), cells, which in zip(given, shown, won)], caption)


def _mean_of(text: str) -> str:
    """The part of a cell that competes."""
    return text.split(" ± ")[0]


def _value(cell: Cell) -> float | None:
    """The number in a cell, if there is one."""
    if isinstance(cell, Spread):
        cell = cell.mean
    return None if cell is None or isinstance(cell, str) or math.isnan(cell) else float(cell)


def _shown(cell: Cell, digits: int) -> str:
    """A cell as text."""
    if isinstance(cell, Spread):
        alone = math.isnan(cell.sd)
        return _shown(cell.mean, digits) + ("" if alone else f" ± {cell.sd:.{digits}f}")
    if cell is None or isinstance(cell, str):
        return NONE if cell is None else cell
    if isinstance(cell, int):
        return f"{cell:,}"
    return NONE if math.isnan(cell) else f"{cell:,.{digits}f}"
