"""The glossary where its terms are used: what counts as a use, how often it is marked, and what a box says."""

import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from docutils import nodes

from tools.notebooks import claims
from tools.notebooks.text import chapter_text
from tools.site import terms

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))
NAMED = {term.name.partition(",")[0]: term for term in terms.glossary()}


@cache
def words(chapter: Path) -> str:
    """What a chapter says outside code and formulas."""
    text = claims.prose(chapter_text(chapter))
    return " ".join(
        re.sub(r"^```.*?^```|\$\$.*?\$\$|\$[^$]+\$|`[^`]*`|<[^>]*>", "¤", text, flags=re.DOTALL | re.M).split()
    )


def test_every_entry_is_read_in_order_with_an_anchor_of_its_own():
    source = (ROOT / "book" / "glossary.md").read_text()
    assert len(terms.glossary()) == len(re.findall(r"^: ", source, re.MULTILINE)) > 100
    anchors = [term.anchor for term in terms.glossary()]
    assert len(set(anchors)) == len(anchors) and all(re.fullmatch(r"term-[a-z0-9-]+", it) for it in anchors)
    plain = [unicodedata.normalize("NFD", re.sub(r",? *\$[^$]*\$", "", it.name)).lower() for it in terms.glossary()]
    assert plain == sorted(plain)


def test_a_definition_says_something_and_where_the_term_is_introduced():
    for term in terms.glossary():
        said = re.sub(r"<[^>]+>", "", terms.boxed(term))
        assert len(said.split()) > 5 and "](" not in said and "{cite" not in said, term.name
        assert re.search(r"\[Chapter \d\db?\]\(\.\./notebooks/", term.definition), term.name


# The words of art of the book, and those of its own: a stranger meets them without warning.
HOUSE = ("floor", "oracle", "call", "do nothing", "perfect sample", "share off the data", "excess", "coin", "clock", "knob",
         "best Gaussian", "blind net", "ripple", "leak", "agreement", "null label", "step rule")  # fmt: skip
ART = ("continuity equation", "Fokker-Planck equation", "posterior collapse", "reverse water-filling", "numerical rank",
       "maximum mean discrepancy", "signal-to-noise ratio", "noise schedule", "ODE", "nat", "U-Net", "softmax", "gate", "head",
       "min-SNR weighting", "straightness", "classifier guidance", "EDM", "root mean square", "two moons", "sampler")  # fmt: skip


@pytest.mark.parametrize("name", HOUSE + ART)
def test_the_words_that_chapters_use_are_in_the_glossary_and_found_in_a_chapter(name):
    assert any(NAMED[name].pattern.search(words(chapter)) for chapter in CHAPTERS)


def test_every_term_that_is_looked_for_is_used_somewhere():
    said = " ".join(map(words, CHAPTERS))
    assert [term.name for term in terms.glossary() if term.pattern and not term.pattern.search(said)] == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("floor", "two floors up", "floors"), ("floor", "Floor and ceiling", "Floor"), ("floor", "the flooring", None),
        ("responsibility", "all responsibilities", "responsibilities"), ("patch", "in patches", "patches"),
        ("DDIM", "DDIM at", "DDIM"), ("DDIM", "ddim", None), ("standardise", "is standardised", "standardised"),
        ("call", "with 20 calls", "calls"), ("call", "one network call", "network call"), ("call", "the paper calls it", None),
        ("call", "We call it", None), ("score", "samples score 0.2", None), ("score", "the score is", "score"),
        ("order", "in this order", None), ("order", "a second-order rule", "second-order"), ("recall", "Recall that", None),
        ("recall", "and recall falls", "recall"), ("attention", "pay attention to it", None), ("v", "the v-net", None),
        ("path", "its path", None), ("linear path", "the straight path", "straight path"), ("ODE", "the CODE", None),
        ("signal-to-noise ratio", "min-SNR", None), ("share off the data", "lie off the moons", "off the moons"),
        # the same word for another thing
        ("attention", "gives it twice the attention", None), ("clipping", "every detail except the clip.", None),
        ("determinant", "Without correlation the determinant is", None), ("do nothing", "It does nothing wrong", None),
        ("gate", "all that shifts, scales, gates or makes the output", None), ("head", "computed in your head", None),
        ("leak", "Some of it leaks into the answer", None), ("marginal", "what is the marginal velocity", None),
        ("marginal", "the marginals agree", "marginals"), ("mixture", "a second mixture of the same two", None),
        ("mixture", "a mixture of 200 Gaussians", "mixture"), ("order", "to first order in 1/n", None),
        ("posterior of a step", "splits the posterior variance", None), ("precision and recall", "in half precision, and", None),
        ("precision and recall", "agreement and precision;", "precision"), ("score", "With 50 steps the score is", None),
    ],
)  # fmt: skip
def test_what_is_a_use_of_a_term(name, text, found):
    match = NAMED[name].pattern and NAMED[name].pattern.search(text)
    assert (match and match[0]) == found


