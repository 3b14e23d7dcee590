"""What a chapter's key follows: the definitions and data that its code reaches, and nothing else."""

import ast
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from tools.notebooks import build, names, reach
from tools.notebooks.definitions import without_docstrings

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))

BOOK = {
    "lib/__init__.py": "from lib.a import one\nfrom lib.b import Shape, two",
    "lib/a.py": """
        from lib.c import LIMIT, three
        def one(x=LIMIT): return helper(x)
        def helper(x):
            from lib.d import four
            return four(x)
        def other(): return three()
        def shadow(three): return three
        def again():
            from lib.c import far
            far = far()
            return far
    """,
    "lib/b.py": """
        from torch import nn
        import lib.side
        class Shape:
            size = 1
            def _half(self): return 15
            half = property(_half)
            def __call__(self): return self.area()
            def area(self): return 11
            def spare(self): return 12
        class Square(Shape):
            def area(self): return 14
        class Net(nn.Module):
            def forward(self, x): return x
        def two(): return 22
    """,
    "lib/c.py": "LIMIT = 3\nUNUSED = 4\ndef three(): return 3\ndef far(): return 5\n"
    "def grow():\n    global LIMIT\n    LIMIT = LIMIT + 1",
    "lib/side.py": "STATE = []\nSTATE.append(1)",
    "lib/d.py": "TABLE = {}\nTABLE[1] = 2\ndef four(x): return x\ndef five(): return 5",
    "lib/notes.py": """
        NOTED = []
        def note(f):
            NOTED.append(f)
            return f
        def plain(f): return f
        def noted(): return list(NOTED)
        def itself(f): itself.all.append(f)
        def put(f): OTHER.append(f)
        def helped(f): return put(f)
        class Kept: all = []
        def kept(f): Kept.all.append(f)
        OTHER = []
        def shown(x): return x
        @note
        def first(): return 31
        @itself
        def third(): return 33
        @helped
        def fourth(): return 34
        @kept
        def fifth(): return 35
        @shown.register
        def sixth(): return 36
        @plain
        def second(): return 32
    """,
    "lib/mirror.py": "def words(f):\n    return f.__doc__",
    "lib/show/__init__.py": "from pathlib import Path\ndef tree(): return Path('tree.json')\ndef page(): return 1",
    "lib/show/tree.json": "{}",
    "lib/show/other.json": "{}",
    "lib/show/posters/one.png": "",
    "notebooks/beside.py": "def near(): return 1\ndef further(): return 2",
    "results/toy_flow.bin": "1",
    "results/toy_ddpm.bin": "2",
    "results/report.json": "3",
}


def dedent(text: str) -> str:
    return re.sub(r"^ {8}", "", text, flags=re.MULTILINE)


@pytest.fixture
def book(tmp_path):
    for name, text in BOOK.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(dedent(text))
    return tmp_path


def changes(book: Path, code: str, file: str, old: str, new: str) -> bool:
    """Whether an edit of a file changes the key of some code."""
    before, text = reach.key([code], book), (book / file).read_text()
    assert text.count(old) == 1, (file, old)
    (book / file).write_text(text.replace(old, new))
    after = reach.key([code], book)
    (book / file).write_text(text)
    assert reach.key([code], book) == before
    return after != before


ONE = "from lib import one\none()"


