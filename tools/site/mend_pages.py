"""A Sphinx extension that mends the built pages: self-contained, lighter, and without the theme's accessibility mistakes."""

import io
import re
from itertools import count
from pathlib import Path

from PIL import Image
from sphinx.application import Sphinx

from tools.notebooks.names import number

BIG = 50_000  # bytes of a picture that is worth another format

MENDS = (
    # A name for screen readers must contain the words on the screen: here those words alone are a good name.
    (r'(<button[^>]*search-button-field[^>]*) title="Search" aria-label="Search"', r"\1"),
    (r'<summary aria-label="[^"]*">', "<summary>"),
    (r'(<i [^>]*theme-switch[^>]*) title="[^"]*"', r"\1"),
    # The side bar is a landmark; a bibliography is no list of list items, and its role is deprecated.
    (r'<div id="pst-primary-sidebar"', '<div role="navigation" aria-label="Book" id="pst-primary-sidebar"'),
    (r' role="(?:list" class="citation-list|doc-biblioentry)"', ""),
    # Every icon as a drawing, half a megabyte gzip; the font with the same icons is loaded as well.
    (r"<script [^>]*/fontawesome\.js[^>]*></script>", ""),
)
OUTPUT = re.compile(
    r'<div class="output stream[^>]*><div class="highlight"><pre><span></span>(.*?)</pre></div>\s*</div>', re.DOTALL
)
EMPTY = re.compile(r'<div class="cell_output docutils container">\s*</div>')
FIGURE = re.compile(r'(<span class="(?:caption-number|std std-numref)">Fig\. )(\d+)(?= ?</span>)')
TABLE = '<div class="pst-scrollable-table-container">'
# A formula is one word to the browser: without this, a line may begin with the full stop behind it, or end with a bracket.
FORMULA = '<span class="math notranslate nohighlight">[^<]*</span>'
POINTED = re.compile(rf'(?<!<span class="k-whole">)(?<![(‘“])([(‘“]+{FORMULA}[.,;:!?)’”]*|{FORMULA}[.,;:!?)’”]+)')


def without_records(output: re.Match) -> str:
    """Printed text without its records, the lines `claim name = value`, which are for tests and for the ledger."""
    lines = output[1].splitlines()
    if not any(line.startswith("claim ") for line in lines):
        return output[0]
    rest = "\n".join(line for line in lines if not line.startswith("claim "))
    return output[0].replace(output[1], f"{rest}\n") if rest.strip() else ""


def mended(text: str) -> str:
    """A page with all mends."""
    for pattern, replacement in MENDS:
        text = re.sub(pattern, replacement, text)
    text = EMPTY.sub("", OUTPUT.sub(without_records, text))
    text = POINTED.sub(r'<span class="k-whole">\1</span>', text)
    # A box that scrolls is reachable by keyboard, so it needs a role, and a name that no other has.
    numbers = count(1)
    return re.sub(TABLE, lambda box: f'{box[0][:-1]} role="region" aria-label="Table {next(numbers)}">', text)


def lightened(folder: Path) -> dict[str, str]:
    """Turn big pictures into WebP, which takes half the bytes: {old name: new name}.

    A drawing is lighter with some loss; a few large pixels, as of a small picture, are lighter without.
    """
    names = {}
    for path in sorted(folder.glob("*.png")):
        if path.stat().st_size > BIG:
            new, ways = path.with_suffix(".webp"), []
            with Image.open(path) as picture:
                for way in ({"quality": 85, "alpha_quality": 90}, {"lossless": True}):
                    picture.save(drawn := io.BytesIO(), "webp", **way)
                    ways.append(drawn.getvalue())
            new.write_bytes(min(ways, key=len))
            path.unlink()
            names[path.name] = new.name
    return names


def figure_names(pages: dict[str, str]) -> dict[str, str]:
    """{number in the whole book: number to show}, of pages {name: text}: 3 in chapter 07 is 7.3, and elsewhere 3."""
    names = {}
    for page, text in pages.items():
        own = [found[2] for found in FIGURE.finditer(text) if "caption-number" in found[1]]
        chapter = f"{number(page)}." if number(page) else ""
        names |= {old: f"{chapter}{i}" for i, old in enumerate(own, 1)}
    return names


def mend(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite every page once it is built."""
    names = lightened(Path(app.outdir) / "_images")
    pages = {page: page.read_text() for page in Path(app.outdir).rglob("*.html")}
    figures = figure_names({page.stem: text for page, text in pages.items()})
    for page, text in pages.items():
        text = FIGURE.sub(lambda found: found[1] + figures.get(found[2], found[2]), mended(text))
        page.write_text(re.sub(r"\w+\.png", lambda name: names.get(name[0], name[0]), text))


def setup(app: Sphinx) -> dict:
    """Take sphinx_thebe out, and mend the pages at the end.

    Jupyter Book always loads sphinx_thebe, whose script asks a CDN for a live kernel. It also declares its constants twice,
    an error on every page.
    """
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [it for it in listeners if not it.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [(name, options) for name, options in app.registry.css_files if "thebe" not in name]
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True}
