"""A Sphinx extension: the site's folder `live` holds the scripts of the transformers that run in its pages, and their engine.

From file:// a page can load nothing but scripts, and it does so when a reader asks (classroom/explorers/live.js).

    live/engine.js                             classroom/explorers/engine/bundle.js
    live/digits_flow.js, live/mnist_flow.js    trained weights, a byte a number (classroom/explorers/shipped.py)
"""

from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx

from classroom.explorers import shipped
from classroom.explorers.attention import OPENINGS
from lib.trained.images import load_model
from tools.site.gallery import EXPLORERS, RESULTS

FOLDER = "live"


def weights(name: str) -> str:
    """The script of a shipped transformer."""
    return shipped.script(name, load_model(RESULTS / f"{name}.safetensors"))


# Every file of the folder, and what makes its text.
FILES: dict[str, Callable[[], str]] = {
    "engine.js": (EXPLORERS / "engine" / "bundle.js").read_text,
    **{f"{net}.js": lambda net=net: weights(net) for net, *_ in OPENINGS.values()},
}


def place(app: Sphinx, exception: Exception | None) -> None:
    """Write the folder once the pages are built."""
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text())


def setup(app: Sphinx) -> dict:
    """Write them at the end of the build."""
    app.connect("build-finished", place)
    return {"parallel_read_safe": True}
