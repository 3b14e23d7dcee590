"""The archive of the built book: whole, with its licences, and the same bytes for the same pages."""

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
