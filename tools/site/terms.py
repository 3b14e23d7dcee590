"""A Sphinx extension that shows the glossary where its terms are used: a quiet link each, and the sentences that it shows.

book/glossary.md is the only source. A term is marked at its first use in each section of a page; the first on the page is a stop
of the Tab key, so that there are few. Behind a term a comment may say how the text says it, as a regular expression:

    call, $K$ <!--as: network calls?|number of calls-->
    : One evaluation of the network. [Chapter 07](...).

Without one the names before commas are looked for, and their plurals; an empty one, `<!--as:-->`, marks nothing.
book/_static/terms.js opens the box of a term, which holds its definition up to the first link.
"""

import html
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx

from tools.site.self_test import Tag

ROOT = Path(__file__).resolve().parents[2]
PAGE = "book/glossary"
# Pages that are lists themselves, or where a definition would answer a question.
EXCEPT = {PAGE, *(f"book/{name}" for name in ("references", "claims", "api", "cite", "self_test", "answer_key"))}
# What holds words that are not read in passing: headings, links, code, formulas, tables, captions, words explained just here.
CLOSED = (
    nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment,
    nodes.table, nodes.caption, nodes.strong, nodes.term, nodes.topic, Tag,
)  # fmt: skip
SILENT = {"Sources", "Test yourself"}
ENTRY = re.compile(r"^(\S.*?)(?: <!--as:(.*?)-->)?\n: (.+)$", re.MULTILINE)


class Term(NamedTuple):
    """A term of the glossary: its name, its anchor, how a text says it (None: it is not looked for), and its definition."""

    name: str
    anchor: str
    pattern: re.Pattern | None
    definition: str


def spoken(name: str) -> str:
    """A pattern for the names before commas, of two letters or more, and their plurals."""
    names = [part.strip() for part in re.sub(r"\$[^$]*\$", "", name).split(",") if len(part.strip()) > 1]
    return "|".join(
        f"{re.escape(it[:-1])}(?:y|ies)" if it.endswith("y") else f"{re.escape(it)}(?:s|es)?" for it in names
    )


def pattern(form: str) -> re.Pattern:
    """Whole words; capitals count only where the form has one."""
    flag = "" if form != form.lower() else "i"
    return re.compile(rf"(?<![\w-])(?{flag}:{form})(?![\w-])")


def anchor(name: str) -> str:
    """The anchor of a term's entry."""
    plain = unicodedata.normalize("NFD", re.sub(r"\$[^$]*\$", "", name)).encode("ascii", "ignore").decode().lower()
    return "term-" + re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@cache
def glossary(root: Path = ROOT) -> tuple[Term, ...]:
    """The terms in the order of the page."""
    found = []
    for entry in ENTRY.finditer((root / f"{PAGE}.md").read_text()):
        name, form, definition = entry.groups()
        said = spoken(name) if form is None else form.strip()
        found.append(Term(name, anchor(name), pattern(said) if said else None, definition))
    return tuple(found)


def boxed(term: Term) -> str:
    """A term's box: its name, and its definition up to the first link."""
    text = html.escape(re.split(r"\s*\[[Cc]hapter ", term.definition)[0], quote=False)
    text = re.sub(r"\$([^$]+)\$", r'<span class="math notranslate nohighlight">\\(\1\\)</span>', text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)
    name = html.escape(re.sub(r",? *\$[^$]*\$", "", term.name))
    return f'<div class="k-def" role="tooltip" id="k-def-{term.anchor}"><strong>{name}.</strong> {text}</div>'


def section_of(node: nodes.Node) -> tuple[nodes.Node | None, str]:
    """The section of the second level that holds a node, and its title."""
    above = []
    while node is not None:
        above += [node] if isinstance(node, nodes.section) else []
        node = node.parent
    own = above[-2] if len(above) > 1 else None
    return own, own.next_node(nodes.title).astext() if own else ""


def readable(doctree: nodes.document) -> list[nodes.Text]:
    """The text that is read in passing. A box that asks the reader to predict is left alone: its answers become buttons."""
    found, asking, linked = [], False, False
    for node in doctree.findall():
        if isinstance(node, nodes.raw):
            asking = 'class="predict' in node.astext() or (asking and "</div>" not in node.astext())
            linked = (linked or node.astext().startswith("<a ")) and "</a>" not in node.astext()  # written as HTML
        elif isinstance(node, nodes.Text) and not (asking or linked):
            above, closed = node.parent, False
            while above is not None and not closed:
                closed, above = isinstance(above, CLOSED), above.parent
            found += [] if closed else [node]
    return found


def matches(text: str, terms: list[Term]) -> list[tuple[int, int, Term]]:
    """Where the first use of each term begins and ends, from left to right; of two that overlap the earlier, then the longer."""
    found = [(it.start(), -it.end(), term) for term in terms if term.pattern and (it := term.pattern.search(text))]
    kept, end = [], 0
    for begin, minus, term in sorted(found, key=lambda it: it[:2]):
        if begin >= end:
            kept.append((begin, -minus, term))
            end = -minus
    return kept


def mark(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Make links of the terms on a page, and remember which they are."""
    doctree.k_terms = []
    if page in EXCEPT:
        return
    there, met = app.builder.get_relative_uri(page, PAGE), {}
    # Where no formula stands, the scripts that set them are not loaded either.
    formulas = app.env.get_domain("math").has_equations(page)
    terms = [it for it in glossary() if formulas or r"\(" not in boxed(it)]
    for node in readable(doctree):
        section, title = section_of(node)
        if title in SILENT:
            continue
        known = met.setdefault(id(section), set())
        text, at, parts = node.astext(), 0, []
        plain = text.replace("\n", " ")
        for begin, end, term in matches(plain, [it for it in terms if it.anchor not in known]):
            known.add(term.anchor)
            stop = "" if term not in doctree.k_terms else ' tabindex="-1"'
            doctree.k_terms += [] if stop else [term]
            link = f'<a class="k-term" href="{there}#{term.anchor}" aria-describedby="k-def-{term.anchor}"{stop}>'
            parts += [nodes.Text(text[at:begin])] if begin > at else []
            parts.append(nodes.raw("", f"{link}{html.escape(text[begin:end], quote=False)}</a>", format="html"))
            at = end
        if parts:
            node.parent.replace(node, [*parts, *([nodes.Text(text[at:])] if at < len(text) else [])])


def add_boxes(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Below a page's text, the boxes of its terms; not in its tree, or the search would find them on every page."""
    if terms := getattr(doctree, "k_terms", None):
        context["body"] += "\n".join(boxed(term) for term in terms)


def add_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Give each entry of the glossary its anchor."""
    if app.env.docname == PAGE:
        for node, term in zip(doctree.findall(nodes.term), glossary(), strict=True):
            node["ids"].append(term.anchor)


def setup(app: Sphinx) -> dict:
    """Mark terms once all references are resolved."""
    app.connect("doctree-read", add_anchors)
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", add_boxes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
