"""What a stranger relies on: one version, a citation that fits, a way to report, pull requests by machines that can succeed."""

import re
import tomllib
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.site import notices

ROOT = Path(__file__).parents[1]


def versions(root: Path) -> dict[str, str]:
    """Every place that says the version of the book."""
    return {
        "pyproject.toml": notices.version(root),
        "CITATION.cff": str(yaml.safe_load((root / "CITATION.cff").read_text())["version"]),
        "CHANGELOG.md": re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)[1],
    }


def test_one_version_everywhere():
    assert len(set(versions(ROOT).values())) == 1, versions(ROOT)


def test_another_version_is_found(tmp_path):
    for name in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md"):
        text = (ROOT / name).read_text()
        (tmp_path / name).write_text(text.replace("## 0", "## 9") if name == "CHANGELOG.md" else text)
    assert len(set(versions(tmp_path).values())) == 2


def test_the_page_and_the_file_cite_alike():
    """Title, author, year, kind and note of BibTeX on the page, and of the book in CITATION.cff."""
    page = (ROOT / "book" / "cite.md").read_text()
    kind = re.search(r"@(\w+)\{", page)[1]
    fields = {
        name: value.replace("{", "").replace("}", "")
        for name, value in re.findall(r"^  (\w+) = \{(.*)\},?$", page, re.M)
    }
    book = yaml.safe_load((ROOT / "CITATION.cff").read_text())["preferred-citation"]
    assert kind == book["type"] == "book"
    assert fields["title"] == book["title"] and fields["year"] == str(book["year"])
    assert [fields["author"]] == [author["name"] for author in book["authors"]] and fields["note"] == book["notes"]


def test_there_is_a_way_to_report_and_a_list_of_changes():
    assert "Report a vulnerability" in (ROOT / "SECURITY.md").read_text()
    readme = (ROOT / "README.md").read_text()
    for name in ("SECURITY.md", "CHANGELOG.md", "LICENSES.md", "book/data_and_models.md", "contributing/publishing.md"):
        assert f"({name})" in readme and (ROOT / name).is_file()


def test_the_readme_says_what_has_to_be_there():
    """Every program that the Makefile's set-up calls, and what a ZIP file lacks."""
    needs = (ROOT / "README.md").read_text().split("What has to be there:")[1].split("```")[0]
    for word in ("Python 3.11", "`venv`", "make", "bash", "git", "disk", "ZIP", "WSL"):
        assert word in needs, word
    floor = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert floor == ">=3.11"


# --- Dependabot ----------------------------------------------------------------------------------------------------------


def pip_updates() -> dict:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    return next(update for update in updates if update["package-ecosystem"] == "pip")


def held_back(package: str) -> set[str]:
    """What a package does not let rise: its requirements with an upper end."""
    found = [Requirement(line) for line in metadata.requires(package)]
    found = [one for one in found if not one.marker or "extra" not in str(one.marker)]
    return {
        canonicalize_name(one.name)
        for one in found
        if any(it.operator in ("<", "<=", "~=", "==") for it in one.specifier)
    }


def stuck(names: set[str], ignored: list[str]) -> set[str]:
    """The packages that Dependabot would raise in vain."""
    return {name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)}


def test_dependabot_leaves_what_jupyter_book_holds_back():
    ignored = [one["dependency-name"] for one in pip_updates()["ignore"]]
    assert "jupyter-book" in ignored
    assert stuck(held_back("jupyter-book") | held_back("sphinx-book-theme"), ignored) == set()
    assert "sphinx" in held_back("jupyter-book") and stuck({"sphinx"}, ["myst-*"]) == {"sphinx"}


def test_dependabot_raises_in_parts_and_late():
    updates = pip_updates()
    assert len(updates["groups"]) >= 3 and updates["cooldown"]["default-days"] >= 7


@pytest.mark.parametrize("name", ["Makefile", ".github/workflows/book.yml", ".github/workflows/weekly.yml"])
def test_pins_stand_in_files_that_dependabot_sees(name):
    """No version of a Python package is hidden in a recipe; pip-audit runs apart, and its own pin is a line of the weekly job."""
    found = re.findall(r"[\w.-]+==[\d.]+", (ROOT / name).read_text())
    assert [one for one in found if not one.startswith("pip-audit==")] == []
