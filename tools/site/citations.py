"""Citations written out, for texts that stand outside the book's pages: the decision tree, the slides."""

import re
from functools import cache
from pathlib import Path

from pybtex.database import parse_file

BIB = Path(__file__).parents[2] / "book" / "references.bib"
CITE = re.compile(r"\{cite:([tp])\}`([^`]+)`")


@cache
def sources() -> dict[str, tuple[str, str]]:
    """Who wrote each reference, and when."""
    found = {}
    for key, entry in parse_file(str(BIB)).entries.items():
        people = entry.persons.get("author", [])
        # "rich" names hold no TeX: an ä is an ä
        parts = [[*one.rich_prelast_names, *one.rich_last_names] or one.rich_first_names for one in people]
        names = [" ".join(map(str, some)) for some in parts]
        who = f"{names[0]} et al." if len(names) > 2 else " & ".join(names) or entry.fields.get("title", key)
        found[key] = who, entry.fields.get("year", "")
    return found


def cited(text: str) -> str:
    """The text with its citations written out: Ho et al. (2020), or (Ho et al. 2020)."""

    def written(match: re.Match) -> str:
        named = [sources()[key.strip()] for key in match[2].split(",")]
        if match[1] == "t":
            return ", ".join(f"{who} ({year})" if year else who for who, year in named)
        return "(" + "; ".join(f"{who} {year}".strip() for who, year in named) + ")"

    return CITE.sub(written, text)
