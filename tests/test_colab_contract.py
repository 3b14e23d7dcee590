"""What the book may ask of Colab: tests/colab.json is a snapshot of what is installed there, which nobody may replace."""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.test_layers import imported
from tools.notebooks import definitions

ROOT = Path(__file__).parents[1]
COLAB = json.loads((ROOT / "tests" / "colab.json").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# the module and the package that brings it; a part of torch, matplotlib or IPython comes with them
BRINGS = {"sklearn": "scikit-learn", "IPython": "ipython", "PIL": "pillow", "matplotlib_inline": "ipython"}
# What a command line can do without, and says so: nobody's notebook needs it.
OPTIONAL = {"torch_fidelity": "torch-fidelity"}
NEWER = re.compile(r"\bwidgets\.(?:Stack|TagsInput|ColorsInput|TimePicker|NaiveDatetimePicker)\b")  # since ipywidgets 8


def asked() -> list[Requirement]:
    """Everything pyproject.toml asks for, extras too."""
    extras = [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    requirements = [Requirement(line) for line in PROJECT["dependencies"] + extras]
    return [requirement for requirement in requirements if requirement.name not in OPTIONAL.values()]


def refused(requirements: list[Requirement], python: str, colab: dict) -> list[str]:
    """What Colab's versions do not satisfy, or Colab does not have."""
    found = []
    for requirement in requirements:
        have = colab["packages"].get(requirement.name)
        if have is None:
            found.append(f"{requirement.name} is not on Colab")
        elif Version(have) not in requirement.specifier:
            found.append(f"{requirement} is more than Colab's {have}")
    if Version(colab["python"]) not in Requirement(f"python{python}").specifier:
        found.append(f"Python {python} is more than Colab's")
    return found


def strangers(source: str) -> set[str]:
    """Top-level names of the modules a piece of code imports, those of the standard library and our own left out."""
    names = {name.split(".")[0] for name in imported(ast.parse(definitions.without_magics(source)))}
    return names - set(sys.stdlib_module_names) - {"lib", "classroom", "tools", "tests"} - OPTIONAL.keys()


def missing(source: str) -> list[str]:
    """The packages a piece of code needs and Colab does not have."""
    return sorted({BRINGS.get(name, name) for name in strangers(source)} - set(COLAB["packages"]))


def code(notebook: Path) -> str:
    return "\n".join(cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code")


def test_colab_has_what_the_package_asks_for():
    assert refused(asked(), PROJECT["requires-python"], COLAB) == []


WINGS = sorted(path for wing in ("lib", "classroom") for path in (ROOT / wing).rglob("*.py"))


@pytest.mark.parametrize("path", WINGS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_colab_has_what_lib_imports(path):
    assert missing(path.read_text()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_colab_has_what_a_chapter_imports(path):
    assert missing(code(path)) == []


def test_no_widget_is_newer_than_colabs():
    sources = [path.read_text() for path in WINGS]
    sources += [code(path) for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert not any(NEWER.search(source) for source in sources)


@pytest.mark.parametrize("requirement", ["torch>=2.12", "numpy>=2.2", "ipywidgets>=8", "jaxtyping"])
def test_a_floor_too_high_is_found(requirement):
    assert len(refused([Requirement(requirement)], ">=3.11", COLAB)) == 1


def test_a_python_too_new_is_found():
    assert refused([], ">=3.14", COLAB) == ["Python >=3.14 is more than Colab's"]


def test_a_stranger_is_found():
    assert missing("import jaxtyping\nfrom torch import nn\nimport json\nfrom lib import DDPM") == ["jaxtyping"]
    assert NEWER.search("widgets.Stack([])")
