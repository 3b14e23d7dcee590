"""The gates that other tools keep, each with a planted mistake at which it must close: ruff, warnings, coverage, the build."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUFF = Path(sys.executable).with_name("ruff")


def ruff(command: str, name: str, text: str) -> int:
    """What ruff says to a file of the project with this text."""
    call = [RUFF, *command.split(), "--stdin-filename", ROOT / name, "-"]
    return subprocess.run(call, input=text, text=True, capture_output=True, cwd=ROOT).returncode


def notebook(source: str) -> str:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(
    ("command", "good", "bad"),
    [
        ("check", '"""A module."""\n\nx = 1\n', '"""A module."""\n\nx = undefined\n'),
        ("check", '"""A module."""\n\nx = 1\n', '"""A module."""\n\nimport os\n'),
        ("format --check", "x = 1\n", "x  =  1\n"),
    ],
)
def test_ruff_closes(command, good, bad):
    assert (ruff(command, "lib/x.py", good), ruff(command, "lib/x.py", bad)) == (0, 1)
    good, bad = (notebook(text.removeprefix('"""A module."""\n\n').strip()) for text in (good, bad))
    assert (ruff(command, "notebooks/x.ipynb", good), ruff(command, "notebooks/x.ipynb", bad)) == (0, 1)


def run_tests(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess:
    """One test file under the project's own settings."""
    (folder / "test_x.py").write_text(text)
    call = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        ROOT,
        "-p",
        "no:cacheprovider",
    ]
    # Its measurements stay apart from those of the run around it.
    apart = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    apart["COVERAGE_FILE"] = str(folder / ".coverage")
    return subprocess.run([*call, *options, folder / "test_x.py"], cwd=ROOT, env=apart, text=True, capture_output=True)


def test_a_warning_closes(tmp_path):
    assert run_tests(tmp_path, "def test():\n    pass\n", "--no-cov").returncode == 0
    assert run_tests(tmp_path, 'import warnings\n\n\ndef test():\n    warnings.warn("x")\n', "--no-cov").returncode == 1


def test_too_little_coverage_closes(tmp_path):
    """A test that runs one module of lib covers far less than all of it."""
    found = run_tests(
        tmp_path, "from lib import seeded\n\n\ndef test():\n    seeded(0)\n", "--cov=lib", "--cov-report="
    )
    assert found.returncode != 0
    assert "Required test coverage of 95" in found.stdout + found.stderr


@pytest.mark.parametrize(("text", "code"), [("A sentence.", 0), ("A [link](nowhere.md) to nothing.", 1)])
def test_a_warning_of_the_books_build_closes(tmp_path, text, code):
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    (tmp_path / "_config.yml").write_text("title: x\nauthor: x\nexecute: {execute_notebooks: 'off'}\n")
    (tmp_path / "page.md").write_text(f"# A page\n\n{text}\n")
    call = [Path(sys.executable).with_name("jupyter-book"), "build", tmp_path, "-W", "-n", "--keep-going"]
    done = subprocess.run(call, capture_output=True, text=True)
    assert (done.returncode != 0) == bool(code), done.stderr[-1000:]
