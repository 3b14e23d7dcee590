"""`make notebooks`: what is executed, what is only refreshed, and what is remembered."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from tools.notebooks import build, remembered

ROOT = Path(__file__).parents[1]
CHAPTER = """# A chapter

A sentence.

```{code-cell} ipython3
from lib.small import two

two()
```
"""
FIGURE = (
    '<figure class="kx" id="explorer-{name}" data-explorer="{name}">\n{picture}\n'
    '<script type="application/json" class="kx-data">{{"a": 1}}</script>\n<figcaption>A caption.</figcaption>\n</figure>\n'
    '<script type="module">// old\nlet a = "<b>";</script>'
)
PICTURE = (
    '<img class="kx-poster" alt="A picture of &quot;it&quot;." width="1" height="2" src="data:image/png;base64,AAAA">'
)


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG image, as far as anybody reads it here."""
    return b"\x89PNG\r\n\x1a\n" + bytes(8) + width.to_bytes(4, "big") + height.to_bytes(4, "big")


class Book:
    """A small project whose chapters are executed without a kernel: `outputs` says what its one cell shows."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.executed, self.seconds = root, [], 1.0
        self.outputs = [nbformat.v4.new_output("stream", text="2\n")]
        for name, text in {
            "_config.yml": 'repository: {url: ""}\n',
            "lib/small.py": "def two():\n    return 2\n\ndef three():\n    return 3\n",
            "classroom/explorers/bundle.js": "// new\\1",
            "book/chapters/01_one.md": CHAPTER,
            "notebooks/README.md": "",
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        (root / "classroom" / "explorers" / "posters").mkdir()
        monkeypatch.setattr(build, "execute", self.execute)

    def execute(self, nb, chapter: str, folder: Path) -> float:
        self.executed.append(chapter)
        build.own_cells(nb)[0].outputs = [nbformat.from_dict(output) for output in self.outputs]
        return self.seconds

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    @property
    def chapter(self) -> Path:
        return self.root / "book" / "chapters" / "01_one.md"

    @property
    def notebook(self) -> Path:
        return self.root / "notebooks" / "01_one.ipynb"

    def make(self, **options) -> str:
        return build.make(self.chapter, self.notebook, self.root, **options)

    def outdated(self) -> str | None:
        return build.outdated(self.chapter, self.notebook, self.root)

    def git(self, *command: str) -> None:
        names = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", self.root, *names, *command], check=True, capture_output=True)

    def commit(self) -> None:
        self.git("init", "-q")
        self.git("add", "--all", ":!.cache")
        self.git("commit", "-q", "-m", "book")

    def forget(self) -> None:
        (self.root / ".cache" / "notebooks.json").unlink()


@pytest.fixture
def book(tmp_path, monkeypatch):
    return Book(tmp_path, monkeypatch)


# --- what is executed ------------------------------------------------------------------------------------------------


def test_only_what_the_cells_reach_is_executed_again(book):
    assert book.make() == "1.0 s" and book.outdated() is None
    assert book.make() == "fresh"
    book.edit("lib/small.py", "return 3", "return 4")
    book.edit("lib/small.py", "return 2", "return 2  # a comment")
    assert book.make() == "fresh"
    book.edit("lib/small.py", "return 2", "return 1 + 1")
    assert book.make() == "1.0 s"
    assert len(book.executed) == 2


def test_text_is_changed_around_the_outputs(book):
    book.make()
    book.edit("book/chapters/01_one.md", "A sentence", "Another sentence")
    assert "its text" in book.outdated()
    assert book.make() == "text" and book.outdated() is None
    assert book.executed == ["01_one"]


def test_a_comment_of_a_cell_is_text(book):
    book.make()
    book.edit("book/chapters/01_one.md", "two()\n", "two()  # again\n")
    assert "its code" in book.outdated()
    assert book.make() == "text" and book.outdated() is None
    assert book.executed == ["01_one"]


def test_other_code_is_executed_and_seen(book):
    book.make()
    book.edit("book/chapters/01_one.md", "two()\n", "two() + 0\n")
    assert "its code" in book.outdated()
    assert book.make() == "1.0 s" and book.outdated() is None


def test_a_missing_notebook_is_seen(book):
    assert "not there" in book.outdated()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A sentence", "Another sentence"),
        ('"execution_count": 2', '"execution_count": 3'),
        ('"cellView": "form"', '"cellView": "code"'),
        ('"name": "python3"', '"name": "python3", "more": 1'),
        ('"metadata": {\n  "kernelspec"', '"metadata": {\n  "stamp": {},\n  "kernelspec"'),
    ],
)
def test_an_edit_of_the_notebook_is_seen(book, old, new):
    book.make()
    book.edit("notebooks/01_one.ipynb", old, new)
    assert "its text" in book.outdated()
    assert book.make() == "text" and book.outdated() is None


def test_force_executes(book):
    book.make()
    assert book.make(force=True) == "1.0 s"


def test_a_slow_result_is_kept_with_a_warning(book):
    book.seconds = 61.0
    assert book.make() == "61.0 s, kept, but over the limit of 60 s: make it faster"
    assert book.make() == "fresh"


def test_a_failure_leaves_what_was_there(book, monkeypatch):
    book.make()
    before = book.notebook.read_bytes()
    monkeypatch.setattr(build, "execute", lambda *_: (_ for _ in ()).throw(build.Failed("it failed")))
    with pytest.raises(build.Failed):
        book.make(force=True)
    assert book.notebook.read_bytes() == before
    assert book.make() == "fresh"


# --- what is remembered ----------------------------------------------------------------------------------------------


def test_another_branch_is_not_executed_again(book):
    """There and back: the outputs say which code made them."""
    book.make()
    here = book.notebook.read_bytes()
    book.edit("lib/small.py", "return 2", "return 1 + 2")
    book.outputs[0]["text"] = "3\n"
    assert book.make() == "1.0 s"
    there = book.notebook.read_bytes()
    for new, old, notebook in [("return 2", "return 1 + 2", here), ("return 1 + 2", "return 2", there)] * 2:
        book.edit("lib/small.py", old, new)
        book.notebook.write_bytes(notebook)
        assert book.make() == "fresh"


def test_the_same_outputs_of_two_codes_are_remembered_for_both(book):
    book.make()
    book.edit("lib/small.py", "return 2", "return 1 + 1")
    assert book.make() == "1.0 s"
    book.edit("lib/small.py", "return 1 + 1", "return 2")
    assert book.make() == "fresh"


def test_a_fresh_clone_trusts_what_is_committed(book):
    book.make()
    book.commit()
    book.forget()
    assert book.make() == "fresh"
    book.forget()
    book.edit("book/chapters/01_one.md", "A sentence", "Another sentence")
    book.edit("lib/small.py", "return 3", "return 4")
    assert book.make() == "text"
    book.edit("lib/small.py", "return 2", "return 1 + 1")
    assert book.make() == "1.0 s"


def test_a_fresh_clone_executes_what_differs_from_the_commit(book):
    book.make()
    book.commit()
    book.forget()
    book.edit("lib/small.py", "return 2", "return 1 + 1")
    assert book.make() == "1.0 s"


@pytest.mark.parametrize("which", ["an output by hand", "no commit", "no git", "other rules", "a damaged cache"])
def test_what_nobody_knows_is_executed(book, which, monkeypatch):
    book.make()
    if which == "an output by hand":
        book.commit()
        book.edit("notebooks/01_one.ipynb", '"2\\n"', '"5\\n"')
    elif which == "other rules":
        monkeypatch.setattr(remembered, "RULES", "others")
    elif which == "a damaged cache":
        (book.root / ".cache" / "notebooks.json").write_text('{"rules": ')
    else:
        book.forget()
    if which == "no git":
        book.commit()
        monkeypatch.setenv("PATH", "")
    assert book.make() == "1.0 s"
    assert book.make() == "fresh"


def test_the_cache_is_not_in_git():
    done = subprocess.run(["git", "check-ignore", "-q", ".cache/notebooks.json"], cwd=ROOT)
    assert done.returncode == 0


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    remembered.write(path, "old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            remembered.write(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.ipynb"]


# --- explorers -------------------------------------------------------------------------------------------------------


def shown(book: Book) -> str:
    return build.own_cells(nbformat.read(book.notebook, 4))[0].outputs[0]["data"]["text/html"]


@pytest.mark.parametrize("picture", [PICTURE, '<div class="kx-poster">a list</div>'])
def test_explorers_are_refreshed_without_execution(book, picture):
    poster = book.root / "classroom" / "explorers" / "posters" / "t-scale.png"
    if picture == PICTURE:
        poster.write_bytes(png(1440, 600))
    book.outputs = [
        nbformat.v4.new_output("display_data", {"text/html": FIGURE.format(name="t-scale", picture=picture)})
    ]
    assert book.make() == "1.0 s"
    assert shown(book).endswith('<script type="module">// new\\1</script>')
    if picture == PICTURE:
        assert 'alt="A picture of &quot;it&quot;." width="720" height="300" src="data:image/png;base64,iVBO' in shown(
            book
        )
        poster.write_bytes(png(1440, 800))
        assert "its explorers" in book.outdated()
        assert book.make() == "text" and 'width="720" height="400"' in shown(book)
    (book.root / "classroom" / "explorers" / "bundle.js").write_text("// newer")
    assert book.outdated()
    assert book.make() == "text" and shown(book).endswith('<script type="module">// newer</script>')
    assert '{"a": 1}' in shown(book) and "<figcaption>A caption." in shown(book)
    assert book.make() == "fresh" and book.executed == ["01_one"]


def test_other_html_is_left_alone(book):
    html = '<p><script type="module">// a reader\'s own</script>'
    assert build.refreshed(html, book.root) == html


def test_what_is_refreshed_is_what_lib_would_write():
    """The explorers' HTML is taken apart by its form: if lib gives it another, these parts are no longer found.

    The decision tree, which has a script of its own, stands in no chapter.
    """
    from classroom.explorers import reverse, t_scale, targets

    for html in (
        targets.show().data,
        t_scale.show().data,
        reverse.show(opening="ddim").data,
    ):
        spoilt = build.SCRIPT.sub('<script type="module">old</script>', html)
        spoilt = build.POSTER.sub(r'\1 width="1" height="1" src="old">', spoilt)
        assert len(spoilt) < len(html) / 2
        assert build.refreshed(spoilt) == html


def test_a_script_of_its_own_is_refreshed_from_its_own_bundle():
    """Its first line says which one it is."""
    from classroom.explorers.figure import figure

    html = figure("attention", {}, "A picture.", "A caption.").data
    stale = html.replace("With all gates at 0", "With all gates open")
    assert stale != html and build.refreshed(stale) == html


# --- several at a time -----------------------------------------------------------------------------------------------


def chapters(book: Book, *names: str) -> list[Path]:
    paths = [book.chapter.with_name(f"{name}.md") for name in names]
    for path in paths:
        path.write_text(CHAPTER)
    return paths


def test_two_are_executed_at_a_time(book, monkeypatch):
    monkeypatch.setattr(build, "AT_ONCE", 2)
    meeting = threading.Barrier(2, timeout=20)

    def execute(*which):
        meeting.wait()  # an error where nobody else comes
        return book.execute(*which)

    monkeypatch.setattr(build, "execute", execute)
    assert build.make_all(chapters(book, "01_one", "02_two"), book.root) is None
    assert sorted(book.executed) == ["01_one", "02_two"]


def test_the_longest_goes_first(book, monkeypatch):
    monkeypatch.setattr(build, "AT_ONCE", 1)
    paths = chapters(book, "01_one", "02_two", "03_three")
    remembered.Memory(book.root).note("any", "key", **{"01_one": 3.0, "02_two": 20.0, "03_three": 10.0})
    build.make_all(paths, book.root)
    assert book.executed == ["02_two", "03_three", "01_one"]
    assert remembered.Memory(book.root).seconds() == {"01_one": 1.0, "02_two": 1.0, "03_three": 1.0}


def test_a_failure_stops_no_other_chapter(book, monkeypatch, capsys):
    def execute(nb, chapter, folder):
        if chapter == "02_two":
            raise build.Failed("02_two: cell 1 failed")
        return book.execute(nb, chapter, folder)

    monkeypatch.setattr(build, "execute", execute)
    assert build.make_all(chapters(book, "01_one", "02_two", "03_three"), book.root) == "failed: 02_two"
    said = capsys.readouterr()
    assert sorted(said.out.splitlines()) == [f"{name:34}1.0 s" for name in ("01_one", "03_three")]
    assert said.err == "02_two: cell 1 failed\n"
    assert sorted(path.name for path in (book.root / "notebooks").glob("*.ipynb")) == ["01_one.ipynb", "03_three.ipynb"]


# --- with kernels ----------------------------------------------------------------------------------------------------

MAKE_ALL = """
import signal
import sys
from pathlib import Path
from tools.notebooks import build
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a run in the background is told to ignore
root = Path(sys.argv[1])
sys.exit(build.make_all(sorted((root / "book" / "chapters").glob("*.md")), root))
"""


def cells(code: str) -> str:
    return f"# A chapter\n\n```{{code-cell}} ipython3\n{code}\n```\n"


def start(root: Path) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", MAKE_ALL, root], cwd=ROOT, **pipes)


@pytest.fixture
def bare(tmp_path):
    for name in ("book/chapters", "notebooks", "lib", "classroom"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "_config.yml").write_text('repository: {url: ""}\n')
    return tmp_path


def test_cpu_seconds_are_counted_not_the_clock(bare):
    """One chapter waits, the other works, half of it in a process of its own."""
    work = "import time\nend = time.process_time() + 2\nwhile time.process_time() < end: pass"
    (bare / "book" / "chapters" / "01_waits.md").write_text(cells("import time\ntime.sleep(6)"))
    code = f"import subprocess, sys\nwork = {work!r}\nexec(work)\n_ = subprocess.run([sys.executable, '-c', work])"
    (bare / "book" / "chapters" / "02_works.md").write_text(cells(code))
    done = start(bare)
    _, errors = done.communicate(timeout=120)
    assert done.returncode == 0, errors
    seconds = json.loads((bare / ".cache" / "notebooks.json").read_text())["seconds"]
    assert seconds["01_waits"] < 6
    assert seconds["02_works"] - seconds["01_waits"] > 3


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_an_interrupt_leaves_neither_kernels_nor_half_a_notebook(bare):
    for number in (1, 2, 3):
        code = f"from pathlib import Path\nimport time\nPath('../started{number}').touch()\ntime.sleep(200)"
        (bare / "book" / "chapters" / f"0{number}_sleeps.md").write_text(cells(code))
    running = start(bare)
    try:
        deadline = time.monotonic() + 100
        while len(list(bare.glob("started*"))) < build.AT_ONCE and time.monotonic() < deadline:
            time.sleep(0.1)
        kernels = psutil.Process(running.pid).children(recursive=True)
        assert len(kernels) >= build.AT_ONCE
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode != 0
    assert not psutil.wait_procs(kernels, timeout=10)[1]
    assert list((bare / "notebooks").iterdir()) == []
