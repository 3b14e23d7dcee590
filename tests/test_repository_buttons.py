"""One address, given when the book is published, and every button follows: a small copy of the book is built with one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_book import EXTERNAL, PAGES, fetched, missing, page, wordless
from tools.notebooks import build

ROOT = Path(__file__).parents[1]
ADDRESS = "https://github.com/someone/a-book"
CHAPTER = "notebooks/01_two_moons"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A book of two pages at that address; built as the book is, warnings as errors."""
    root = tmp_path_factory.mktemp("book")
    shutil.copy(ROOT / "_config.yml", root)
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: book/intro\nchapters: [{{file: {CHAPTER}}}]\n")
    (root / "book").mkdir()
    (root / "book" / "intro.md").write_text("# A small book\n\nOne sentence.\n")
    (root / "notebooks").mkdir()
    source = root / "01_two_moons.md"
    source.write_text("# A chapter\n\nOne sentence.\n\n```{code-cell} ipython3\n1 + 1\n```\n")
    build.make(source, root / f"{CHAPTER}.ipynb", root)
    source.unlink()
    beside = ("LICENSE", "LICENSE-CC-BY-4.0", "pyproject.toml")
    for name in ("book/_static", "book/references.bib", "tools", "lib", "classroom", "results", "vendor", *beside):
        (root / name).symlink_to(ROOT / name)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", root, "-W", "-n", "--keep-going", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"BOOK_ADDRESS": ADDRESS})
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "_build" / "html"


def buttons(path: Path) -> dict[str, str]:
    """The buttons of a page that lead to another machine: {what they say: where they lead}."""
    boxes = [page(path).find(class_=name) for name in ("header-article-items", "article-header-buttons")]
    links = [link for box in boxes if box for link in box.find_all("a", href=True)]
    return {link.get_text(strip=True): link["href"] for link in links if link["href"].startswith("http")}


def test_a_chapter_opens_on_colab_and_is_edited_where_it_is_written(built):
    assert buttons(built / f"{CHAPTER}.html") == {
        "Colab": "https://colab.research.google.com/github/someone/a-book/blob/colab/notebooks/01_two_moons.ipynb",
        "Repository": ADDRESS,
        "Suggest edit": f"{ADDRESS}/edit/main/book/chapters/01_two_moons.md",
        "Open issue": f"{ADDRESS}/issues/new?title=Issue%20on%20page%20%2Fnotebooks/01_two_moons.html"
        "&body=Your%20issue%20content%20here.",
    }


def test_a_page_without_code_has_no_button_for_colab(built):
    assert list(buttons(built / "book" / "intro.html")) == ["Repository", "Suggest edit", "Open issue"]


@pytest.mark.parametrize("name", [CHAPTER, "book/intro"])
def test_a_page_with_buttons_is_as_good_as_the_others(name, built):
    path = built / f"{name}.html"
    soup = page(path)
    assert [address for address in fetched(soup) if EXTERNAL.match(address)] == []
    assert missing(soup, path) == []
    assert wordless(soup) == []


def test_the_first_cell_is_not_on_the_page(built):
    assert build.first_cell().source.split("\n")[0] not in (built / f"{CHAPTER}.html").read_text()
    assert "1 + 1" in page(built / f"{CHAPTER}.html").get_text()


@pytest.mark.skipif("os.environ.get('BOOK_ADDRESS')", reason="the book is being published")
def test_without_an_address_there_are_no_buttons():
    """Nor a word of a place where nothing can be run."""
    assert {path.name: found for path in PAGES if (found := buttons(path))} == {}
