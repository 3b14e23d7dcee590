"""The claims ledger, book/claims.md: what each number of the book is, in the words of the sentence that quotes it.

A row is a number with its unit, that sentence with the number in bold, and a link to its section. Rows are folded by chapter;
book/_static/ledger.js filters them.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.notebooks import claims
from tools.notebooks.names import MUSEUM, number
from tools.notebooks.text import chapter_text

PAGES = "[!c]*.md"  # pages beside the chapters that may be the only ones to quote a number; claims.md is made here
LONG = 220  # characters; a longer sentence is cut to the clause of its number, when that says enough
LEAST = 60
# A sentence that begins so needs the one before, once a word like "but" is taken off.
LEANS = re.compile(
    r"\(?(?:It|Its|They|Their|Them|This|These|That|Those|There|Then|Both|Neither|He|She|Here|With it|Without it|The same"
    r"|The others?|The rest|The median|The share"
    # "With 50 steps it is ..."
    r"|(?:After|At|By|For|From|In|Of|On|To|With)(?: [^\s,.;:]+){0,4}?,? (?:it|its|they|their|them|that is)"
    r"|(?:Clipped|Scaled|Unscaled),? (?:it|they))\b"
)
JOINS = re.compile(r"\A(?:And|But|So|Yet|Or|Thus|Hence|Then),? (?=[\w$`(“\"*\x01])")
UNITS = (
    "%|per cent|times|nats|bits|MiB|GiB|MB|kB|GB|seconds|minutes|hours|calls|network calls|evaluations|steps|seeds|images"
    "|pictures|weights|parameters|tokens|directions|points|floors|degrees|grey levels|dimensions|billion|million"
)
# The unit of a list is behind its last number: "3, 4 and 5 nats"; in "at 3, 4 times as far" the 3 has none.
QUOTED = "<!--claim:\\S+?-->[^<]*<!--/claim-->"
UNIT = re.compile(rf"(?:(?:,\s*{QUOTED})*,?\s*(?:and|to|or|against)\s*{QUOTED})?\s*({UNITS})(?!\w)")
HEADING = re.compile(r"^#{2,4} +(.+)$", re.MULTILINE)
FENCED = re.compile(r"^(```|~~~).*?^\1$", re.MULTILINE | re.DOTALL)
APART = re.compile(r"\s*\n\s*\n|\s*\n\s*(?:[-*+|]|\d+\.)\s")  # between two sentences: a new paragraph, or item
ITEM = re.compile(r"\n(?=\s*(?:[-*+]|\d+\.)\s)")


class Sentence(NamedTuple):
    """A sentence of a page as the ledger shows it, and the heading it stands under."""

    text: str
    section: str


# --- from the source of a page to sentences ---------------------------------------------------------------------------


def clean(text: str) -> str:
    """Markdown without what only a page can use: markers, tags, marks of lists and quotes, run-in headings, emphasis, links."""
    text = re.sub(r"<!--.*?-->|<summary>.*?</summary>|</?[a-zA-Z][^<>]*>", "", text, flags=re.DOTALL)
    text = re.sub(r"^\s*(?:[-*+>:|]|\d+\.)\s+", "", text)
    if (head := re.match(r"\s*\*{1,2}([^*]+?)[.:?!”\"]+\*{1,2}\s*(?=\S)", text)) and not (
        len(text) - head.end() < LEAST
        and len(head[1].split()) > 3  # "Trap: scaled while training, not while sampling."
    ):
        text = text[head.end() :]
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    # What stands in formulas and code is left as it is.
    parts = re.split(r"(\$[^$]+\$|`[^`]*`)", text)
    parts[::2] = (re.sub(r"(?<!\w)\*+(?=\S)|(?<=\S)\*+(?!\w)", "", part) for part in parts[::2])
    text = re.sub(r"\s+", " ", "".join(parts)).strip(" |")
    return capital(JOINS.sub("", text, count=1))


def capital(text: str) -> str:
    """A text that begins with a capital."""
    return text[:1].upper() + text[1:]


def spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text without code begin and end; items of a list are sentences of their own."""
    found = []
    for match in claims.SENTENCE.finditer(claims.bare(text)):
        ends = [match.start() + it.start() for it in ITEM.finditer(match[0])] + [match.end()]
        found += list(zip([match.start(), *ends], ends, strict=False))
    return [(begin, end) for begin, end in found if text[begin:end].strip()]


