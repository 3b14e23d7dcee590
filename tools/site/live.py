"""A Sphinx extension for what a page computes live: ```{playground}``` puts the laboratory into a page, and the folder `live` of
the site holds the scripts that its pages load, for from `file://` a page can load nothing but scripts.

    live/engine.js                             classroom/explorers/engine/bundle.js
    live/playground.js                         classroom/explorers/playground/bundle.js
    live/digits_flow.js, live/mnist_flow.js    trained weights, a byte a number (classroom/explorers/shipped.py)
"""

from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from classroom.explorers import shipped
from classroom.explorers.attention import OPENINGS
from lib.trained.images import load_model
from tools.site.gallery import EXPLORERS, RESULTS

FOLDER = "live"


def weights(name: str) -> str:
    """The script of a shipped transformer, which a page loads when its reader asks."""
    return shipped.script(name, load_model(RESULTS / f"{name}.safetensors"))


# Every file of the folder, and what makes its text.
FILES: dict[str, Callable[[], str]] = {
    "engine.js": (EXPLORERS / "engine" / "bundle.js").read_text,
    "playground.js": (EXPLORERS / "playground" / "bundle.js").read_text,
    **{f"{net}.js": lambda net=net: weights(net) for net, *_ in OPENINGS.values()},
}
SCRIPTS = ("engine.js", "playground.js")  # of the playground's page, the first before the second

# What stands there until the scripts have come, and where there are none.
WITHOUT = (
    "The laboratory runs in this page, by scripts. Where they do not run, the explorers' pictures and chapters 1 to 11 show the "
    "same experiments: data whose exact answer is known, a net in training, and its distance from a perfect sample."
)


def laboratory(page: str) -> str:
    """The place of the laboratory in a page, which is named by its path without an ending: HTML with its scripts."""
    root = "../" * page.count("/")
    scripts = "".join(f'<script defer src="{root}{FOLDER}/{name}"></script>' for name in SCRIPTS)
    return f'<div class="pg" id="laboratory"><p class="pg-without">{WITHOUT}</p></div>\n{scripts}'


class Playground(SphinxDirective):
    """The laboratory, as raw HTML."""

    def run(self) -> list[nodes.Node]:
        """It stands once on a page, for it has an id."""
        return [nodes.raw("", laboratory(self.env.docname), format="html")]


def place(app: Sphinx, exception: Exception | None) -> None:
    """Write the folder once the pages are built."""
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text())


def setup(app: Sphinx) -> dict:
    """Register the directive and the folder."""
    app.add_directive("playground", Playground)
    app.connect("build-finished", place)
    return {"parallel_read_safe": True}