def test_of_two_terms_in_one_place_the_longer_is_meant():
    text = "a probability-flow ODE and guidance weights"
    assert [text[a:b] for a, b, _ in terms.matches(text, list(terms.glossary()))] == [
        "probability-flow ODE",
        "guidance weights",
    ]


def page(*children: nodes.Node) -> nodes.document:
    """A page with a title and two sections."""
    document = nodes.document(None, None)
    top = nodes.section("", nodes.title("", "The floor"))
    for i in range(2):
        section = nodes.section("", nodes.title("", f"Section {i}, a floor"))
        section += [child.deepcopy() for child in children]
        top += section
    document += top
    return document


class App:
    """What the extension asks of Sphinx."""

    class env:
        @staticmethod
        def get_domain(name: str) -> "Math":
            return Math()

    class builder:
        @staticmethod
        def get_relative_uri(page: str, to: str) -> str:
            return "../book/glossary.html"


class Math:
    """What it asks of Sphinx's mathematics."""

    formulas = True

    def has_equations(self, page: str) -> bool:
        return self.formulas


def marked(*children: nodes.Node, name: str = "notebooks/x") -> list[str]:
    document = page(*children)
    terms.mark(App, document, name)
    return [it.astext() for it in document.findall(nodes.raw) if "k-term" in it.astext()]


def paragraph(*parts: nodes.Node | str) -> nodes.paragraph:
    return nodes.paragraph("", "", *(nodes.Text(it) if isinstance(it, str) else it for it in parts))


def test_the_first_use_in_a_section_is_marked_and_the_first_on_the_page_is_a_stop():
    links = marked(paragraph("A floor, two floors, and the oracle."), paragraph("Another floor."))
    assert [re.sub("<[^>]+>", "", it) for it in links] == ["floor", "oracle", "floor", "oracle"]
    assert ["tabindex" in it for it in links] == [False, False, True, True]
    assert 'href="../book/glossary.html#term-floor" aria-describedby="k-def-term-floor"' in links[0]


@pytest.mark.parametrize(
    "child",
    [
        paragraph(nodes.reference("", "a floor", refuri="x")), paragraph(nodes.literal("", "floor")),
        paragraph(nodes.math("", "floor")), paragraph(nodes.strong("", "floor")), nodes.literal_block("", "floor"),
        nodes.figure("", nodes.caption("", "A floor.")), nodes.table("", nodes.entry("", paragraph("floor"))),
    ],
    ids=lambda it: it.tagname,
)  # fmt: skip
def test_headings_links_code_formulas_captions_and_tables_are_left_alone(child):
    assert marked(child) == []


@pytest.mark.parametrize("kind", ["predict", "predict diagnosis"])
def test_a_box_that_asks_to_predict_is_left_alone_and_what_follows_is_not(kind):
    raw = [
        nodes.raw("", it, format="html")
        for it in (f'<div class="{kind}" data-right="1">', "<details>", "</details>", "</div>")
    ]
    asked = nodes.container(
        "", raw[0], paragraph("A floor?"), raw[1], paragraph("The floor."), raw[2], raw[3], paragraph("An oracle.")
    )
    assert ["oracle" in it for it in marked(asked)] == [True, True]


def test_a_link_that_is_written_as_html_is_left_alone_and_what_follows_is_not():
    begin, end = (nodes.raw("", it, format="html") for it in ('<a href="x">', "</a>"))
    assert [
        "oracle" in it for it in marked(paragraph(begin, nodes.Text("A floor"), end, nodes.Text(", an oracle.")))
    ] == [
        True,
        True,
    ]


@pytest.mark.parametrize("name", sorted(terms.EXCEPT))
def test_lists_and_answers_hold_no_terms(name):
    assert marked(paragraph("A floor."), name=name) == []


def test_a_page_without_formulas_shows_no_box_with_one(monkeypatch):
    text = paragraph("A variance-preserving oracle.")
    assert len(marked(text)) == 4
    monkeypatch.setattr(Math, "formulas", False)
    assert ["oracle" in it for it in marked(text)] == [True, True]


def test_a_box_holds_formulas_and_no_link():
    box = terms.boxed(NAMED["variance preserving"])
    assert (
        box.startswith('<div class="k-def" role="tooltip" id="k-def-term-variance-preserving">')
        and r"\(\alpha^2" in box
    )
    assert "[" not in re.sub(r"\\\(.*?\\\)", "", box)