def row_of(text: str, at: int) -> tuple[int, int] | None:
    """Where the line of a table begins and ends that holds a place; None for a place that is in no table."""
    begin, end = text.rfind("\n", 0, at) + 1, (text + "\n").find("\n", at)
    return (begin, end) if text[begin:end].lstrip().startswith("|") else None


def cells(line: str) -> list[str]:
    """The cells of a table's line."""
    line = re.sub(r"\$[^$]+\$", lambda formula: formula[0].replace("|", "\x00"), line.strip().strip("|"))
    return [cell.strip().replace("\x00", "|") for cell in re.split(r"(?<!\\)\|", line)]


def of_table(text: str, begin: int, end: int, at: int | None = None) -> str:
    """A line of a table as a sentence: what its first cell names, then each column's head and cell; or only that at a place."""
    above = text[:begin].split("\n")[:-1]
    top = next((i for i in range(len(above) - 1, -1, -1) if not above[i].lstrip().startswith("|")), -1)
    head = cells((above[top + 1 :] + [text[begin:end]])[0])
    first, *rest = cells(text[begin:end])
    if at is not None:
        before = cells(text[begin:at])
        head, rest = [head[0], head[len(before) - 1]], [cells(text[begin:end])[len(before) - 1]]
    said = ", ".join(f"{name}: {cell}" if name else cell for name, cell in zip(head[1:], rest, strict=False) if cell)
    named = f"{head[0]}: {first}" if head[0] else first
    return f"{named}; {said}" if said else named


def leaning(text: str, begin: int, known: list[tuple[int, int]]) -> int:
    """Where to begin so that a sentence can be read alone: up to two sentences earlier, if it needs them.

    They are in its paragraph, or, for the first of a paragraph, end the paragraph before.
    """
    place = bisect(known, begin, key=lambda it: it[0]) - 1
    for step in range(2):
        if place < 1 or not LEANS.match(clean(text[begin : begin + 200])):
            break
        before = known[place - 1]
        if APART.match(text, before[1]) and (step or re.match(r"\s*(?:[#|<*-]|\$\$)", text[slice(*before)])):
            break
        begin, place = before[0], place - 1
    return begin


def asked(text: str, at: int) -> str:
    """The question of a box of prediction whose answer holds a place; "" elsewhere."""
    box = text.rfind('<div class="predict"', 0, at)
    if box < 0 or "</div>" in text[box:at]:
        return ""
    question = re.search(r"\*\*Predict\.\*\* (.*?)\n\s*\n", text[box:at], re.DOTALL)
    return f"{clean(question[1])} " if question else ""


def clause(marked: str) -> str:
    """The clause of the number in bold, where a sentence is long and the clause says enough."""
    if len(marked) <= LONG:
        return marked
    masked, begin = claims.bare(marked), 0
    for end in [*(it.end() for it in re.finditer(r"[;:](?=\s)", masked)), len(marked)]:
        part = marked[begin:end].strip().rstrip(";:")
        if "\x01" in part:
            part = capital(part) if part.endswith(".") else f"{capital(part)}."
            return part if len(part) >= LEAST and not LEANS.match(part) else marked
        begin = end
    return marked


def headings(text: str) -> list[tuple[int, str]]:
    """(place, heading) of each heading, code aside."""
    plain = FENCED.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    return [(it.start(), re.sub("<!--.*?-->", "", it[1])) for it in HEADING.finditer(plain)]


def section_at(heads: list[tuple[int, str]], at: int) -> str:
    """The last heading before a place."""
    before = bisect(heads, at, key=lambda it: it[0])
    return heads[before - 1][1] if before else ""


# --- the two lists ----------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """A number as the text shows it, with its unit, the sentence it stands in, and where."""

    shown: str
    text: str
    page: str
    section: str


def quoted(source: str, page: str) -> Iterator[tuple[str, Row]]:
    """(name of the record, row) of every number that a page quotes."""
    text = claims.prose(source)
    known, heads = spans(text), headings(text)
    for match in claims.QUOTE.finditer(text):
        at = match.start()
        marked = text[:at] + "\x01" + match[2] + "\x02" + text[match.end() :]
        grown = len(marked) - len(text)
        if line := row_of(text, at):
            said = clean(of_table(marked, line[0], line[1] + grown, at + 1))
        else:
            begin, end = next((it for it in known if it[0] <= at < it[1]), (at, match.end()))
            start = leaning(text, begin, known)
            said = clean(marked[start : end + grown])
            if LEANS.match(said) or len(said) < LEAST:
                said = asked(text, at) + said
            if LEANS.match(said) and not start < begin:
                said = f"{section_at(heads, at)}: {said[0].lower()}{said[1:]}"
        unit = UNIT.match(text, match.end())
        shown = clean(match[2]) + (f" {unit[1]}" if unit else "")
        said = clause(said).replace("\x01", "**").replace("\x02", "**")
        yield match[1] if "/" in match[1] else f"{page}/{match[1]}", Row(shown, said, page, section_at(heads, at))


