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
        figure, start, script = explorer(name).partition('<script type="module">')
        brought = self.env.temp_data.setdefault("scripts of explorers", set())
        if script not in brought:
            brought.add(script)
            figure += start + script
        return [nodes.raw("", figure, format="html")]


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("explorer", Explorer)
    return {"parallel_read_safe": True}
