"""The first cell of the chapters, played on a machine like Colab's: everything is installed there but the book."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

from tools.checks.portable import IGNORED
from tools.notebooks import build

ROOT = Path(__file__).parents[1]
ADDRESS = "https://github.com/someone/a-book"
CHAPTER = "08_time_scale"  # reads ../results

# Run by the other Python: a notebook from standard input, in a folder, to standard output. Errors are outputs too.
PLAY = """
import sys, nbformat
from nbclient import NotebookClient
nb = nbformat.reads(sys.stdin.read(), 4)
resources = {"metadata": {"path": sys.argv[1]}}
NotebookClient(nb, kernel_name="python3", timeout=120, allow_errors=True, coalesce_streams=True, resources=resources).execute()
print(nbformat.writes(nb))
"""


def first_cell(address: str) -> str:
    return re.sub(r"^ADDRESS = .*$", f'ADDRESS = "{address}"', build.FIRST_CELL.read_text().rstrip(), flags=re.M)


class Colab:
    """A Python that knows every package of this one but the book's, in a folder where git finds this working tree on the web."""

    def __init__(self, home: Path):
        self.content, self.origin = home / "content", home / "web" / "a-book"
        (self.content / "lib").mkdir(parents=True)  # somebody else's, which the book must come before
        (self.content / "lib" / "__init__.py").write_text("VERSION = 3\n")
        packages, env = home / "packages", home / "env"
        packages.mkdir()
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if not re.match(r"__editable__|knob_by_knob", path.name) and path.suffix != ".pth":
                (packages / path.name).symlink_to(path)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
        self.python = env / "bin" / "python"
        own = subprocess.check_output(
            [self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        )
        Path(own.strip(), "colab.pth").write_text(f"{packages}\n")
        self.publish()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
        self.environment |= {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.origin.parent.as_uri()}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/someone/",
            # The tool that builds the package is here already; nothing is to be fetched.
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PATH": f"{env / 'bin'}:{os.environ['PATH']}",
            "JUPYTER_PATH": "",
            "JUPYTER_DATA_DIR": str(home / "jupyter"),
            "IPYTHONDIR": str(home / "ipython"),
        }

    def publish(self) -> None:
        """Commit the files as they are now, edited or new, to a repository of their own."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")
        for name in names:
            if name and (ROOT / name).is_file():
                (self.origin / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.origin / name)
        git = ["git", "-C", self.origin, "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "--all", "--force"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "book"], check=True)

    def play(self, *sources: str) -> list[dict]:
        """Run cells in a new kernel in /content; return what they print: text, or the name of an error and its message."""
        nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        done = subprocess.run(
            [self.python, "-c", PLAY, self.content],
            input=nbformat.writes(nb),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return [cell.outputs for cell in nbformat.reads(done.stdout, 4).cells]


def printed(outputs: list[dict]) -> str:
    return "".join(output.text for output in outputs if output.get("name") == "stdout")


def compared(cell: dict) -> bool:
    """Whether all machines give a cell the same outputs. The chapter's one other cell trains, half of its time."""
    return not IGNORED & set(cell.metadata.get("tags", []))


def said(outputs: list[dict]) -> str:
    """What a cell that stopped shows in the place of a traceback."""
    (error,) = outputs
    assert error.output_type == "error"
    return "\n".join(error.traceback)


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    return Colab(tmp_path_factory.mktemp("colab"))


