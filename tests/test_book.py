"""The built pages: complete, and asking no other machine for anything."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tests.test_notebooks import weak_alt
from tools.notebooks.names import number
from tools.site import mend_pages

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
STYLES = sorted(HTML.rglob("*.css"))

EXTERNAL = re.compile(r"^\s*(?:https?:)?//")
CSS_ADDRESS = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""")
SCRIPT_ADDRESS = re.compile(
    r"""(?:\bfrom|\bimport\s*\(?|\bfetch\s*\(|new\s+Worker\s*\(|\.src\s*=)\s*["'`]([\w.:/@%?&=~#-]+)["'`]"""
)
# What a browser fetches by itself. A link with another `rel` (next, author, canonical) is only a pointer.
FETCHED = {
    "img": "src",
    "script": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
}
FETCHED |= {"object": "data", "use": "href", "image": "href", "input": "src", "track": "src"}
FETCHED_RELS = {"stylesheet", "preload", "modulepreload", "icon", "preconnect", "dns-prefetch", "manifest", "prefetch"}


@cache
def page(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(), "html.parser")


def anchors(soup: BeautifulSoup) -> set[str]:
    """The places of a page that a link can lead to."""
    return {tag["id"] for tag in soup.find_all(id=True)} | {tag["name"] for tag in soup.find_all(attrs={"name": True})}


@cache
def anchors_of(path: Path) -> set[str]:
    return anchors(page(path))


def fetched(soup: BeautifulSoup) -> list[str]:
    """The addresses a browser asks for when it opens a page."""
    found = [tag[attribute] for name, attribute in FETCHED.items() for tag in soup.find_all(name) if tag.get(attribute)]
    found += [link["href"] for link in soup.find_all("link", href=True) if FETCHED_RELS & set(link.get("rel", []))]
    found += [part.split()[0] for tag in soup.find_all(srcset=True) for part in tag["srcset"].split(",")]
    styles = [tag.get_text() for tag in soup.find_all("style")] + [tag["style"] for tag in soup.find_all(style=True)]
    found += [address for style in styles for address in CSS_ADDRESS.findall(style)]
    for script in soup.find_all("script", src=False):
        found += SCRIPT_ADDRESS.findall(script.get_text())
    return [address for address in found if not address.startswith(("data:", "blob:", "#"))]


def missing(soup: BeautifulSoup, path: Path) -> list[str]:
    """Links and resources of a page that lead nowhere inside the book."""
    found, own = [], anchors(soup)
    links = [tag["href"] for tag in soup.find_all("a", href=True)]
    for address in links + fetched(soup):
        if EXTERNAL.match(address) or address.startswith(("mailto:", "javascript:")) or address == "#":
            continue
        name, anchor = urldefrag(unquote(address))
        anchor = anchor.split("?")[0]  # "#explorer-ema?half=9" is an explorer in a state
        target = (path.parent / name.split("?")[0]).resolve() if name else path
        goes_on = anchor and target.exists() and target.suffix == ".html"
        if not target.exists() or (goes_on and anchor not in (own if target == path else anchors_of(target))):
            found.append(address)
    return found


def wordless(soup: BeautifulSoup) -> list[str]:
    """The images of a page that say nothing to a reader who cannot see them."""
    return [image.get("src", "")[:80] for image in soup.find_all("img") if weak_alt(image.get("alt"))]


def test_the_book_is_built():
    assert PAGES, "run `make book` first"
    assert (HTML / "mathjax" / "tex-mml-chtml.js").exists()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(HTML).as_posix())
def test_page(path):
    soup = page(path)
    assert [address for address in fetched(soup) if EXTERNAL.match(address)] == []
    assert missing(soup, path) == []
    assert wordless(soup) == []


def test_no_record_is_seen_and_other_output_stays():
    printed = '<div class="output stream x"><div class="highlight"><pre><span></span>{}</pre></div>\n</div>'
    before = f'<div class="cell_output docutils container">\n{printed}\n</div>'
    loss = before.format("loss 3\n")
    assert mend_pages.mended(loss) == loss
    assert mend_pages.mended(before.format("loss 3\nclaim a = 1\nclaim b = 2\n")) == loss
    assert mend_pages.mended(before.format("claim a = 1\n")) == ""
    two = f'<div class="cell_output docutils container">\n{printed}\n{printed}</div>'
    assert mend_pages.mended(two.format("claim a = 1\n", "loss 3\n")).count("<pre>") == 1


def test_figures_are_counted_by_chapter():
    caption = '<span class="caption-number">Fig. {} </span>'
    pages = {
        "index": "",
        "02_b": caption.format(7) + caption.format(8),
        "16_bug_museum": caption.format(9),
        "intro": caption.format(1),
    }
    pages["02_b"] += '<span class="std std-numref">Fig. 9</span>'
    names = mend_pages.figure_names(pages)
    assert names == {"7": "2.1", "8": "2.2", "9": "1", "1": "1"}


