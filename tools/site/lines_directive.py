"""A Sphinx extension: ```{lines} lib.samplers.rk4``` shows these lines of code as they stand in the files, and says how many.

The name is that of a marker of tools/site/sizes.py, so that the number in the text is that of the lines below it. Where it
asks for words, the lines with them are shown as additions, in their context. Options:

    :heart: lib.guidance.Guided.estimate/worse      shown first; the lines of the name itself are folded below
    :instead-of: lib.nets.dit.explicit_attention    what the additions replace
"""

import ast
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.site.api_directive import modules
from tools.site.listing import Row, address, dotted, html, rows, short
from tools.site.sizes import find, size

API = "book/api"


def title(name: str) -> str:
    """What a name is called in a caption: the last part of each that it joins, and a module by its file."""
    found = []
    for one in name.split(","):
        path, node = find(one.partition("/")[0])
        found.append(path.name if isinstance(node, ast.Module) else one.partition("/")[0].split(".")[-1])
    return ", ".join(f"<code>{part}</code>" for part in dict.fromkeys(found))


def counted(number: int) -> str:
    """A number of lines in words."""
    return f"{number} line{'s' * (number != 1)}"


class Lines(SphinxDirective):
    """A figure of code: what it is and how many lines, where it stands, and the lines."""

    required_arguments = 1
    option_spec: ClassVar = {"heart": directives.unchanged_required, "instead-of": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Note the files as dependencies, so that an edit of lib builds the page again."""
        (name,), heart, other = self.arguments, self.options.get("heart"), self.options.get("instead-of")
        try:
            found = rows(name)
            first = rows(heart, "*") if heart else []
            replaced = [row._replace(kind="-") for row in rows(other)] if other else []
        except ValueError as wrong:
            raise self.error(str(wrong)) from None
        for row in (*found, *first, *replaced):
            self.env.note_dependency(str(row.path))
        most = f"{counted(size(name))} of {title(name)}"
        if heart:
            whole = f'<details class="k-fold"><summary>All {most}</summary>{html(found)}</details>'
            return [self.figure(f"The heart: {title(heart)}", first), nodes.raw("", whole, format="html")]
        if other:
            lost = f"{counted(size(other))} of {title(other)}"
            return [self.figure(f"<del>−</del> {lost}, <ins>+</ins> {most}", replaced + found)]
        return [self.figure(f"<ins>+</ins> {most}" if "/" in name else most, found)]

    def figure(self, says: str, shown: list[Row]) -> nodes.raw:
        """A listing below what it is and where it stands: a link, to the API page where that has the file."""
        lines = [row for row in shown if row.kind != "gap"]
        first = next((row for row in lines if row.kind in "+*"), lines[0])
        place = f"{short(first.path)}, line {first.number}"
        page = self.env.app.builder.get_relative_uri(self.env.docname, API)
        options = self.config.html_theme_options
        if options.get("repository_url") or dotted(first.path).removeprefix("lib.") in modules():
            place = f'<a href="{address(options, first.path, first.number, first.number, page)}">{place}</a>'
        caption = f"<figcaption><span>{says}</span> <span>{place}</span></figcaption>"
        return nodes.raw("", f'<figure class="k-code">{caption}{html(shown)}</figure>', format="html")


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("lines", Lines)
    return {"parallel_read_safe": True}