def computed(root: Path) -> dict[str, list[Row]]:
    """The rows of each chapter: one for each number that its code prints, from the first text that quotes it."""
    first: dict[str, Row] = {}
    chapters = sorted((root / "book" / "chapters").glob("*.md"))
    for chapter in chapters:
        for name, row in quoted(chapter_text(chapter), chapter.stem):
            if name not in first or (name.startswith(f"{chapter.stem}/") and first[name].page != chapter.stem):
                first[name] = row
    for page in sorted((root / "book").glob(PAGES)):
        for name, row in quoted(page.read_text(), page.stem):
            first.setdefault(name, row)
    found = {}
    for chapter in chapters:
        recorded = claims.records(root / "notebooks" / f"{chapter.stem}.ipynb")
        found[chapter.stem] = [first.get(f"{chapter.stem}/{it.name}") or unquoted(it, chapter.stem) for it in recorded]
    return found


def unquoted(record: claims.Record, stem: str) -> Row:
    """A number that only a question of the self-test quotes."""
    return Row(record.value, f"**{record.value}**, in a question of the self-test", stem, record.section)


def cited(source: str) -> list[Sentence]:
    """The sentences of a page's prose, up to its list of sources, that give a number and a reference for it."""
    text = claims.prose(source.split("\n## Sources")[0])
    bare, known, heads, found, lines = claims.bare(text), spans(text), headings(text), [], set()
    for begin, end in known:
        for at in re.finditer("§+", bare[begin:end]):
            line = row_of(text, begin + at.start())
            piece = line or (begin, end)
            if piece in lines or not re.search(claims.NUMERAL + r"(?!\w)", claims.PLACE.sub("", bare[slice(*piece)])):
                continue
            lines.add(piece)
            said = of_table(text, *piece) if line else text[leaning(text, begin, known) : end]
            found.append(Sentence(clean(said), section_at(heads, begin)))
    return found


# --- the page ---------------------------------------------------------------------------------------------------------


def link(page: str, section: str, root: Path) -> str:
    """A link to a section of a chapter, or of another page."""
    folder = "../notebooks" if (root / "book" / "chapters" / f"{page}.md").exists() else "."
    file = f"{folder}/{page}.ipynb" if folder != "." else f"{page}.md"
    anchor = f"#{claims.slug(section)}" if section else ""
    return f"[{section or 'Its beginning'}]({file}{anchor})"


def escaped(text: str) -> str:
    """Text for a cell of a table."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def folded(title: str, body: list[str]) -> str:
    """A chapter's rows below its name."""
    return f'<details class="k-ledger"><summary>{title}</summary>\n\n' + "\n".join(body) + "\n\n</details>\n"


def title(chapter: Path) -> str:
    """A chapter's name with its number."""
    name = re.search(r"^# (.+)$", chapter.read_text(), re.MULTILINE)[1]
    return name if chapter.stem == MUSEUM else f"{number(chapter.stem)} · {name}"


def counted(n: int, noun: str) -> str:
    """1 number, 2 numbers."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def ledger(root: Path) -> str:
    """The text of book/claims.md."""
    rows, parts = computed(root), ["## Computed here\n"]
    chapters = sorted((root / "book" / "chapters").glob("*.md"))
    for chapter in chapters:
        if own := rows[chapter.stem]:
            lines = [f"| {it.shown} | {escaped(it.text)} | {escaped(link(it.page, it.section, root))} |" for it in own]
            head = ["| number | what it is | where |", "|---|---|---|"]
            parts.append(folded(f"{title(chapter)} ({counted(len(own), 'number')})", head + lines))
    parts.append("## Cited\n")
    for chapter in chapters:
        if own := cited(chapter_text(chapter)):
            lines = [f"- {it.text} {link(chapter.stem, it.section, root)}" for it in own]
            parts.append(folded(f"{title(chapter)} ({counted(len(own), 'sentence')})", lines))
    return claims.HEADER + claims.INTRO + "\n" + "\n".join(parts)
