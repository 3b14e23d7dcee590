"""The archive of the built book: whole, with its licences, and the same bytes for the same pages."""

import re
import zipfile

import pytest

from tools.site import copies


@pytest.fixture
def html(tmp_path):
    for name, text in (("index.html", "<p>first"), ("book/intro.html", "<p>second"), ("third_party.txt", "theirs")):
        (tmp_path / "html" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "html" / name).write_text(text)
    return tmp_path / "html"


def test_an_archive_holds_every_page_and_the_licences(html, tmp_path):
    with zipfile.ZipFile(copies.packed(html, tmp_path / "a.zip")) as archive:
        names = {name.removeprefix("knob-by-knob/") for name in archive.namelist()}
        assert names == {"index.html", "book/intro.html", "third_party.txt", *copies.BESIDE}
        assert archive.read("knob-by-knob/index.html") == b"<p>first"
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}


def test_the_same_pages_give_the_same_bytes(html, tmp_path):
    first = copies.packed(html, tmp_path / "a.zip").read_bytes()
    (html / "index.html").write_text("<p>first")  # at another time
    assert copies.packed(html, tmp_path / "b.zip").read_bytes() == first
    (html / "index.html").write_text("<p>other")
    assert copies.packed(html, tmp_path / "c.zip").read_bytes() != first


def test_without_a_book_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "HTML", tmp_path)
    with pytest.raises(SystemExit, match="run `make book` first"):
        copies.main(["zip"])


# --- offered on the front page, when the book is published ------------------------------------------------------------------

CARD = '<strong><a class="reference" href="../notebooks/07_solvers.html"><span class="doc">7 · Solvers</span></a></strong> Why?'


@pytest.fixture
def front(html):
    page = html / copies.FRONT
    page.write_text(f'<a href="../notebooks/07_solvers.html">7 · Solvers, at length</a>{CARD}{copies.PLACE}')
    return page


def paper(folder, name="07_solvers.pdf"):
    (folder / name).write_bytes(b"%PDF")
    return folder / name


def test_the_front_page_links_what_is_there(html, front, tmp_path):
    copies.offer(html, [paper(tmp_path)])
    found = re.findall(r'<a href="(\.\./copies/[^"]+)">([^<]+)</a>', front.read_text())
    assert found == [
        ("../copies/knob-by-knob.zip", "the whole book as one archive"),
        ("../copies/07_solvers.pdf", "7 · Solvers"),
    ]
    assert all((front.parent / address).is_file() for address, _ in found)


def test_the_archive_holds_no_copies_and_says_nothing_of_them(html, front, tmp_path):
    copies.offer(html, [paper(tmp_path)])
    with zipfile.ZipFile(html / "copies" / "knob-by-knob.zip") as archive:
        assert not [name for name in archive.namelist() if "copies/" in name]
        assert copies.PLACE in archive.read("knob-by-knob/book/intro.html").decode()


def test_they_are_offered_once(html, front, tmp_path):
    copies.offer(html, [paper(tmp_path)])
    with pytest.raises(SystemExit, match="has them already: build the book again"):
        copies.offer(html, [])


def test_the_front_page_has_a_place_for_them_and_nothing_dead():
    """Where nobody offers copies the place is empty."""
    assert (copies.ROOT / "book" / "intro.md").read_text().count(f"\n\n{copies.PLACE}\n\n") == 1
    published = (copies.ROOT / ".github" / "workflows" / "book.yml").read_text()
    assert published.index("make test") < published.index("copies offer") < published.index("upload-pages-artifact")