def test_every_figure_of_a_chapter_carries_its_number():
    for path in PAGES:
        if own := number(path.stem):
            shown = re.findall(r'caption-number">Fig\. ([\d.]+) ', path.read_text())
            assert shown == [f"{own}.{i}" for i in range(1, len(shown) + 1)], path.name


def test_a_formula_keeps_its_signs():
    formula = r'<span class="math notranslate nohighlight">\(a &lt; b\)</span>'
    for before, kept in (
        (f"so {formula}, then", f"{formula},"),
        (f"so ({formula}), then", f"({formula}),"),
        (f"so ({formula} then)", f"({formula}"),
    ):
        once = mend_pages.mended(before)
        assert once == before.replace(kept, f'<span class="k-whole">{kept}</span>')
        assert mend_pages.mended(once) == once
    assert mend_pages.mended(f"{formula} then") == f"{formula} then"


def test_pages_are_mended():
    for path in PAGES:
        assert mend_pages.mended(path.read_text()) == path.read_text(), path.name
        assert "thebe" not in path.read_text().lower(), path.name


def test_big_pictures_are_made_lighter(tmp_path):
    noise = Image.effect_noise((400, 400), 50).convert("RGBA")
    noise.save(tmp_path / "big.png")
    noise.crop((0, 0, 9, 9)).save(tmp_path / "small.png")
    size = (tmp_path / "big.png").stat().st_size
    assert mend_pages.lightened(tmp_path) == {"big.png": "big.webp"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.webp", "small.png"]
    assert (tmp_path / "big.webp").stat().st_size < size
    with Image.open(tmp_path / "big.webp") as picture:
        assert picture.size == (400, 400)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.relative_to(HTML).as_posix())
def test_style_sheet(path):
    addresses = [a for a in CSS_ADDRESS.findall(path.read_text()) if not a.startswith(("data:", "#"))]
    assert [a for a in addresses if EXTERNAL.match(a)] == []
    assert [a for a in addresses if not (path.parent / re.split("[?#]", a)[0]).exists()] == []


def test_pages_with_formulas_load_mathjax_from_the_book():
    # A formula in a chapter's title would stand in the sidebar of every page, also of those without MathJax.
    with_formulas = [path for path in PAGES if page(path).find(class_="math")]
    assert with_formulas
    for path in with_formulas:
        sources = [script["src"] for script in page(path).find_all("script", src=re.compile("mathjax"))]
        assert [(path.parent / source.split("?")[0]).resolve() for source in sources] == [
            HTML / "mathjax" / "tex-mml-chtml.js"
        ]


def test_every_page_of_the_contents_is_built():
    files = re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text())
    assert [file for file in files if not (HTML / f"{file}.html").exists()] == []


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<img src="//cdn.example/x.png">',
        '<img srcset="a.png 1x, https://cdn.example/x.png 2x">',
        '<link rel="stylesheet" href="https://cdn.example/x.css">',
        '<link rel="preconnect" href="https://cdn.example">',
        "<style>@import 'https://cdn.example/x.css';</style>",
        "<p style=\"background: url('https://cdn.example/x.png')\">",
        '<script type="module">import { x } from "https://cdn.example/x.js"</script>',
        '<script>fetch("https://api.example/x")</script>',
        '<iframe src="https://video.example"></iframe>',
    ],
)
def test_external_requests_are_found(html):
    assert any(EXTERNAL.match(address) for address in fetched(BeautifulSoup(html, "html.parser")))


@pytest.mark.parametrize(
    "html",
    ['<a href="https://arxiv.example">paper</a>', '<link rel="next" href="https://x.example">', '<img src="data:,">'],
)
def test_pointers_are_no_requests(html):
    assert not any(EXTERNAL.match(address) for address in fetched(BeautifulSoup(html, "html.parser")))


def test_broken_links_are_found(tmp_path):
    (tmp_path / "there.html").write_text('<p id="here">')
    html = (
        '<a href="gone.html"></a><a href="#gone"></a><a href="there.html#gone"></a><img src="gone.png">'
        '<a href="there.html#here"></a><a href="#top"></a><h1 id="top">'
    )
    (tmp_path / "page.html").write_text(html)
    soup = BeautifulSoup(html, "html.parser")
    assert missing(soup, tmp_path / "page.html") == ["gone.html", "#gone", "there.html#gone", "gone.png"]


@pytest.mark.parametrize(
    "attributes", ["", 'alt=""', 'alt="plot"', 'alt="../_images/026a6b4544029af8b2bd7d18a0a784db71ce.png"']
)
def test_wordless_images_are_found(attributes):
    assert len(wordless(BeautifulSoup(f"<img {attributes}>", "html.parser"))) == 1
