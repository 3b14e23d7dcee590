"""The gates that other tools keep, each with a planted mistake at which it must close: ruff, warnings, coverage, the build.

Only the tools and their settings decide what they find here, so where these have not changed since a gate was seen to close, it
is not tried again; in CI, and with ALL=1, it always is.
"""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tools.checks.passed import digest, passed, remember

ROOT = Path(__file__).parents[1]
RUFF = Path(sys.executable).with_name("ruff")

SETTINGS = ["pyproject.toml", "_config.yml", "Makefile", "requirements.txt", "constraints.txt", "tests/test_gates.py"]
# None of these is there today. One that appears would overrule pyproject.toml.
OVERRULING = ["ruff.toml", ".ruff.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini"]
OVERRULING += [
    "setup.cfg",
    ".coveragerc",
    "lib/ruff.toml",
    "lib/.ruff.toml",
    "notebooks/ruff.toml",
    "notebooks/.ruff.toml",
]
TOOLS = ["ruff", "pytest", "pytest-cov", "coverage", "pytest-timeout", "jupyter-book", "sphinx", "myst-nb", "docutils"]


def settings(root: Path = ROOT) -> str:
    """A key over all that decides whether a gate closes."""
    found = (f"{name} {version(name)}" for name in TOOLS)
    return digest(
        (root / name for name in SETTINGS + OVERRULING), sys.version, os.environ.get("PYTEST_ADDOPTS", ""), *found
    )


@pytest.fixture
def after_a_change(request):
    """Skips a gate that closed before under these very settings."""
    name = f"gate {request.node.name}"
    if passed(name, key := settings()):
        pytest.skip("closed before, and no setting has changed since; with ALL=1 it is tried again")
    yield
    if getattr(request.node, "went_well", False):  # not when it was interrupted or left
        remember(name, key)


@pytest.mark.parametrize(
    ("body", "closed"),
    [("pass", True), ("raise KeyboardInterrupt", False)],
)
def test_only_a_gate_that_was_seen_to_close_is_remembered(body, closed, tmp_path):
    """Not one that was interrupted."""
    (tmp_path / "test_it.py").write_text(
        f"import pytest\nfrom tests import test_gates\n"
        f"test_gates.passed = lambda *_: False\n"
        f"test_gates.remember = lambda *_: open({str(tmp_path / 'said')!r}, 'w').close()\n"
        f"from tests.test_gates import after_a_change\n"
        f"def test_it(after_a_change):\n    {body}\n"
    )
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    call = [sys.executable, "-m", "pytest", "-q", "--disable-plugin-autoload", "-p", "no:cacheprovider", str(tmp_path)]
    subprocess.run(call, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, timeout=120)
    assert (tmp_path / "said").exists() == closed


def test_a_changed_setting_is_noticed(tmp_path):
    (tmp_path / "tests").mkdir()
    seen = [settings(tmp_path)]
    for name in (*SETTINGS, "pytest.ini"):
        (tmp_path / name).write_text("x")
        seen.append(settings(tmp_path))
    assert len(set(seen)) == len(seen) and all((ROOT / name).exists() for name in SETTINGS)


def ruff(command: str, name: str, text: str) -> int:
    """What ruff says to a file of the project with this text."""
    call = [RUFF, *command.split(), "--stdin-filename", ROOT / name, "-"]
    return subprocess.run(call, input=text, text=True, capture_output=True, cwd=ROOT).returncode


def notebook(source: str) -> str:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.usefixtures("after_a_change")
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


@pytest.mark.usefixtures("after_a_change")
def test_a_warning_closes(tmp_path):
    text = 'import warnings\n\n\ndef test_quiet():\n    pass\n\n\ndef test_loud():\n    warnings.warn("x")\n'
    found = run_tests(tmp_path, text, "--no-cov")
    assert found.returncode == 1 and "1 failed, 1 passed" in found.stdout
    assert "test_loud - UserWarning: x" in found.stdout


@pytest.mark.usefixtures("after_a_change")
def test_too_little_coverage_closes(tmp_path):
    """A test that runs one module of lib covers far less than all of it."""
    found = run_tests(
        tmp_path, "from lib import seeded\n\n\ndef test():\n    seeded(0)\n", "--cov=lib", "--cov-report="
    )
    assert found.returncode != 0 and "1 passed" in found.stdout
    assert "Required test coverage of 95" in found.stdout + found.stderr


@pytest.mark.usefixtures("after_a_change")
def test_a_warning_of_the_books_build_closes(tmp_path):
    """A link to nowhere is the only thing that this book is told, and it is not built."""
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    (tmp_path / "_config.yml").write_text("title: x\nauthor: x\nexecute: {execute_notebooks: 'off'}\n")
    (tmp_path / "page.md").write_text("# A page\n\nA [link](nowhere.md) to nothing.\n")
    call = [Path(sys.executable).with_name("jupyter-book"), "build", tmp_path, "-W", "-n", "--keep-going"]
    done = subprocess.run(call, capture_output=True, text=True)
    told = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert done.returncode != 0
    assert len(told) == 1 and "nowhere.md" in told[0], done.stderr[-1000:]