@pytest.mark.parametrize(
    ("code", "file", "old", "new"),
    [
        (ONE, "lib/a.py", "return helper(x)", "return helper(-x)"),
        (ONE, "lib/a.py", "return four(x)", "return four(-x)"),  # a name of the same module
        (ONE, "lib/c.py", "LIMIT = 3", "LIMIT = 4"),  # a default
        (ONE, "lib/d.py", "def four(x): return x", "def four(x): return -x"),  # an import inside a function
        (ONE, "lib/d.py", "TABLE[1] = 2", "TABLE[1] = 3"),  # what a module does when it is imported
        (ONE, "lib/side.py", "append(1)", "append(2)"),  # in a module that another one imports
        ("from lib.a import again\nagain()", "lib/c.py", "return 5", "return 6"),  # an import under a name of its own
        ("from lib.c import grow\ngrow()", "lib/c.py", "LIMIT = 3", "LIMIT = 4"),  # a global variable
        ("from lib import Shape\nShape()", "lib/b.py", "return 15", "return 16"),  # a method under another name
        ("import lib\nlib.two()", "lib/b.py", "return 22", "return 33"),
        ("import lib.c as c\nc.three()", "lib/c.py", "return 3", "return 4"),
        ("import lib.c\nlib.c.three()", "lib/c.py", "return 3", "return 4"),
        ("from lib import c\nprint(c)", "lib/c.py", "return 5", "return 6"),  # a module handed around
        ("from lib.c import *\nfar()", "lib/c.py", "return 5", "return 6"),
        ("from lib import c\nc.__dict__", "lib/c.py", "return 5", "return 6"),
        ("import lib\nprint(lib)", "lib/show/__init__.py", "return 1", "return 2"),
        ("def f():\n    from lib.a import other\n    other()", "lib/c.py", "return 3", "return 4"),
        ("from lib import Shape\nShape()", "lib/b.py", "size = 1", "size = 2"),
        ("from lib import Shape\nShape()", "lib/b.py", "return self.area()", "return -self.area()"),
        ("from lib import Shape\nShape()", "lib/b.py", "return 11", "return 2"),  # called by a dunder
        ("from lib.b import Square\nSquare()", "lib/b.py", "size = 1", "size = 2"),  # a base
        ("from lib.b import Square\nSquare().spare()", "lib/b.py", "return 12", "return 13"),
        ("from lib import Shape\ngetattr(Shape(), 'spare')", "lib/b.py", "return 12", "return 13"),
        ("from lib.b import Net\nNet()(1)", "lib/b.py", "x): return x", "x): return -x"),  # torch calls forward
        (
            "from lib.notes import NOTED\nprint(NOTED)",
            "lib/notes.py",
            "return 31",
            "return 9",
        ),  # a decorator that registers
        ("from lib.notes import noted\nnoted()", "lib/notes.py", "return 31", "return 9"),
        ("from lib.notes import second", "lib/notes.py", "return 33", "return 9"),  # in itself,
        ("from lib.notes import second", "lib/notes.py", "return 34", "return 9"),  # by a helper,
        ("from lib.notes import second", "lib/notes.py", "return 35", "return 9"),  # in a class,
        ("from lib.notes import second", "lib/notes.py", "return 36", "return 9"),  # by a method of what is decorated
        ("from lib.notes import second\nsecond()", "lib/notes.py", "def plain(f): return f", "def plain(f): return 1"),
        (
            "from lib.mirror import words\nwords(1)",
            "lib/c.py",
            "UNUSED",
            "# comment\nUNUSED",
        ),  # code that looks at code
        ("from lib.c import three\nhelp(three)", "lib/c.py", "return 5", "return 6"),
        ("from inspect import getsource as g\nfrom lib.c import three\ng(three)", "lib/c.py", "return 5", "return 6"),
        ("from lib.c import three\ngetattr(three, '__doc__')", "lib/c.py", "return 5", "return 6"),
        (
            "import lib\nlib.one()",
            "lib/__init__.py",
            "lib.a import one",
            "lib.c import three as one",
        ),  # the import itself
        ("from lib.show import tree\ntree()", "lib/show/tree.json", "{}", "[]"),
        ("from beside import near\nnear()", "notebooks/beside.py", "return 1", "return 3"),
        ("load('../results/toy_flow.bin')", "results/toy_flow.bin", "1", "2"),
        ("load(f'../results/toy_{kind}.bin')", "results/toy_ddpm.bin", "2", "1"),
        ("load('../results/{}.bin'.format(kind))", "results/toy_ddpm.bin", "2", "1"),
        ("load(folder + name + '.bin')", "results/toy_ddpm.bin", "2", "1"),
        ("def f():\n    'See results/report.json.'", "results/report.json", "3", "4"),
    ],
)
def test_an_edit_of_what_is_reached_counts(book, code, file, old, new):
    assert changes(book, code, file, old, new)


@pytest.mark.parametrize(
    ("code", "file", "old", "new"),
    [
        (ONE, "lib/a.py", "def other(): return three()", "def other(): return 7"),
        (ONE, "lib/c.py", "UNUSED = 4", "UNUSED = 5"),
        (ONE, "lib/c.py", "return 3", "return 4"),
        (ONE, "lib/b.py", "return 22", "return 33"),
        (ONE, "lib/a.py", "def helper(x):", "def helper(x):  # comment\n    'docstring'\n"),
        (ONE, "lib/a.py", "def helper", "\n\ndef new(): return 1\ndef helper"),
        (ONE, "lib/__init__.py", "from lib.a", '"""A docstring."""\nfrom lib.a'),
        ("from lib import c\nc.three()", "lib/c.py", "return 5", "return 6"),
        ("from lib.a import shadow\nshadow(1)", "lib/c.py", "return 3", "return 4"),  # an argument of that name
        ("from lib import Shape\nShape()", "lib/b.py", "return 12", "return 13"),
        ("from lib import Shape\nShape().spare()", "lib/b.py", "return 14", "return 5"),
        ("from lib.notes import second\nsecond()", "lib/notes.py", "OTHER = []", "OTHER = []\nnew = 1"),
        (
            "from lib.notes import second\nsecond()",
            "lib/notes.py",
            "return 31",
            "return 9",
        ),  # noted, but nobody reads it
        ("from lib.show import page\npage()", "lib/show/tree.json", "{}", "[]"),
        ("from lib.show import tree\ntree()", "lib/show/other.json", "{}", "[]"),
        ("from beside import near\nnear()", "notebooks/beside.py", "return 2", "return 3"),
        ("load('../results/toy_flow.bin')", "results/toy_ddpm.bin", "2", "1"),
        ("import torch\n%matplotlib inline\n!ls", "lib/a.py", "return four(x)", "return four(-x)"),
    ],
)
def test_another_edit_does_not(book, code, file, old, new):
    assert not changes(book, code, file, old, new)


