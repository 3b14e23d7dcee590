"""What pip installs brings all that a chapter needs: the wheel runs one in an empty folder, the sdist gives the same wheel."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from lib.trained import shipped
from tests.test_colab import PLAY, compared, printed

ROOT = Path(__file__).parents[1]
CHAPTER = "07_solvers_and_the_k_budget"


def built(source: Path, target: Path) -> Path:
    """The wheel of a folder or an sdist; the tools that build it are here already."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
    ]
    subprocess.run([*pip, target, source], check=True, capture_output=True)
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """What git tracks, as it is now."""
    folder = tmp_path_factory.mktemp("source")
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).rstrip("\0").split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    return built(source, tmp_path_factory.mktemp("wheel"))


def content(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return {name for name in file.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_what_is_tracked(wheel):
    """All of lib, classroom and results but what only builds them: explorers' sources."""
    tracked = subprocess.check_output(["git", "ls-files", "-z", "lib", "classroom", "results"], cwd=ROOT, text=True)
    wanted = {
        name
        for name in tracked.rstrip("\0").split("\0")
        if not re.match(r"classroom/explorers/.*\.(?:js|css|html)$", name)
    }
    wanted |= {name for name in tracked.split("\0") if name.endswith("bundle.js")}
    assert content(wheel) == wanted


def test_the_sdist_builds_the_same_wheel(source, wheel, tmp_path):
    code = "from setuptools import build_meta; print(build_meta.build_sdist('.'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True, text=True)
    with tarfile.open(source / done.stdout.strip().split("\n")[-1]) as tar:
        tar.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert content(built(folder, tmp_path / "again")) == content(wheel)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A Python with this one's packages and the wheel, and without the repository; an empty folder."""
    home = tmp_path_factory.mktemp("installed")
    packages, env, empty = home / "packages", home / "env", home / "empty"
    packages.mkdir(), empty.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"__editable__|knob_by_knob", path.name) and path.suffix != ".pth":
            (packages / path.name).symlink_to(path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
    (site,) = env.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site]
    subprocess.run([*pip, wheel], check=True, capture_output=True)
    (site / "others.pth").write_text(f"{packages}\n")
    return env / "bin" / "python", empty, site


def play(python: Path, folder: Path, nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    environment |= {"PATH": f"{python.parent}:{os.environ['PATH']}", "JUPYTER_PATH": "", "KNOB_LABS": "static"}
    done = subprocess.run(
        [python, "-c", PLAY, folder],
        input=nbformat.writes(nb),
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return nbformat.reads(done.stdout, 4)


def test_a_chapter_runs_in_an_empty_folder(installed):
    """Its first cell too, which finds the package and does nothing; and it says what the committed notebook says."""
    python, empty, site = installed
    nb = nbformat.read(ROOT / "notebooks" / f"{CHAPTER}.ipynb", 4)
    committed = [cell for cell in nb.cells if cell.cell_type == "code" and compared(cell)]
    where = nbformat.v4.new_code_cell("import lib; print(lib.__file__)")
    played = play(python, empty, nbformat.v4.new_notebook(cells=[where, *committed])).cells
    assert printed(played[0].outputs).strip() == str(site / "lib" / "__init__.py")
    assert [out for cell in played for out in cell.outputs if out.output_type == "error"] == []
    assert [printed(cell.outputs) for cell in played[1:]] == [printed(cell.outputs) for cell in committed]
    assert list(empty.iterdir()) == []


# --- the finder --------------------------------------------------------------------------------------------------------


BESIDE = re.compile(
    r"""\.\./results|parents\[\d\] / ["']results"""
)  # a folder seen from the one that one runs in, or from a file


def test_whoever_reads_results_asks_for_them_by_name():
    """Chapters, exercises and labs, and the modules below them."""
    wings = ("book", "classroom", "lib", "tools")
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", *wings], cwd=ROOT, text=True
    )
    files = [ROOT / name for name in listed.rstrip("\0").split("\0") if name.endswith((".py", ".md"))]
    found = [path.relative_to(ROOT).as_posix() for path in files if path.is_file() and BESIDE.search(path.read_text())]
    assert found == ["lib/trained/shipped.py"]


@pytest.mark.parametrize(
    "code", ['load(f"../results/{x}")', 'Path("../results")', "Path(__file__).parents[2] / 'results'"]
)
def test_one_that_looks_beside_is_found(code):
    assert BESIDE.search(code)


def test_results_are_found_by_name():
    assert shipped.results("toy_flow.safetensors") == ROOT / "results" / "toy_flow.safetensors"


def test_a_name_that_is_not_there_is_said(tmp_path, monkeypatch):
    with pytest.raises(
        FileNotFoundError, match=r"'toy_flo.safetensors' is not shipped; did you mean toy_flow.safetensors"
    ):
        shipped.results("toy_flo.safetensors")
    monkeypatch.setattr(shipped, "RESULTS", tmp_path / "results")
    with pytest.raises(FileNotFoundError, match="install the book's package, or run from a whole copy"):
        shipped.results("toy_flow.safetensors")
