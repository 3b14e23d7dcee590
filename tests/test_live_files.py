"""The folder `live` of the site: the playground's bundle is fresh and light, and asked for where it stands."""

import gzip
import re
import shutil

from tools.site import explorers, live

BUNDLE = explorers.PLAYGROUND / "bundle.js"
LIMIT = 60_000  # bytes of both scripts, gzip


def test_the_committed_playground_is_a_fresh_one():
    assert explorers.playground() == BUNDLE.read_text(), "run `make explorers`"


def test_a_change_of_a_source_changes_the_playground(tmp_path, monkeypatch):
    shutil.copytree(explorers.EXPLORERS, copy := tmp_path / "explorers")
    monkeypatch.setattr(explorers, "PLAYGROUND", copy / "playground")
    source = copy / "playground" / "timeline.js"
    source.write_text(source.read_text().replace("New noise", "Another noise"))
    assert explorers.playground() != BUNDLE.read_text()


def test_both_scripts_are_light_and_the_playground_does_not_carry_the_engine():
    engine, playground = (live.FILES[name]().encode() for name in live.SCRIPTS)
    assert sum(len(gzip.compress(text)) for text in (engine, playground)) <= LIMIT
    assert b"WebAssembly.validate(" in engine and b"WebAssembly" not in playground


def test_a_page_asks_for_the_scripts_where_they_are():
    for page, root in (("book/playground", "../"), ("playground", ""), ("a/b/c", "../../")):
        assert re.findall(r'src="([^"]+)"', live.laboratory(page)) == [f"{root}live/{name}" for name in live.SCRIPTS]


def test_every_class_of_the_laboratory_has_its_style():
    """It borrows styles of the explorers; one that moved elsewhere once left a hidden label in sight."""
    sources = explorers.PLAYGROUND.glob("*.js")
    named = {name for path in sources if path != BUNDLE for name in re.findall(r"\bkx-[a-z-]+", path.read_text())}
    styles = (explorers.EXPLORERS / "explorer.css").read_text() + (explorers.PLAYGROUND / "playground.css").read_text()
    assert named and [name for name in sorted(named) if f".{name}" not in styles] == []
