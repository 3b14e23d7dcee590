"""A Sphinx extension that keys the list of references as the text cites them, and says of each work where it is cited.

The text says "Ho et al. [2020]", so the list begins its entry with these words and is in their order. Two works of the same
authors and year are told apart by a letter, 2024a and 2024b, in the text and in the list.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy

import pybtex.plugin
from docutils import nodes
from pybtex.database import Entry
from pybtex.plugin import find_plugin
from pybtex.style.formatting.unsrt import Style as Plain
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.template import Node, field, href, sentence
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

from tools.notebooks.names import number

PAGE = "book/references"
SILENT = {PAGE, "book/claims"}  # pages that cite what other pages cite


def authors(entry: Entry) -> str:
    """The authors as a sentence names them: "Ho et al."."""
    style = AuthorYearReferenceStyle()
    text = style.person.author_or_editor_or_title(full=False).format_data({"entry": entry, "style": style})
    return text.render(find_plugin("pybtex.backends", "plaintext")()).replace("\N{NO-BREAK SPACE}", " ")


def year(entry: Entry) -> str:
    """The year of a work, "n.d." where there is none."""
    return entry.fields.get("year", "n.d.")


def place(entry: Entry) -> tuple[str, str, str]:
    """What the list is in the order of: accents and capitals aside."""
    plain = unicodedata.normalize("NFD", authors(entry)).encode("ascii", "ignore").decode()
    return plain.lower(), year(entry), entry.fields["title"]


def lettered(entries: Iterable[Entry]) -> list[Entry]:
    """Copies of the works in the order of their labels, with letters behind the years that would be confused.

    The role in the text reads the year of the same copy.
    """
    works = sorted(deepcopy([*entries]), key=place)
    same, met = Counter((authors(it), year(it)) for it in works), Counter()
    for work in works:
        key = authors(work), year(work)
        if same[key] > 1:
            work.fields["year"] = f"{key[1]}{chr(ord('a') + met[key])}"
            met[key] += 1
    return works


class Labels(BaseLabelStyle):
    """Labels that say what the text says."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterable[str]:
        """The label of each work."""
        return [f"{authors(entry)} [{year(entry)}]" for entry in sorted_entries]


class Style(Plain):
    """The plain style with the labels of the text, titles as they are written, and addresses as links."""

    default_label_style = Labels

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.sort = lettered

    def format_title(self, e: Entry, which_field: str, as_sentence: bool = True) -> Node:
        """A title, its capitals kept: they are names as often as not."""
        return sentence[field(which_field)] if as_sentence else field(which_field)

    def format_url(self, e: Entry) -> Node:
        """An address without its scheme, as a link."""
        shown = field("url", raw=True, apply_func=lambda text: text.removeprefix("https://"))
        return href(field("url", raw=True))[shown]


def address(entry: Entry) -> str | None:
    """Where a work can be read; None for one whose entry does not say."""
    fields = entry.fields
    if "eprint" in fields:
        return f"https://arxiv.org/abs/{fields['eprint']}"
    return f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url")


def add_places(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Below each work, links to the pages that cite it."""
    if page != PAGE:
        return
    domain = app.env.get_domain("cite")
    order = [*app.env.toctree_includes.get(app.config.root_doc, [])]
    works = {it.citation_id: it.key for it in domain.citations}
    for citation in doctree.findall(nodes.citation):
        key = works[citation["ids"][0]]
        pages = {it.docname for it in domain.citation_refs if key in {target.key for target in it.targets}} - SILENT
        links = nodes.paragraph("", "Cited in ", classes=["k-places"])
        for i, name in enumerate(sorted(pages, key=lambda it: (order.index(it) if it in order else 99, it))):
            own = number(name.rpartition("/")[2])
            title = f"chapter {own}" if own else app.env.titles[name].astext()
            links += [nodes.Text(", ")] if i else []
            links += make_refnode(app.builder, page, name, "", nodes.Text(title))
        if pages:
            citation += links


def setup(app: Sphinx) -> dict:
    """Register the style under the name that the list asks for."""
    pybtex.plugin.register_plugin("pybtex.style.formatting", "as_cited", Style)
    app.connect("doctree-resolved", add_places)
    # A page anywhere may have begun to cite a work.
    app.connect("env-get-outdated", lambda app, env, added, changed, removed: [PAGE] if changed else [])
    return {"parallel_read_safe": True, "parallel_write_safe": True}
