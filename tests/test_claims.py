"""Numbers in the prose: each shows what its chapter printed, and none is typed in."""

import re
from functools import cache
from pathlib import Path

import pytest

from classroom.claims import claim
from tools.notebooks import claims
from tools.notebooks.text import chapter_text
from tools.site import tree

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))
PAGES = [*sorted(ROOT.glob("book/*.md")), ROOT / "README.md"]


@cache
def recorded() -> dict[str, str]:
    """Every record, by `chapter/name`."""
    found = {}
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for record in claims.records(notebook):
            name = f"{notebook.stem}/{record.name}"
            assert name not in found, f"two records are called {name}"
            found[name] = record.value
    return found


def mistakes(pages: dict[str, str], records: dict[str, str]) -> list[str]:
    """What is wrong between the sources of pages (by name; a chapter's is its file's stem) and the records."""
    found, unused = [], set(records)
    for page, source in pages.items():
        if source.count("<!--claim:") != source.count("<!--/claim-->"):
            found.append(f"{page}: a claim's marker is not closed, or not opened")
        for quote, shown, line in claims.quotes(source):
            name = quote if "/" in quote else f"{page}/{quote}"
            unused.discard(name)
            if name not in records:
                found.append(f"{page}, line {line}: no record is called {name}")
            elif reason := claims.disagreement(shown, records[name]):
                found.append(f"{page}, line {line}: {quote} {reason}")
    return found + [f"{name}: recorded, but no text quotes it" for name in sorted(unused)]


def text_of(page: Path) -> str:
    """All that a page says: a chapter's with cards and exercises, the self-test's with questions, the tree's with its ends."""
    if page.name == "self_test.md":
        return "\n".join(path.read_text() for path in sorted((ROOT / "book" / "questions").glob("*.yml")))
    if page.name == "decision_tree.md":
        return "\n\n".join([page.read_text(), *tree.marked().values()])
    return chapter_text(page) if page in CHAPTERS else page.read_text()


def test_every_quote_shows_its_record():
    assert mistakes({page.stem: text_of(page) for page in CHAPTERS + PAGES}, recorded()) == []


@pytest.mark.parametrize("page", CHAPTERS + PAGES, ids=lambda page: page.stem)
def test_a_contradiction_planted_anywhere_is_found(page):
    """One digit changed in any quote: the cards, and with them the decision tree, the menu, gotchas, self-test, every chapter."""
    source, records = text_of(page), recorded()
    for name, shown, line in claims.quotes(source):
        first = re.search("[1-9]|0", shown)
        planted = shown[: first.start()] + ("4" if first[0] == "9" else "9") + shown[first.end() :]
        record = records[name if "/" in name else f"{page.stem}/{name}"]
        assert claims.disagreement(planted, record), f"{page.name}, line {line}: {planted} passes for {record}"


def test_no_marker_begins_a_line_of_a_plain_page():
    # Markdown would take the line for HTML. Chapters may: their markers do not reach the notebook.
    for page in PAGES:
        bad = re.search(r"^\s*(?:[-*+>]|\d+\.)?\s*<!--/?(?:claim|given).*", page.read_text(), re.MULTILINE)
        assert bad is None, f"{page.name}: {bad[0]}"


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("<!--claim:a-->0.327<!--/claim-->", None),
        ("<!--claim:a-->0.33<!--/claim--> and <!--claim:01_x/a-->0.3<!--/claim-->", None),
        ("<!--claim:a-->0.328<!--/claim-->", "the record is 0.3270"),
        ("<!--claim:a-->0.32700<!--/claim-->", "more digits"),
        ("<!--claim:a-->0.33<!--/claim--> <!--claim:b-->1<!--/claim-->", "no record is called 01_x/b"),
        ("nothing", "no text quotes it"),
        ("<!--claim:a-->0.327", "not closed"),
        ("```{code-cell} ipython3\n# <!--claim:a-->0.327<!--/claim-->\n```", "no text quotes it"),
        ("```{code-cell} ipython3\n---\nfigure:\n  caption: A <!--claim:a-->0.327<!--/claim-->\n---\nx\n```", None),
    ],
)
def test_mistakes_are_found(source, mistake):
    found = mistakes({"01_x": source}, {"01_x/a": "0.3270"})
    assert (found == []) if mistake is None else any(mistake in text for text in found)


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("4.04e-5", "4.036e-05"),
        ("4.04 × 10⁻⁵", "4.036e-05"),
        (r"$4.04\times10^{-5}$", "4.036e-05"),
        (r"$4.04 \times 10^{-5}$", "4.036e-05"),
        ("32.7 %", "0.3270"),
        (r"$32.7\,\%$", "0.3270"),
        ("1,000", "1000"),
        ("1{,}234{,}567", "1234567"),
        ("1 000", "1000"),
        ("−0.5", "-0.5012"),
        ("157", "157.4"),
    ],
)
def test_spellings_of_a_number(shown, value):
    assert claims.disagreement(shown, value) is None
    assert claims.disagreement(shown, f"{float(value) * 1.1:.9f}") is not None
    assert claims.disagreement(shown, f"{-float(value):.9f}") is not None


