"""The first cell of the chapters, played on a machine like Colab's: everything is installed there but the book."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest

from tools.checks.portable import IGNORED
from tools.notebooks import build
from tools.site import publish

ROOT = Path(__file__).parents[1]
ADDRESS = "https://github.com/someone/a-book"
CHAPTER = "08_time_scale"  # reads shipped weights and numbers

# Run by the other Python: a notebook from standard input, in a folder, to standard output. Errors are outputs too.
PLAY = """
import sys, nbformat
from nbclient import NotebookClient
nb = nbformat.reads(sys.stdin.read(), 4)
resources = {"metadata": {"path": sys.argv[1]}}
NotebookClient(nb, kernel_name="python3", timeout=120, allow_errors=True, coalesce_streams=True, resources=resources).execute()
print(nbformat.writes(nb))
"""


def first_cell(address: str, commit: str = "") -> str:
    """The first cell with another address than it was published with, or none."""
    source = build.FIRST_CELL.read_text().rstrip()
    for name, value in (("ADDRESS", address), ("COMMIT", commit)):
        source, count = re.subn(rf'^{name} = ""', f'{name} = "{value}"', source, flags=re.M)
        assert count == 1
    return source


GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]


def out_of_git(*command: str | Path, **more) -> str:
    return subprocess.run([*GIT, *command], check=True, capture_output=True, text=True, **more).stdout.strip()


class Web:
    """What lies behind ADDRESS: a bare repository that `tools.site.publish` has filled from this working tree."""

    def __init__(self, home: Path):
        self.source, self.bare = home / "source", home / "web" / "a-book"
        self.bare.parent.mkdir()
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
            if name and (ROOT / name).is_file():  # as they are now, edited or new
                (self.source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.source / name)
        out_of_git("init", "-q", self.source)
        self.commit = self.publish("book")

    def publish(self, message: str) -> str:
        """Commit the source and publish it; the name of the commit."""
        out_of_git("add", "--all", "--force", cwd=self.source)
        out_of_git("commit", "-q", "-m", message, cwd=self.source)
        tool = [sys.executable, "-m", "tools.site.publish", "--address", ADDRESS, "--onto", self.bare]
        subprocess.run(tool, cwd=self.source, env=os.environ | {"PYTHONPATH": str(self.source)}, check=True)
        return out_of_git("rev-parse", "HEAD", cwd=self.source)

    def notebook(self, name: str) -> nbformat.NotebookNode:
        """A notebook as Colab's button opens it."""
        return nbformat.reads(out_of_git("show", f"colab:notebooks/{name}.ipynb", cwd=self.bare), 4)


class Colab:
    """A Python that knows every package of this one but the book's, in a folder where git finds the book on the web."""

    def __init__(self, home: Path, web: Web):
        self.content, packages, env = home / "content", home / "packages", home / "env"
        (self.content / "lib").mkdir(parents=True)  # somebody else's, which the book must come before
        (self.content / "lib" / "__init__.py").write_text("VERSION = 3\n")
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
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
        self.environment |= {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{web.bare.parent.as_uri()}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/someone/",
            # The tool that builds the package is here already; nothing is to be fetched.
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PATH": f"{env / 'bin'}:{os.environ['PATH']}",
            "JUPYTER_PATH": "",
            "JUPYTER_DATA_DIR": str(home / "jupyter"),
            "IPYTHONDIR": str(home / "ipython"),
        }

    def packages_of_its_own(self) -> set[str]:
        """What pip has installed."""
        (site,) = self.python.parents[1].glob("lib/python*/site-packages")
        return {path.name for path in site.iterdir()} - {"colab.pth", "__pycache__"}

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


def first_of(nb: nbformat.NotebookNode) -> str:
    return next(cell.source for cell in nb.cells if cell.cell_type == "code")


def compared(cell: dict) -> bool:
    """Whether all machines give a cell the same outputs. The chapter's one other cell trains, half of its time."""
    return not IGNORED & set(cell.metadata.get("tags", []))


