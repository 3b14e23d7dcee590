"""Claims: numbers that a notebook printed (records) and that the prose shows (quotes).

`python -m tools.notebooks.claims` writes book/claims.md, the ledger of all records. tests/test_claims.py compares the two.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).resolve().parents[2]
RECORD = re.compile(r"^claim (\S+) = (\S+)$", re.MULTILINE)
QUOTE = re.compile(r"<!--claim:(\S+?)-->(.*?)<!--/claim-->", re.DOTALL)
CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.MULTILINE | re.DOTALL)
HEADER = "# Claims ledger\n"
INTRO = """
Numbers in the text are not typed in and forgotten. The code of a chapter prints each one as a record, the text quotes
it, and a test fails when the two differ. Numbers from elsewhere carry a reference in their sentence. This page lists both, by
chapter: each number with its unit, the sentence that says what it is, and the section in which it stands.
"""


class Record(NamedTuple):
    """A number printed by a notebook, and the heading it stands under."""

    name: str
    value: str
    section: str


def records(notebook: Path) -> list[Record]:
    """The records of a notebook, in order."""
    found, section = [], ""
    for cell in nbformat.read(notebook, 4).cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE)
            section = headings[-1] if headings else section
        for output in cell.get("outputs", []):
            found += [Record(name, value, section) for name, value in RECORD.findall(output.get("text", ""))]
    return found


def prose(source: str) -> str:
    """A page's source with its code cells blanked, all but their captions, and line numbers unchanged."""

    def blank(cell: re.Match) -> str:
        lines, in_header, in_caption = [], False, False
        for line in cell[0].split("\n"):
            in_header ^= line == "---"
            key = re.match(r"\s*([\w-]+):", line)
            in_caption = in_header and (key[1] == "caption" if key else in_caption)
            lines.append(line.replace("caption: ", "") if in_caption else "")
        return "\n".join(lines)

    return CELL.sub(blank, source)


def quotes(source: str) -> list[tuple[str, str, int]]:
    """(name, number as shown, line) of every quote in a page's source.

    A page without code of its own quotes `chapter/name`, for example `02_noise_schedules/abar_T`.
    """
    text = prose(source)
    return [(match[1], match[2], text.count("\n", 0, match.start()) + 1) for match in QUOTE.finditer(text)]


# --- numbers that are neither claims nor choices: a reference must support them ------------------------------------------

NUMERAL = r"(?<![\w.,/^-])[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
UNIT = r"(?:%|×|(?:per cent|percent|x|times|-?fold|m?s|seconds?|minutes?|hours?|[kMG]B|[kMG]?FLOPs?|parameters)\b)"
MEASURED = re.compile(
    rf"(?:~|≈|±|\b(?i:about|around|roughly|nearly|almost|approximately)\s)\s*{NUMERAL}"  # an estimate
    rf"|\b(?:FID|IS|NLL|MSE|loss|error|accuracy)\s+(?:of|is|was|=|:)?\s*{NUMERAL}"  # a result
    rf"|{NUMERAL}\s?{UNIT}"  # a quantity
    r"|(?<!Python )(?<![\w./^-])\d+\.\d{2,}(?!\.?\d)|(?<![\w.])\d+(?:\.\d+)?e[-+]?\d+"  # more digits than a choice has
)
SETTLED = re.compile(
    r"<!--(claim|given)\b.*?<!--/\1-->"  # compared with a record, or declared a choice of the text
    r"|^```.*?^```|\$\$.*?\$\$|(?<!\\)\$[^$]+\$|`[^`]*`"  # code and formulas
    r"|<[^>]+>|\]\([^)]*\)|^\(.*\)=$",  # tags, addresses, labels
    re.DOTALL | re.MULTILINE,
)
CITATION = re.compile(r"\{(?:cite|footcite)[\w:]*\}`[^`]*`")
PLACE = re.compile(
    r"(?i)\b(?:eqs?\.|equations?|sections?|figures?|tables?|algorithms?|theorems?|lemmas?|appendix|chapters?)\s+[\d.]+"
)
# The point of an abbreviation ends no sentence.
SHORT = r"\b(?i:eqs?|figs?|secs?|tabs?|alg|prop|thm|vs|cf|e\.g|i\.e|et al|resp|approx)\."
SENTENCE = re.compile(rf"(?:{SHORT}|[^.!?\n]|[.!?](?!\s)|\n(?!\s*\n))+[.!?]?")


def sentences(source: str) -> Iterator[tuple[str, str, int]]:
    """(sentence, the same with § for citations and ¤ for what is settled, its line) for each sentence of a page's prose."""
    text = prose(source)
    for match in SENTENCE.finditer(bare(text)):
        yield text[match.start() : match.end()], match[0], text.count("\n", 0, match.start()) + 1


def bare(text: str) -> str:
    """Prose with § for citations and ¤ for what is settled: as long as it was, and without the points inside them."""
    cited = CITATION.sub(lambda match: "§" * len(match[0]), text)
    return SETTLED.sub(lambda match: re.sub(r"[^\n]", "¤", match[0]), cited)


# --- quotes against records --------------------------------------------------------------------------------------------

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)(?:e([+-]?\d+)|[×·]10\^?\{?([+-]?\d+)\}?)?(%?)")


def shown_number(text: str) -> Decimal:
    r"""The number that a quote shows, with its digits: `4.04e-5`, `$4.04\times10^{-5}$`, `4.04 × 10⁻⁵`, `32.7 %`."""
    plain = text.replace("\\times", "×").replace("\\cdot", "·").replace("{,}", ",").replace("−", "-")
    plain = re.sub(r"\\[,;!: ]|[\s$\\]|(?<=\d),(?=\d{3}(?!\d))", "", plain).translate(SUPERSCRIPTS)
    match = NUMBER.fullmatch(plain)
    if match is None:
        raise ValueError(f"{text!r} is not a number")
    mantissa, power, times_power, percent = match.groups()
    exponent = int(power or times_power or 0) - (2 if percent else 0)
    return Decimal(mantissa).scaleb(exponent)


def disagreement(shown: str, value: str) -> str | None:
    """Why a quote does not show this record; None when it does. The record is rounded to the digits shown."""
    number, record = shown_number(shown), Decimal(value)
    digit = Decimal(1).scaleb(number.as_tuple().exponent)
    if record.as_tuple().exponent > number.as_tuple().exponent:
        return f"shows {shown}, more digits than the record {value} has"
    if abs(number - record) > digit / 2:
        return f"shows {shown}, the record is {value}"
    return None


def slug(heading: str) -> str:
    """The anchor that MyST gives a heading: formulas and punctuation left out."""
    words = re.sub(r"\$[^$]*\$", "", heading).strip().lower().replace(" ", "-")
    return re.sub(r"[^\w-]", "", words)


if __name__ == "__main__":
    from tools.notebooks.ledger import ledger

    (ROOT / "book" / "claims.md").write_text(ledger(ROOT))
