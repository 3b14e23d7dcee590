"""A Sphinx extension: the licences of other people's parts of the built book, third_party.txt, and the footer that leads there.

Whoever copies the book copies them too, and their licences ask to come along. A part says which files of the built book are its
own; `tests/test_notices.py` finds a file that is nobody's.
"""

import re
import tomllib
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
NAME = "third_party.txt"
OURS = ("*.html", "_images/*", "_sources/*", "live/*", "copies/*", "objects.inv", "searchindex.js", ".buildinfo", NAME)
OURS += ("_static/*.json", "_static/pygments.css", "_static/documentation_options.js")  # made of our own settings


class Part(NamedTuple):
    """What it is called, the files that are its own, the name of its licence, and where the licence's text lies.

    A text is a file below the project, or the file of an installed package, `package: beginning of its name`. `copyright` stands
    before a text that names nobody.
    """

    name: str
    files: tuple[str, ...]
    licence: str
    texts: tuple[str, ...]
    copyright: str = ""


MIT = "LICENSE"  # its second half names nobody
OFL = "lib/noto/OFL.txt"
PARTS = (
    Part("MathJax 3.2.2", ("mathjax/*.js", "mathjax/LICENSE"), "Apache-2.0", ("vendor/site/mathjax/LICENSE",),
         "Copyright (c) 2009-2022 The MathJax Consortium"),
    Part("MathJax's TeX fonts", ("mathjax/*.woff",), "OFL-1.1", (OFL,),
         "Copyright (c) 2009-2010 Design Science, Inc. (www.mathjax.org), with Reserved Font Names MathJax_*\n"
         "Copyright (c) 2017 The MathJax Consortium (www.mathjax.org), with Reserved Font Name MathJax_Zero"),
    Part("Font Awesome Free 6.5.2", ("_static/vendor/fontawesome/*", "_static/scripts/fontawesome.js*"),
         "OFL-1.1 (fonts), CC-BY-4.0 (icons), MIT (code)", (OFL, "LICENSE-CC-BY-4.0", MIT),
         "Copyright (c) 2024 Fonticons, Inc. (fontawesome.com), with Reserved Font Name Font Awesome"),
    Part("Bootstrap 5.3.3", ("_static/scripts/bootstrap.js*",), "MIT", (MIT,),
         "Copyright (c) 2011-2024 The Bootstrap Authors"),
    Part("PyData Sphinx Theme",
         ("_static/*/pydata-sphinx-theme.*", "_static/styles/theme.css", "_static/webpack-macros.html"),
         "BSD-3-Clause", ("pydata-sphinx-theme: LICENSE",)),
    Part("Sphinx Book Theme",
         ("_static/*/sphinx-book-theme.*", "_static/sbt-webpack-macros.html", "_static/locales/*", "_static/images/logo_*"),
         "BSD-3-Clause", ("sphinx-book-theme: LICENSE",)),
    Part("Sphinx",
         ("_static/basic.css", "_static/doctools.js", "_static/searchtools.js", "_static/sphinx_highlight.js",
          "_static/language_data.js", "_static/file.png", "_static/plus.png", "_static/minus.png"),
         "BSD-2-Clause", ("sphinx: LICENSE",)),
    Part("Snowball's English stemmer, in Sphinx", ("_static/language_data.js",), "BSD-3-Clause", ("snowballstemmer: COPYING",)),
    Part("Pygments, whose colours are in pygments.css", ("_static/pygments.css",), "BSD-2-Clause", ("pygments: LICENSE",)),
    Part("MyST-NB", ("_static/mystnb.*.css",), "BSD-3-Clause", ("myst-nb: LICENSE",)),
    Part("sphinx-design", ("_static/sphinx-design.min.css", "_static/design-tabs.js"), "MIT", ("sphinx-design: LICENSE",)),
    Part("sphinx-copybutton", ("_static/copybutton*",), "MIT", ("sphinx-copybutton: LICENSE",)),
    Part("clipboard.js 2.0.8", ("_static/clipboard.min.js",), "MIT", (MIT,), "Copyright (c) Zeno Rocha"),
    Part("Tabler Icons", ("_static/copy-button.svg", "_static/check-solid.svg"), "MIT", (MIT,),
         "Copyright (c) 2020-2024 Paweł Kuna"),
    Part("sphinx-togglebutton", ("_static/togglebutton.*",), "MIT", ("sphinx-togglebutton: LICENSE",)),
    Part("Noto Color Emoji, drawn small", ("_images/*", "live/*"), "OFL-1.1", (OFL,), "Copyright 2022 Google Inc."),
)  # fmt: skip


def text(place: str, root: Path = ROOT) -> str:
    """A licence's text, as it lies in the project or in a package."""
    if ": " in place:
        package, name = place.split(": ")
        files = [
            file for file in metadata.files(package) or [] if ".dist-info" in str(file) and file.name.startswith(name)
        ]
        if not files:
            raise FileNotFoundError(
                f"{package} carries no file {name}...: say in tools/site/notices.py where its licence is"
            )
        return files[0].locate().read_text()
    found = (root / place).read_text()
    if place == MIT:  # not our copyright line, that of the part
        return found[found.index("Permission is hereby") :]
    if place == OFL:
        return found[found.index("-----------------------------------------------------------\nSIL OPEN") :]
    return found


def notice(part: Part, root: Path = ROOT) -> str:
    """A part's own chapter of third_party.txt."""
    texts = [text(place, root).strip() for place in part.texts]
    said = [f"{part.name}: {part.licence}", "=" * 80, *filter(None, [part.copyright])]
    return "\n\n".join(["\n".join(said), *texts])


def notices(root: Path = ROOT) -> str:
    """The whole file."""
    head = (
        "This book is read with the help of other people's work. Each part below is under its own licence, which follows it;\n"
        "everything else is this book's: text and figures under CC BY 4.0, code under the MIT licence."
    )
    return "\n\n\n".join([head, *(notice(part, root) for part in PARTS)]) + "\n"


def own_files(html: Path, root: Path = ROOT) -> set[str]:
    """The files of our own that a build copies or makes, besides those of OURS."""
    return {f"_static/{path.name}" for path in (root / "book" / "_static").iterdir()}


def nobodys(html: Path, root: Path = ROOT) -> list[str]:
    """The files of a built book that no part has, nor we."""
    ours, patterns = own_files(html, root), [pattern for part in PARTS for pattern in part.files]
    names = [path.relative_to(html).as_posix() for path in html.rglob("*") if path.is_file()]
    return sorted(
        name for name in names if name not in ours and not any(fnmatch(name, pattern) for pattern in [*OURS, *patterns])
    )


# --- the footer -------------------------------------------------------------------------------------------------------


def version(root: Path = ROOT) -> str:
    """The book's version, which stands in pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]


def footer(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Every page says the version, the licences, and where other people's are."""
    up = "../" * pagename.count("/")
    said = re.sub(r"\.$", "", app.config.html_theme_options.get("extra_footer", ""))
    context["theme_extra_footer"] = f'{said} (<a href="{up}{NAME}">other people\'s parts</a>). Version {version()}.'


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put the licences beside the pages."""
    if exception is None:
        (Path(app.outdir) / NAME).write_text(notices())


def setup(app: Sphinx) -> dict:
    """Register the footer and the file."""
    app.connect("html-page-context", footer, priority=600)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