@pytest.mark.parametrize("text", ["many", "", "1.2.3", "3 or 4", "1,23"])
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(ValueError, match="is not a number"):
        claims.shown_number(text)


def test_records_keep_the_digits_they_promise(capsys):
    claim("half", 0.5)
    claim("count", 12345)
    claim("small", 4.0358e-5, digits=3)
    claim("thousand", 1000.4)
    assert capsys.readouterr().out.split("\n")[:-1] == [
        "claim half = 0.5000",
        "claim count = 12345",
        "claim small = 4.04e-05",
        "claim thousand = 1000",
    ]


def test_a_claim_is_finite():
    with pytest.raises(ValueError, match="lost"):
        claim("lost", float("nan"))


# --- numbers that are neither claims nor cited -----------------------------------------------------------------------


def uncited_numbers(source: str) -> list[str]:
    """Quantities in a page's prose that no code has printed and no reference supports, with their lines."""
    return [
        f"line {line + bare.count(chr(10), 0, number.start())}: {number[0].strip()}"
        for _, bare, line in claims.sentences(source)
        if "§" not in bare
        for number in claims.MEASURED.finditer(bare)
    ]


@pytest.mark.parametrize("page", CHAPTERS + PAGES, ids=lambda page: page.stem)
def test_numbers_in_prose_are_recorded_or_cited(page):
    if page.name not in {"claims.md", "references.md", "self_test.md"}:  # tests/test_self_test.py reads the last
        assert uncited_numbers(text_of(page)) == [], "record it, cite it in its sentence, or mark it <!--given-->"


@pytest.mark.parametrize(
    "prose",
    ["It is ~5.", "About 12 of them.", "a 32 % share", "32 per cent", "3× faster", "took 1.5 s", "FID 3.17",
     "an FID of 3", "ends at 4.04e-5", "it is 0.0063", "a gap.\nIt is 0.25 here", "12,000 parameters",
     "{cite:p}`a`. It is 3× faster",
     "```{code-cell} ipython3\n---\nmystnb:\n  figure:\n    caption: It is 0.123.\n---\nx\n```"],
)  # fmt: skip
def test_uncited_numbers_are_found(prose):
    assert uncited_numbers(prose) != []


@pytest.mark.parametrize(
    "prose",
    ["K=4 steps", "Python 3.11", "in 2020, two of 3", "FID 3.17 {cite:p}`ho2020`", "the $0.123$ and `0.123`", "T = 1000 steps",
     "<!--claim:a-->0.327<!--/claim-->", "it runs for <!--given-->60 s<!--/given-->", "chapter 3", "a factor 0.5",
     "```{code-cell} ipython3\nx = 0.123  # about 3 %\n```", "[here](a-0.123.md)", "$$\n0.123\n$$"],
)  # fmt: skip
def test_other_numbers_are_left_alone(prose):
    assert uncited_numbers(prose) == []


def test_the_point_of_an_abbreviation_ends_no_sentence():
    found = [
        " ".join(text.split())
        for text, _, _ in claims.sentences("It is so (eq. 13). See e.g. that.\nIt was. So be it.")
    ]
    assert found == ["It is so (eq. 13).", "See e.g. that.", "It was.", "So be it."]
