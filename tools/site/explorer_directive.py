"""A Sphinx extension: ```{explorer} k_budget``` puts an explorer into a page that is not a notebook."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.site.gallery import explorer, gallery


class Explorer(SphinxDirective):
    """The explorer that is named, as raw HTML. Only the first of a page brings the script, which serves all of them."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Name what there is when the name is unknown."""
        (name,) = self.arguments
        if name not in gallery():
            raise self.error(f'Unknown explorer "{name}". Choose one of {", ".join(gallery())}.')
        figure = explorer(name)
        if "has_explorer" in self.env.temp_data:
            figure = figure.split('<script type="module">')[0]
        self.env.temp_data["has_explorer"] = True
        return [nodes.raw("", figure, format="html")]


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("explorer", Explorer)
    return {"parallel_read_safe": True}