def test_cells_count_but_for_comments_and_spaces(book):
    keys = [
        reach.key(cells, book)
        for cells in (["a = 1"], ["a = 1", ""], ["a = 2"], ["%time a = 1"], ["%time a = 1  # one"])
    ]
    assert len(set(keys)) == 5  # what a magic sees is its own affair
    assert reach.key(["a = (\n    1\n)  # one"], book) == keys[0]


def test_data_that_are_set_apart_do_not_count(book):
    code = ["load('../results/toy_flow.bin')"]
    before = reach.key(code, book, ("results/*",))
    (book / "results" / "toy_flow.bin").write_text("new")
    assert reach.key(code, book, ("results/*",)) == before != reach.key(code, book)


def test_what_runs_as_a_program_does_not_count(book):
    (book / "lib" / "c.py").write_text(BOOK["lib/c.py"] + "\nif __name__ == '__main__':\n    three()\n")
    assert changes(book, "from lib import c\nc.three()", "lib/c.py", "def three(): return 3", "def three(): return 4")
    assert not changes(book, "from lib import c\nc.three()", "lib/c.py", "    three()", "    far()")


# --- the book itself -------------------------------------------------------------------------------------------------


@cache
def sources(chapter: Path) -> list[str]:
    return build.sources(build.compose(chapter))


def keys(root: Path) -> dict[str, str]:
    return {chapter.stem: reach.key(sources(chapter), root, build.REFRESHED) for chapter in CHAPTERS}


@pytest.fixture(scope="module")
def before():
    return keys(ROOT)


@pytest.fixture
def copied(tmp_path):
    """A copy of lib and classroom, where edits hurt nobody."""
    for wing in ("lib", "classroom"):
        shutil.copytree(ROOT / wing, tmp_path / wing, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "results").symlink_to(ROOT / "results")
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def changed(copied: Path, before: dict[str, str], file: str, old: str, new: str) -> set[str]:
    """The chapters that an edit would execute, by their numbers."""
    path = copied / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return {names.short(name) for name, key in keys(copied).items() if key != before[name]}


def test_a_chapter_has_one_key_wherever_the_book_lies(copied, before):
    assert keys(copied) == before
    assert build.key(CHAPTERS[0]) == before[CHAPTERS[0].stem]
    assert len(set(before.values())) == len(CHAPTERS)


def test_comments_docstrings_and_layout_of_lib_execute_nothing(copied, before):
    """All of them at once: every module is replaced by what its syntax tree says."""
    for path in (*(copied / "lib").rglob("*.py"), *(copied / "classroom").rglob("*.py")):
        path.write_text(ast.unparse(without_docstrings(ast.parse(path.read_text()))))
    assert keys(copied) == before


def test_a_comment_in_seeding_executes_nothing(copied, before):
    old = "def seeded("
    assert changed(copied, before, "lib/seeding.py", old, f"# A comment.\n{old}") == set()


def test_bundle_and_posters_execute_nothing(copied, before):
    for folder in (".", "copying", "engine", "jump", "transformer", "tree"):
        (copied / "classroom" / "explorers" / folder / "bundle.js").write_text("// new")
    for poster in (copied / "classroom" / "explorers" / "posters").iterdir():
        poster.write_bytes(b"new")
    assert keys(copied) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "users"),
    [
        ("lib/nets/autoencoder.py", "clamp(-20, 10)", "clamp(-20, 11)", r"load_autoencoder|lib\.trained\.loop import"),
        ("lib/trained/images.py", 'said["beta"]', 'said["gamma"]', r"load_autoencoder|lib\.trained\.loop import"),
        ("classroom/explorers/k_budget.py", "POINTS = 300", "POINTS = 400", "import k_budget|k_budget import"),
        ("classroom/explorers/digits.py", "* 7.5)", "* 7)", "explorers import digits"),
        ("classroom/labs/moons.py", "def plot(", "def plot(_, ", "import moons"),
    ],
)
def test_a_change_executes_the_chapters_that_use_it(copied, before, file, old, new, users):
    expected = {names.short(chapter.stem) for chapter in CHAPTERS if re.search(users, "\n".join(sources(chapter)))}
    assert changed(copied, before, file, old, new) == expected
    assert len(expected) <= 4
