"""The claims ledger: every row says in words what its number is, and where; every cited sentence is whole and clean."""

import re
from functools import cache
from pathlib import Path

import pytest

from tools.notebooks import claims, ledger
from tools.notebooks.text import chapter_text

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))
QUOTED = "A <!--claim:a-->0.32<!--/claim--> here."


@cache
def rows() -> tuple[ledger.Row, ...]:
    return tuple(row for own in ledger.computed(ROOT).values() for row in own)


@cache
def sentences() -> tuple[ledger.Sentence, ...]:
    return tuple(it for chapter in CHAPTERS for it in ledger.cited(chapter_text(chapter)))


def scraps(text: str) -> list[str]:
    """What only the source of a page, or half a sentence, would have."""
    plain = re.sub(r"\{cite:[pt]\}`[^`]*`", "Cited 2020", text)
    formulas = r"\$[^$]*\$|`[^`]*`"
    plain = re.sub(formulas, "X", plain)
    kinds = {
        "a marker, a tag or a comment": r"<|>|--",
        "a role or a directive": r"\{\w|```",
        "a link": r"\]\(",
        "a line of a table": r"\||---",
        "emphasis, or a list's mark": r"\*|^[-+>#]",
        "half of a formula or of code": r"[$`]",
        "a sentence cut at an abbreviation": r"\b(?:eqs?|figs?|secs?|vs|cf|e\.g|i\.e|et al)\.\W*$",
        "a fragment": r"^(?:\w+|The \w+)\. ",
        "the name of a fold": r"^(?:What you should see|Hint|Solution)\b",
        "no capital": r"^[a-zà-ÿ](?!-)",
        "a pronoun without its noun": r"^(?:It|Its|They|Their|This|These|Those) ",
    }
    return [kind for kind, mark in kinds.items() if re.search(mark, plain)]


def test_every_number_has_a_row_that_says_it_in_words():
    assert len(rows()) == sum(len(claims.records(path)) for path in ROOT.glob("notebooks/*.ipynb")) > 900
    short = [row.text for row in rows() if len(re.findall(r"[A-Za-z]{2,}", row.text)) < 3 and "$" not in row.text]
    assert short == []
    for row in rows():
        assert row.text.count("**") == 2, row
        bold = re.search(r"\*\*(.*?)\*\*", row.text)[1]
        assert row.shown.startswith(bold), row


def test_no_row_shows_markup_or_half_a_sentence():
    assert [(found, row.text) for row in rows() if (found := scraps(row.text.replace("**", "")))] == []


def test_no_cited_sentence_shows_markup_or_half_a_sentence():
    assert len(sentences()) > 60
    assert [(found, it.text) for it in sentences() if (found := scraps(it.text))] == []
    assert [it.text for it in sentences() if "{cite" not in it.text] == []


def test_a_percentage_and_what_is_counted_have_their_unit():
    found = {row.text: row.shown for row in rows()}
    bare = [
        text
        for text, shown in found.items()
        if re.search(r"\*\* (?:%|times|calls|nats|seconds)\b", text) and " " not in shown
    ]
    assert bare == []
    assert sum(" %" in shown or shown.endswith("%") for shown in found.values()) > 100


def test_every_row_and_sentence_leads_to_a_section():
    places = [(row.page, row.section) for row in rows()] + [("", it.section) for it in sentences()]
    assert all("<" not in section for _, section in places)
    assert sum(section == "" for _, section in places) < 0.05 * len(places)


def test_the_ledger_is_fresh_and_the_same_every_time():
    text = ledger.ledger(ROOT)
    assert (ROOT / "book" / "claims.md").read_text() == text == ledger.ledger(ROOT), "run `make claims`"
    assert text.count("<details") == text.count("</details>") > 20  # folded by chapter, without any script


