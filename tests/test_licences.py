"""Licences: every file has one, other people's parts of the book carry theirs, and every data set is named with its own."""

import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

from lib.trained.config import DATA
from tools.checks import licences
from tools.results import table
from tools.site import notices

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"


# --- ours -------------------------------------------------------------------------------------------------------------


def rows() -> list[tuple[list[str], str]]:
    """The table of LICENSES.md: (patterns, licence)."""
    lines = re.findall(r"^\| (`.*) \| (.*) \|$", (ROOT / "LICENSES.md").read_text(), re.MULTILINE)
    return [(re.findall(r"`([^`]+)`", paths), licence) for paths, licence in lines]


def tracked() -> list[str]:
    return subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).rstrip("\0").split("\0")


def licence(name: str) -> int:
    """The number of the row that a file has."""
    return next(i for i, (patterns, _) in enumerate(rows()) if any(fnmatch(name, pattern) for pattern in patterns))


def test_every_row_has_files_and_every_file_a_row():
    assert {licence(name) for name in tracked()} == set(range(len(rows())))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lib/noto/emoji.png", "SIL OFL"),
        ("book/_static/book.css", "MIT"),
        ("book/chapters/04_ddpm.md", "text and figures CC BY 4.0, code cells MIT"),
        ("book/questions/04_ddpm.yml", "CC BY"),
        ("README.md", "CC BY"),
        ("classroom/explorers/posters/flow.png", "CC BY"),
        ("results/toy_flow.safetensors", "CC BY"),
        ("classroom/explorers/flow.js", "MIT"),
        ("Makefile", "MIT"),
        (".github/workflows/book.yml", "MIT"),
    ],
)
def test_whose_licence_a_file_has(name, said):
    assert said in rows()[licence(name)][1]


def test_the_texts_are_plain_and_whole():
    """So that a program recognises them, and nobody has to be on the web to read them."""
    mit, cc = ((ROOT / name).read_text() for name in ("LICENSE", "LICENSE-CC-BY-4.0"))
    assert mit.startswith("MIT License\n\nCopyright (c) ") and mit.count("\n\n") == 4
    assert cc.startswith("Attribution 4.0 International\n")
    assert all(f"Section {number} -- " in cc for number in range(1, 9)) and len(cc) > 18_000


# --- other people's parts of the built book ----------------------------------------------------------------------------


def test_every_part_brings_the_text_of_its_licence_and_a_copyright():
    for part in notices.PARTS:
        said = notices.notice(part)
        assert len(said) > 900 and re.search(r"Copyright|©|\(c\)", said), part.name
        assert part.copyright or all(": " in place for place in part.texts), part.name
    whole = notices.notices()
    for words in ("Apache License", "SIL OPEN FONT LICENSE", "MathJax Consortium", "Redistribution and use in source"):
        assert words in whole
    assert "emoji.png is drawn" not in whole and 'The authors of "Diffusion' not in whole  # our words are no licence


def test_a_licence_that_went_away_is_missed(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"sphinx carries no file LICENSE-2"):
        notices.text("sphinx: LICENSE-2")
    with pytest.raises(FileNotFoundError):
        notices.text("vendor/site/mathjax/LICENSE", tmp_path)


def test_mathjax_is_shipped_with_its_licence():
    assert "Apache License" in (ROOT / "vendor" / "site" / "mathjax" / "LICENSE").read_text()


def test_every_file_of_the_built_book_is_somebodys():
    assert notices.nobodys(HTML) == []
    names = [path.relative_to(HTML).as_posix() for path in HTML.rglob("*") if path.is_file()]
    for part in notices.PARTS:
        assert all(any(fnmatch(name, pattern) for name in names) for pattern in part.files), part.name
    assert (HTML / notices.NAME).read_text() == notices.notices()


@pytest.mark.parametrize("name", ["_static/jquery.js", "mathjax/sre/speech.json", "fonts/Lato.woff2", "d3.min.js"])
def test_a_strangers_file_is_found(name, tmp_path):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("")
    (tmp_path / "index.html").write_text("")
    assert notices.nobodys(tmp_path) == [name]


def test_every_page_leads_to_the_licences_and_says_the_version():
    for page, up in (("index.html", ""), ("book/cite.html", "../"), ("notebooks/04_ddpm.html", "../")):
        text = (HTML / page).read_text()
        if "http-equiv" not in text or page != "index.html":  # the first may only lead on to book/intro.html
            assert f'<a href="{up}{notices.NAME}">' in text and f"Version {notices.version()}" in text


# --- data and models ---------------------------------------------------------------------------------------------------


def unsaid(root: Path) -> list[str]:
    """What the page on data leaves out: a set that can be asked for, shipped weights or pictures without their data."""
    page = (root / table.DATA_PAGE).read_text()
    data = page.split("## Data")[1].split("## Models")[0]
    found = [f"--data {name}" for name in DATA if not re.search(rf"`(?:--data )?{name}`", data)]
    sets = {name.lower() for name in re.findall(r"^\| \*\*([^*]+)\*\*", data, re.MULTILINE)}
    for row in table.rows(root):
        shipped = [name for name in row.files if not name.endswith((".json", ".csv"))]
        named = [one.strip().lower() for one in row.data.split(",") if one.strip()]
        found += [f"{name}: of which data?" for name in shipped if not named]
        found += [f"{row.files[0]}: no data set is called {one}" for one in named if one not in sets]
    return found + ([] if table.data_page(root) == page else ["run `python -m tools.results.table`"])


def test_every_data_set_and_every_model_is_attributed():
    assert unsaid(ROOT) == []
    lines = re.findall(r"^\| \*\*.*$", (ROOT / table.DATA_PAGE).read_text(), re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:  # who, under which licence, what is shipped
        assert len([cell for cell in line.split(" | ") if cell.strip("| ")]) == 5, line


@pytest.fixture
def copy(tmp_path):
    for name in ("tools/results", "book"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("tools/results/table.yml", "  data: Fashion-MNIST\n", "", "of which data?"),
        ("tools/results/table.yml", "data: two moons", "data: three moons", "no data set is called three moons"),
        ("book/data_and_models.md", "`--data cifar10`", "", "--data cifar10"),
        ("book/data_and_models.md", "| `results/digits_flow.safetensors` | digits |\n", "", "run `python -m"),
    ],
)
def test_what_is_not_said_is_found(copy, file, old, new, said):
    path = copy / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(said in one for one in unsaid(copy))


# --- the packages that are installed --------------------------------------------------------------------------------------


def test_every_package_declares_a_licence_that_the_book_can_live_with():
    found = licences.table()
    assert len(found) > 100
    assert {name: said for name, said in found.items() if licences.unwanted(said)} == {}


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ("MIT", False),
        ("", True),
        ("GPL-3.0-only", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("LGPL-2.1-or-later", False),
        ("BSD License; GNU General Public License (GPL)", False),
        ("GPL-2.0 OR MIT", False),
    ],
)
def test_a_licence_that_asks_for_more_is_found(said, bad):
    assert licences.unwanted(said) == bad
