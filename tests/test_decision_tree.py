"""The decision tree: made of cards and gotchas, every end with a recorded number, and links that lead somewhere."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from tools.notebooks import claims
from tools.notebooks.cards import cards
from tools.site import tree
from tools.site.gallery import explorer, gallery

ROOT = tree.ROOT
ENDS = tree.ends(json.loads(tree.tree()))
GOTCHAS = (ROOT / "book" / "gotchas.md").read_text()
SYMPTOMS = [end for end in tree.ends(tree.source()) if "gotcha" in end]
CHAPTERS = "\n\n".join(path.read_text() for path in sorted((ROOT / "book" / "chapters").glob("*.md")))


def nodes(node: dict) -> list[dict]:
    """All answers below a question."""
    return [it for one in node.get("answers", ()) for it in (one, *nodes(one))]


def test_the_figure_is_fresh_and_shows_every_card():
    assert (ROOT / tree.TARGET).read_text() == tree.tree(), "run `make explorers`"
    assert tree.unused() == set()


def test_it_is_a_nested_list_that_can_be_read_without_its_script():
    soup = BeautifulSoup(explorer("decision_tree"), "html.parser")
    shown = soup.select(".kx-advice")
    assert len(shown) == len(ENDS) >= 40
    assert all(end.find("a") and end.find("dl") and end.select_one(".kx-title") for end in shown)
    assert len(soup.select(".kx-poster ul ul ul")) >= 3


def test_nothing_is_left_of_markup_and_marks():
    for end in ENDS:
        for _, text in end["rows"]:
            assert not re.search(r"<!--|-->|\{|\}|`|\*|\$|\\", text), text
            assert (text[0] == text[0].upper()) != bool(re.match(r"[\u03b1-\u03c9]|(?!a\b)[a-z](?:\b|_)", text)), text
            assert not re.match(r"[Α-Ω]", text) and text.endswith((".", "?"))


def test_names_are_one_for_each_answer_and_fit_into_an_address():
    names = [node["name"] for node in nodes(json.loads(tree.tree()))]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[A-Za-z][\w-]*", name) for name in names)


def test_a_name_given_twice_is_refused(monkeypatch):
    one = {"answer": "A", "card": "ema"}
    monkeypatch.setattr(tree, "source", lambda root: {"ask": "?", "answers": [one, one]})
    with pytest.raises(ValueError, match="two answers are called 'ema'"):
        tree.tree()


def test_no_answer_says_only_yes():
    for node in nodes(tree.source()):
        assert not re.match(r"(yes|no)\b", node["answer"], re.IGNORECASE) and len(node["answer"]) <= 42


def test_the_branches_that_readers_ask_for():
    assert {"guidance", "drop-rate", "ema", "time-scale", "attention", "latent-scale", "network", "evaluations"} <= {
        end["name"] for end in ENDS
    }


@pytest.mark.parametrize(("name", "text"), tree.marked().items())
def test_every_end_quotes_a_record(name, text):
    """That a quote shows its record's digits, tests/test_claims.py tries of all of them, with a digit planted in each."""
    assert list(claims.quotes(text)), f"{name} quotes no record"


@pytest.mark.parametrize("end", SYMPTOMS, ids=lambda end: end["gotcha"])
def test_a_symptom_quotes_its_gotcha(end):
    entry = re.search(r"^### ([^\n]+)\n.*?(?=^##|\Z)", GOTCHAS[at(end["gotcha"]) :], re.DOTALL | re.MULTILINE)[0]
    quoted = {(quote, shown) for quote, shown, _ in claims.quotes(entry)}
    for quote, shown, _ in claims.quotes(tree.marked()[end["gotcha"]]):
        assert (quote, shown) in quoted, f"the gotcha does not say {shown} of {quote}"


def at(anchor: str) -> int:
    """Where an entry of the gotchas begins."""
    for found in re.finditer(r"^### (.+)$", GOTCHAS, re.MULTILINE):
        if claims.slug(found[1]) == anchor:
            return found.start()
    raise AssertionError(f"book/gotchas.md has no entry #{anchor}")


# --- published numbers ------------------------------------------------------------------------------------------------

CITED = re.compile(r"([^.;]*(?:\.\d[^.;]*)*)\{cite:p\}`(\w+)`")  # the clause that a citation ends
NUMBER = re.compile(r"(?<![\w/.-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w/-])")


def unsupported(text: str, chapters: str = CHAPTERS) -> list[str]:
    """Numbers of a card that it ascribes to a reference, and that no section of a chapter that names it gives."""
    found = []
    for clause, key in CITED.findall(re.sub(r"<!--claim:.*?<!--/claim-->", "", text)):
        beside = [part for part in re.split(r"^##+ ", chapters, flags=re.MULTILINE) if key in part]
        given = {number.replace(",", "") for part in beside for number in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", part)}
        for number in NUMBER.findall(clause):
            if not any(agrees(number.replace(",", ""), value) for value in given):
                found.append(f"{number} of {key}")
    return found


def agrees(shown: str, value: str) -> bool:
    """Whether a number is another one, or it rounded."""
    digits = len(shown.partition(".")[2])
    return f"{float(value):.{digits}f}" == shown


@pytest.mark.parametrize("card", [card for some in cards(ROOT).values() for card in some], ids=lambda card: card.id)
def test_a_published_number_stands_in_a_chapter_with_its_reference(card):
    assert unsupported("; ".join((card.range, card.when, card.measured, card.also))) == []


def test_a_published_number_that_was_changed_is_found():
    said = "it has an FID of 2.27 at 1.5 {cite:p}`peebles2023`"
    assert unsupported(said) == []
    assert unsupported(said.replace("2.27", "2.72")) == ["2.72 of peebles2023"]
    assert "2.27 of hang2023" in unsupported(said.replace("peebles2023", "hang2023"))


# --- links ------------------------------------------------------------------------------------------------------------


def test_every_end_leads_to_where_it_was_measured():
    for end in ENDS:
        text, href = end["links"][0]
        assert href.startswith("notebooks/") and len(text) > 8
        page, _, anchor = href.partition("#")
        assert anchor or page == "notebooks/16_bug_museum.html"


def test_a_heading_that_a_chapter_does_not_have_is_refused():
    with pytest.raises(KeyError, match="no-such-heading"):
        tree.links("10_the_dit#no-such-heading", None)


def test_the_explorers_that_ends_open_are_there():
    """That they open in the state that is asked for is tried in the browser."""
    opened = [href for end in ENDS for _, href in end["links"] if href.startswith(tree.EXPLORERS)]
    assert len(opened) > 20
    names = {href.split("#explorer-")[1].split("?")[0].replace("-", "_") for href in opened}
    assert names <= set(gallery())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("v, or u", "v, or u."), ("ε with steps", "ε with steps."), ("σ/α from 1", "σ/α from 1."), ("β̃ to β", "β̃ to β."),
        ("x_t moves", "x_t moves."), ("w = 1", "w = 1."), ("a memory", "A memory."),
        ("a <!--claim:x/y-->0.5<!--/claim--> *b* `c`", "A 0.5 b c."),
        ("so {cite:p}`kynkaanniemi2024`", "So (Kynkäänniemi et al. 2024)."),
        ("so {cite:p}`ho2022cfg,peebles2023`. Or", "So (Ho & Salimans 2022; Peebles & Xie 2023). Or."),
    ],
)  # fmt: skip
def test_sentences(text, plain):
    assert tree.sentence(text) == plain
