"""A Sphinx extension that folds a section whose heading says that it is a second reading, or an answer: a click opens it."""

from docutils import nodes
from sphinx.application import Sphinx

from tools.notebooks.names import FOLDED


def fold(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Wrap what such a section holds in <details>, its heading in the summary."""
    for section in [*doctree.findall(nodes.section)]:
        title = section.next_node(nodes.title, descend=True)
        if title is not None and title.parent is section and title.astext().startswith(FOLDED):
            at = section.index(title)
            section.insert(at, html('<details class="second"><summary>'))
            section.insert(at + 2, html("</summary>"))
            section.append(html("</details>"))


def html(text: str) -> nodes.raw:
    """A node that is written as it stands."""
    return nodes.raw("", text, format="html")


def setup(app: Sphinx) -> dict:
    """Fold once all else is resolved."""
    app.connect("doctree-resolved", fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