def said(outputs: list[dict]) -> str:
    """What a cell that stopped shows in the place of a traceback."""
    (error,) = outputs
    assert error.output_type == "error"
    return "\n".join(error.traceback)


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    return Web(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def colab(tmp_path_factory, web):
    return Colab(tmp_path_factory.mktemp("colab"), web)


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
def session(colab, without, web):
    """One visit: three mistakes, the first cell, its repetition, a whole chapter, and a process that it starts."""
    cells = {
        "no address": first_cell(""),
        "wrong address": first_cell("https://github.com/someone/gone"),
        "into a copy": f"import os; os.chdir({str(web.source / 'notebooks')!r})",
        "in a copy": first_cell(ADDRESS),
        "out of the copy": f"os.chdir({str(colab.content)!r})",
        "first": first_cell(ADDRESS, web.commit),
        "again": first_cell(ADDRESS, web.commit),
    }
    assert cells["first"] == first_of(web.notebook(CHAPTER))
    chapter = build.own_cells(web.notebook(CHAPTER))
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
    """And says what the committed notebook says, word for word, from the shipped weights."""
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


def test_after_a_restart_the_first_cell_serves_again(colab, session, web):
    where = "from pathlib import Path; import lib; print(Path.cwd().name, lib.__file__)"
    again, there = colab.play(first_cell(ADDRESS, web.commit), where)
    assert printed(again) == printed(session["first"])
    assert printed(there).startswith(f"notebooks {colab.content / 'knob-by-knob' / 'lib'}")


# --- opened alone, or beside something else that is called lib -----------------------------------------------------------


def test_where_the_book_is_not_installed_the_sentence_says_so(without, folders):
    for name, folder in folders.items():
        sentence = said(without[name])
        assert sentence.startswith("The book's package, lib, is not installed in this Python"), name
        assert "run `make book`, and open the notebook with its .venv; elsewhere, as on Colab, put the" in sentence
        assert sentence.endswith("book's repository beside this notebook, as a zip file, and run this cell again.")
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


def test_a_notebook_alone_runs_where_it_is(visits, folders):
    """The chapters ask for shipped files by name: nobody has to go to the book's folder."""
    assert visits["alone"] == [] and printed(visits["at alone"]).strip() == str(folders["alone"])


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
    names = colab.packages_of_its_own()
    assert len(names) == 3 and all("knob_by_knob" in name for name in names)  # a path, its finder, the metadata


# --- what is published ---------------------------------------------------------------------------------------------------


def test_the_branch_holds_every_notebook_stamped_and_nothing_else(web):
    """Otherwise they are those of `main`, to the byte, and the branch has one commit, whatever is published."""
    names = out_of_git("ls-tree", "-r", "--name-only", "colab", cwd=web.bare).split("\n")
    ours = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert names == ["README.md", *(f"notebooks/{name}" for name in ours)]
    assert out_of_git("rev-list", "--count", "colab", cwd=web.bare) == "1"
    assert out_of_git("rev-parse", "main", cwd=web.bare) == web.commit
    for name in ours:
        text = out_of_git("show", f"colab:notebooks/{name}", cwd=web.bare) + "\n"
        assert first_of(nbformat.reads(text, 4)) == first_cell(ADDRESS, web.commit), name
        for value in (ADDRESS, web.commit):
            text = text.replace(f'= \\"{value}\\"', '= \\"\\"', 1)
        assert text == (ROOT / "notebooks" / name).read_text(), name


@pytest.mark.parametrize(
    "wrong", ["someone/a-book", f"{ADDRESS}/", f"{ADDRESS}.git", "http" + ADDRESS[5:], '"', f"{ADDRESS}\n"]
)
def test_a_malformed_address_is_refused(wrong):
    with pytest.raises(SystemExit, match="An address looks like"):
        publish.main(["--address", wrong, "--write", "nowhere"])


def test_a_notebook_that_has_an_address_is_not_stamped_again(web):
    text = (ROOT / "notebooks" / f"{CHAPTER}.ipynb").read_text()
    with pytest.raises(SystemExit, match="ADDRESS does not stand once, empty"):
        publish.stamped(publish.stamped(text, ADDRESS, "1" * 40), ADDRESS, "2" * 40)


def test_the_token_is_shown_to_the_repository_alone(monkeypatch):
    assert publish.credentials(ADDRESS) == {}
    monkeypatch.setenv("TOKEN", "secret")
    settings = publish.credentials(ADDRESS)
    assert settings["GIT_CONFIG_KEY_0"] == f"http.{ADDRESS}.extraheader" and "secret" not in str(settings)


# --- what is checked before anything is installed ---------------------------------------------------------------------------


SETUP = "import pathlib\npathlib.Path('/'.join(__file__.split('/')[:-2]), 'ran').write_text('a stranger ran')\n"


@pytest.fixture(scope="module")
def strangers(web, tmp_path_factory):
    """What the first cell says where a folder of the book's name lies there already, by whose it is; and what was installed."""
    machine = Colab(tmp_path_factory.mktemp("strangers"), web)
    homes = {
        name: machine.content / name.replace(" ", "-") for name in ("a stranger's", "another commit", "another origin")
    }
    for name, home in homes.items():
        home.mkdir()
        out_of_git("init", "-q", home)  # the folder around has a history of its own, which says nothing
        folder = home / "knob-by-knob"
        if name == "a stranger's":
            folder.mkdir()
            (folder / "setup.py").write_text(SETUP)
        else:
            out_of_git("clone", "-q", web.bare.as_uri(), folder)
            (folder / "setup.py").write_text(SETUP)
            origin = ADDRESS if name == "another commit" else f"{ADDRESS}-2"
            out_of_git("remote", "set-url", "origin", origin, cwd=folder)
    commits = {"another commit": "1" * 40}
    cells = []
    for name, home in homes.items():
        cells += [f"import os; os.chdir({str(home)!r})", first_cell(ADDRESS, commits.get(name, web.commit))]
    outputs = machine.play(*cells)[1::2]
    return machine, {name: (homes[name], said(output)) for name, output in zip(homes, outputs, strict=True)}


@pytest.mark.parametrize("name", ["a stranger's", "another commit", "another origin"])
def test_a_folder_that_is_not_the_book_is_left_alone(strangers, name):
    """Its code does not run: to install a package is to run its setup."""
    machine, told = strangers
    home, sentence = told[name]
    assert sentence.startswith(f"The folder knob-by-knob here is not the book from {ADDRESS} in the state that this")
    assert "Nothing was installed. Rename that folder" in sentence
    assert not list(home.rglob("ran")) and machine.packages_of_its_own() == set()


@pytest.fixture(scope="module")
def later(web, session, tmp_path_factory):
    """A notebook that was opened before the book went on: what its first cell says, and the `lib` that it gets."""
    elder = first_of(web.notebook(CHAPTER))
    init = web.source / "lib" / "__init__.py"
    init.write_text(init.read_text() + "\nNEWER = True\n")
    newest = web.publish("newer")
    machine = Colab(tmp_path_factory.mktemp("later"), web)
    return elder, newest, machine.play(elder, "import lib; print(hasattr(lib, 'NEWER'))")


def test_a_saved_notebook_gets_the_state_that_it_was_written_with(web, later):
    elder, newest, (first, found) = later
    assert web.commit in elder and newest in first_of(web.notebook(CHAPTER))
    assert printed(first).startswith(f"the book: {web.commit[:7]}") and printed(found) == "False\n"


@pytest.fixture(scope="module")
def by_hand(web, tmp_path_factory):
    """A notebook without an address, beside a stranger's zip file, and then beside the book's, as GitHub hands it out."""
    machine = Colab(tmp_path_factory.mktemp("hand"), web)
    with zipfile.ZipFile(machine.content / "a-strangers.zip", "w") as file:
        file.writestr("thing-main/setup.py", SETUP)
    zipped = str(machine.content / "the-book.zip")
    archive = f"import subprocess; subprocess.run(['git', '-C', {str(web.bare)!r}, 'archive', '--prefix=a-book-main/', "
    archive += f"'-o', {zipped!r}, {web.commit!r}], check=True)"
    where = "import lib; from lib.trained.shipped import RESULTS; print(lib.__file__, RESULTS.is_dir())"
    return machine, machine.play(first_cell(""), archive, first_cell(""), where, first_cell(""))


def test_a_notebook_uploaded_by_hand_uses_a_zip_file_of_the_book(by_hand):
    machine, (before, _, first, where, again) = by_hand
    assert "put the book's repository beside this notebook, as a zip file" in said(before)
    assert printed(first).startswith("the book: from a zip file\n") and again == []
    assert printed(where) == f"{machine.content / 'knob-by-knob' / 'lib' / '__init__.py'} True\n"
    assert not list(machine.content.rglob("ran"))