def row(source: str, page: str = "01_x") -> ledger.Row:
    (_, found), *_ = ledger.quoted(source, page)
    return found


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (QUOTED, "A **0.32** here."),
        (f"# One\n\n## Two\n\nBefore. {QUOTED} After.", "A **0.32** here."),
        (f"**Trap: words.** {QUOTED}", "A **0.32** here."),
        (f"**The story.** {QUOTED}", "A **0.32** here."),
        (f"- one\n- {QUOTED}\n- three", "A **0.32** here."),
        ("But it is so. It is <!--claim:a-->1<!--/claim--> (eq. 3) [here](x.md).", "It is so. It is **1** (eq. 3) here."),
        ("The loss falls.\n\nIt is <!--claim:a-->1<!--/claim-->.", "The loss falls. It is **1**."),
        ("It falls. With 50 steps it is <!--claim:a-->1<!--/claim-->.", "It falls. With 50 steps it is **1**."),
        ("It falls. And with 50 steps it is <!--claim:a-->1<!--/claim-->.", "It falls. And with 50 steps it is **1**."),
        ("It falls. With its net DDIM has <!--claim:a-->1<!--/claim-->.", "It falls. With its net DDIM has **1**."),
        ("It falls. At scale 3 both rules leave it at <!--claim:a-->1<!--/claim-->.", "At scale 3 both rules leave it at **1**."),
        ("And *all* `a*b` is <!--claim:a-->1<!--/claim--> of $a*b$.", "All `a*b` is **1** of $a*b$."),
        ("| rule | 5 calls | 9 |\n|---|---|---|\n| Euler | 2 | <!--claim:a-->1<!--/claim--> |", "rule: Euler; 9: **1**"),
        ("```{code-cell} ipython3\n---\ncaption: |\n  A <!--claim:a-->1<!--/claim-->.\n---\nx\n```", "A **1**."),
        ('<div class="predict" data-right="1">\n\n**Predict.** How far?\n\n1. far\n\n<details><summary>See</summary>\n\n'
         "It is <!--claim:a-->1<!--/claim-->.\n\n</details>\n\n</div>", "How far? It is **1**."),
        ("Long words " * 20 + "end; of all points of ten thousand samples half lie off them, or <!--claim:a-->1<!--/claim-->.",
         "Of all points of ten thousand samples half lie off them, or **1**."),
    ],
)  # fmt: skip
def test_what_a_row_says(source, text):
    assert row(source).text == text[:1].upper() + text[1:]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a <!--claim:a-->32 %<!--/claim--> share", "32 %"), ("a <!--claim:a-->32<!--/claim--> % share", "32 %"),
        ("<!--claim:a-->3<!--/claim--> times", "3 times"), ("<!--claim:a-->3<!--/claim--> calls", "3 calls"),
        ("<!--claim:a-->3<!--/claim--> and <!--claim:b-->5<!--/claim--> nats", "3 nats"),
        ("<!--claim:a-->3<!--/claim-->, <!--claim:b-->4<!--/claim--> and <!--claim:c-->5<!--/claim--> nats", "3 nats"),
        ("at <!--claim:a-->3<!--/claim-->, <!--claim:b-->5<!--/claim--> times as far", "3"),
        ("<!--claim:a-->3<!--/claim--> and more", "3"), ("$<!--claim:a-->3<!--/claim-->$", "3"),
    ],
)  # fmt: skip
def test_a_number_is_shown_with_its_unit(source, shown):
    assert row(f"It is {source}.").shown == shown


def test_a_row_leads_to_the_section_in_which_the_number_is_quoted():
    source = f"# One\n\n## Two, $x$\n\n```python\n## no heading\n```\n\n{QUOTED}\n\n"
    source += f"### Exercise <!--given-->3<!--/given-->: it\n\n{QUOTED}"
    assert [found.section for _, found in ledger.quoted(source, "01_x")] == ["Two, $x$", "Exercise 3: it"]


def test_the_ledger_lists_sentences_with_a_cited_number_and_no_others():
    chapter = """# A chapter

## One

See [that](x.md): 35 calls {cite:p}`a`. Theorem 2 of {cite:t}`b` says so. It took 3 steps.
The 2M rule and <!--claim:x-->7<!--/claim--> by {cite:t}`c`.

| rule | 10 calls | 50 |
|---|---|---|
| Euler {cite:p}`d` | 8 | 2 |

## Sources

- {cite:t}`a`, eq. 4 and 12 others.
"""
    found = ["See that: 35 calls {cite:p}`a`.", "Rule: Euler {cite:p}`d`; 10 calls: 8, 50: 2"]
    assert ledger.cited(chapter) == [ledger.Sentence(text, "One") for text in found]


@pytest.mark.parametrize(
    "text",
    ["Nothing. It was 3.", "The story. In 2020", "so it is", "in Gaussians (eq.", "10 calls | 50", "a <b>", "see [this](that)",
     "*so* it is", "It is 3.", "{ref}`x`", "half of $x", "What you should see It is 3."],
)  # fmt: skip
def test_scraps_are_found(text):
    assert scraps(text) != []
