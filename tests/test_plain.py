"""The way out to plain Sphinx: what Jupyter Book writes down is taken without its own extensions, and nothing of ours is lost."""

import re
import shutil
import sys
from pathlib import Path

from tools.site import plain

ROOT = Path(__file__).parents[1]


def settings(text: str, folder: Path) -> dict:
    """What a conf.py sets, read as Sphinx does."""
    names, before = {"__file__": str(folder / "conf.py")}, list(sys.path)
    try:
        exec(text, names)
    finally:
        sys.path[:] = before
    return names


def test_the_book_s_settings_go_over_without_jupyter_book(tmp_path, monkeypatch):
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(plain, "ROOT", tmp_path)
    plain.main()
    found = settings((tmp_path / "conf.py").read_text(), tmp_path)
    own = re.findall(r"^    (tools\.site\.\w+): \.$", (ROOT / "_config.yml").read_text(), re.MULTILINE)
    assert set(own) <= set(found["extensions"]) and "myst_nb" in found["extensions"] and len(own) > 5
    assert not set(plain.OWN) & set(found["extensions"])
    assert found["bibtex_bibfiles"] == ["book/references.bib"] and found["nb_execution_mode"] == "off"
    others = {name.split(".")[0] for name in found["extensions"] if not name.startswith(("tools.", "sphinx.ext"))}
    listed = re.findall(r"^[\w-]+", (ROOT / "requirements-sphinx.txt").read_text(), re.MULTILINE)
    assert (
        others - {"sphinxcontrib"} <= {name.replace("-", "_") for name in listed} and "sphinxcontrib-bibtex" in listed
    )


def test_jupyter_book_s_own_are_dropped():
    conf = "extensions = ['myst_nb', 'jupyter_book', 'sphinx_thebe', 'tools.site.terms']"
    assert settings(plain.plain(conf), ROOT)["extensions"] == ["myst_nb", "tools.site.terms"]