FOLDERS = {  # what lies beside a notebook
    "alone": {},
    "a bare folder": {"lib/notes.txt": "mine"},
    "a package": {"lib/__init__.py": "VERSION = 3\n"},
    "a module": {"lib.py": "VERSION = 3\n"},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders outside of the book, by what lies in them."""
    home = tmp_path_factory.mktemp("elsewhere")
    places = {name: home / name.replace(" ", "_") for name in FOLDERS}
    for name, files in FOLDERS.items():
        places[name].mkdir()
        for file, text in files.items():
            (places[name] / file).parent.mkdir(exist_ok=True)
            (places[name] / file).write_text(text)
    return places


@pytest.fixture(scope="module")
def without(colab, folders):
    """The first cell in each folder, of a Python that has not got the book."""
    cells = {}
    for name, folder in folders.items():
        cells |= {f"to {name}": f"import os; os.chdir({str(folder)!r})", name: first_cell("")}
    return dict(zip(cells, colab.play(*cells.values()), strict=True))


@pytest.fixture(scope="module")
def session(colab, without):
    """One visit: three mistakes, the first cell, its repetition, a whole chapter, and a process that it starts."""
    cells = {
        "no address": first_cell(""),
        "wrong address": first_cell("https://github.com/someone/gone"),
        "into a copy": f"import os; os.chdir({str(colab.origin / 'notebooks')!r})",
        "in a copy": first_cell(ADDRESS),
        "out of the copy": f"os.chdir({str(colab.content)!r})",
        "first": first_cell(ADDRESS),
        "again": first_cell(ADDRESS),
    }
    chapter = build.own_cells(nbformat.read(ROOT / "notebooks" / f"{CHAPTER}.ipynb", 4))
    cells |= {f"chapter {number}": cell.source for number, cell in enumerate(chapter) if compared(cell)}
    cells["process"] = "!python -m lib.trained --help | head -1"
    return dict(zip(cells, colab.play(*cells.values()), strict=True))


def test_what_prevents_the_book_is_said_in_a_sentence(session):
    assert "no public address is known to fetch it from. In a copy of the book run `make book`" in said(
        session["no address"]
    )
    assert "cannot be fetched from https://github.com/someone/gone. Is there a network?\n" in said(
        session["wrong address"]
    )
    assert said(session["in a copy"]).startswith("The book's package, lib, is not installed in this Python. In a copy")
    for name in ("no address", "wrong address", "in a copy"):
        assert "Traceback" not in said(session[name]) and len(said(session[name]).splitlines()) < 10


def test_the_first_cell_fetches_the_book_and_says_what_is_here(session):
    lines = printed(session["first"]).splitlines()
    assert re.fullmatch(r"the book: [0-9a-f]{7,} of \d{4}-\d\d-\d\d", lines[0])
    assert [line.split(":")[0] for line in lines[1:6]] == ["torch", "numpy", "matplotlib", "ipywidgets", "GPU"]
    assert len(session["first"]) == 1  # no warning beside it


def test_a_second_run_does_nothing(session):
    assert session["again"] == []


def test_a_whole_chapter_runs(session):
    """And says what the committed notebook says, word for word, from the weights in ../results."""
    committed = build.own_cells(nbformat.read(ROOT / "notebooks" / f"{CHAPTER}.ipynb", 4))
    assert sum(not compared(cell) for cell in committed) <= 2
    expected = [text for cell in committed if compared(cell) and (text := printed(cell.outputs))]
    played = [outputs for name, outputs in session.items() if name.startswith("chapter")]
    assert [output for outputs in played for output in outputs if output.output_type == "error"] == []
    texts = [text for outputs in played if (text := printed(outputs))]
    assert texts == expected
    assert sum(text.count("claim ") for text in expected) > 10


def test_other_processes_find_the_book_too(session):
    assert printed(session["process"]).startswith("usage:")


def test_after_a_restart_the_first_cell_serves_again(colab, session):
    where = "from pathlib import Path; import lib; print(Path.cwd().name, Path('../results').is_dir(), lib.__file__)"
    again, there = colab.play(first_cell(ADDRESS), where)
    assert printed(again) == printed(session["first"])
    assert printed(there).startswith("notebooks True ") and str(colab.content / "knob-by-knob" / "lib") in printed(
        there
    )


# --- opened alone, or beside something else that is called lib -----------------------------------------------------------


def test_where_the_book_is_not_installed_the_sentence_says_so(without, folders):
    for name, folder in folders.items():
        sentence = said(without[name])
        assert sentence.startswith("The book's package, lib, is not installed in this Python"), name
        assert sentence.endswith("run `make book`, and open the notebook with its .venv.")
        assert (f"what is called lib in {folder} is another one" in sentence) == (name != "alone")
        assert "Traceback" not in sentence


@pytest.fixture(scope="module")
def visits(colab, session, folders):
    """The first cell in each folder, of a Python that has the book; and after another `lib` was imported."""
    cells = {}
    for name, folder in folders.items():
        cells |= {
            f"to {name}": f"import os; os.chdir({str(folder)!r})",
            name: first_cell(ADDRESS),
            f"at {name}": "print(os.getcwd())",
        }
    cells |= {
        "another": f"os.chdir({str(folders['a module'])!r}); import lib; print(lib.VERSION)",
        "too late": first_cell(ADDRESS),
    }
    return dict(zip(cells, colab.play(*cells.values()), strict=True))


def test_a_notebook_alone_goes_home_and_says_so(visits, colab):
    home = colab.content / "knob-by-knob" / "notebooks"
    sentence = f"This notebook stands outside the book. It goes on in {home}, beside its data.\n"
    assert printed(visits["alone"]) == sentence and len(visits["alone"]) == 1
    assert printed(visits["at alone"]).strip() == str(home)


@pytest.mark.parametrize("name", [name for name in FOLDERS if name != "alone"])
def test_what_hides_the_book_is_named(visits, folders, name):
    other = folders[name] / ("lib.py" if name == "a module" else "lib")
    assert said(visits[name]) == (
        f"{other} hides the book's package, which is called lib too. "
        "Move the notebook to another folder, or rename that one, and restart the kernel."
    )
    assert printed(visits[f"at {name}"]).strip() == str(folders[name])  # nobody moved, and nothing was fetched
    assert not (folders[name] / "knob-by-knob").exists()


def test_another_package_that_is_imported_already_is_named(visits, folders):
    assert printed(visits["another"]) == "3\n"
    assert said(visits["too late"]) == (
        f"Another package called lib is imported already, from {folders['a module'] / 'lib.py'}. "
        "Restart the kernel and run this cell first."
    )


def test_nothing_but_the_package_is_installed(colab, session):
    (site,) = colab.python.parents[1].glob("lib/python*/site-packages")
    names = {path.name for path in site.iterdir()} - {"colab.pth", "__pycache__"}
    assert len(names) == 3 and all("knob_by_knob" in name for name in names)  # a path, its finder, the metadata
