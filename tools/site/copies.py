"""Copies of the built book to take along.

    python -m tools.site.copies zip            _build/knob-by-knob.zip: unpack it and open index.html; no server, no network
    python -m tools.site.copies pdf [NN ...]   _build/pdf/NN_name.pdf, a file for each chapter, printed by Chromium
    python -m tools.site.copies offer          both into the built book, below copies/, and links to them on its front page

The front page says nothing of them until they are there: `offer` writes links into the built page, when the book is published.
On paper an explorer is its picture, with a line that says where it moves (the print styles of book.css).
"""

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.site.browser import MISSING, launch

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
NAME, FOLDER = "knob-by-knob", "copies"
FRONT = Path("book", "intro.html")
PLACE = '<p id="k-copies"></p>'  # where the front page's links go
BESIDE = ("LICENSE", "LICENSE-CC-BY-4.0", "LICENSES.md")
# A formula is drawn once MathJax has been there; a page without formulas has no MathJax to wait for.
DRAWN = "() => !document.querySelector('.math') || (window.MathJax?.startup?.promise ?? null) !== null"
MARGINS = dict.fromkeys(("top", "bottom", "left", "right"), "15mm")


def packed(html: Path, target: Path) -> Path:
    """One archive of a built book, with the licences and without other copies; the same pages give the same bytes."""
    paths = [path for path in html.rglob("*") if path.is_file() and path.relative_to(html).parts[0] != FOLDER]
    files = {f"{NAME}/{path.relative_to(html).as_posix()}": path for path in paths}
    files |= {f"{NAME}/{name}": ROOT / name for name in BESIDE}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(files.items()):
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(about, path.read_bytes())
    return target


def printed(pages: list[Path], folder: Path) -> Iterator[Path]:
    """Each page as a PDF in a folder, in the light look."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright) or sys.exit(MISSING)
        for path in pages:
            page = browser.new_page(color_scheme="light", viewport={"width": 900, "height": 1200})
            page.goto(path.as_uri())
            page.wait_for_function(DRAWN)
            page.evaluate("() => window.MathJax?.startup?.promise")
            target = folder / f"{path.stem}.pdf"
            page.pdf(path=target, format="A4", margin=MARGINS, print_background=True, tagged=True, outline=True)
            page.close()
            yield target
        browser.close()


def links(archive: Path, papers: list[Path], titles: dict[str, str]) -> str:
    """The front page's words on the copies; `titles` {name of a chapter: its short title}."""
    chapters = " · ".join(
        f'<a href="../{FOLDER}/{path.name}">{titles.get(path.stem, path.stem)}</a>' for path in papers
    )
    size = f"{archive.stat().st_size / 1e6:.0f} MB"
    return (
        f'<p id="k-copies"><strong>To take along:</strong> '
        f'<a href="../{FOLDER}/{archive.name}">the whole book as one archive</a> ({size}; unpack it and open '
        f"<code>index.html</code>, no network is needed), or a chapter on paper, as PDF: {chapters}.</p>"
    )


def titled(front: str) -> dict[str, str]:
    """{name of a chapter: its short title} of the front page's cards."""
    return dict(re.findall(r'href="\.\./notebooks/(\w+)\.html"><span[^>]*>([^<>]+)</span></a></strong>', front))


def offer(html: Path, papers: list[Path]) -> Path:
    """Put an archive and printed chapters into a built book, and link them from its front page. Returns that page."""
    page = html / FRONT
    text = page.read_text()
    if text.count(PLACE) != 1:
        sys.exit(f"{page} has no place for links, {PLACE}, or has them already: build the book again.")
    folder = html / FOLDER
    folder.mkdir()
    archive = packed(html, folder / f"{NAME}.zip")
    papers = [path.rename(folder / path.name) for path in papers]
    page.write_text(text.replace(PLACE, links(archive, papers, titled(text))))
    return page


def main(argv: list[str]) -> None:
    """Pack or print, and say what there is."""
    kind, names = argv[0], tuple(argv[1:])
    if not (HTML / "index.html").exists():
        sys.exit("There is no built book: run `make book` first.")
    if kind == "zip":
        print(packed(HTML, HTML.parent / f"{NAME}.zip"))
    elif kind in ("pdf", "offer"):
        pages = [
            path for path in sorted((HTML / "notebooks").glob("*.html")) if not names or path.stem.startswith(names)
        ]
        papers = []
        for path in printed(pages, HTML.parent / "pdf"):
            print(path, flush=True)
            papers.append(path)
        if kind == "offer":
            print(offer(HTML, papers))
    else:
        sys.exit(f"copies: zip, pdf or offer, not {kind}")


if __name__ == "__main__":
    main(sys.argv[1:])
