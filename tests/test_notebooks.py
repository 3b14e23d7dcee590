"""The committed notebooks: up to date, tidy, and compared by nbval; and the tool that makes them."""

import base64
import copy
import io
import json
import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tools.checks import check, pictures
from tools.checks.portable import IGNORED
from tools.notebooks import build, format

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REASON = re.compile(r"^# not compared: .{10,}$", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|work|mnt|Users)/")


def weak_alt(alt: str | None) -> bool:
    """Whether an alternative text says nothing: missing, shorter than 20 characters, or the name of a file."""
    return not alt or len(alt) < 20 or " " not in alt.strip() or bool(re.search(r"\.(png|svg|jpe?g|gif)$", alt))


def flaws(nb: dict) -> list[str]:
    """What is wrong with an executed notebook."""
    found = []
    ids = [cell.get("id") for cell in nb["cells"]]
    if len(set(ids)) < len(ids):
        return ["cell ids are not unique"]
    try:
        nbformat.validate(copy.deepcopy(nb))
    except nbformat.ValidationError as error:
        found.append(f"invalid: {error.message}")
    if "widgets" in nb["metadata"]:
        found.append("metadata.widgets: a widget's state belongs to one kernel")
    code = [cell for cell in nb["cells"] if cell["cell_type"] == "code" and cell["source"].strip()]
    if [cell["execution_count"] for cell in code] != list(range(1, len(code) + 1)):
        found.append("execution counts are not 1, 2, 3, ...: nbval compares nothing without them")
    with_output = [cell for cell in code if cell["outputs"]]
    compared = [cell for cell in with_output if not IGNORED & set(cell["metadata"].get("tags", []))]
    if len(compared) < 0.8 * len(with_output):
        found.append(f"only {len(compared)} of {len(with_output)} outputs are compared")
    for index, cell in enumerate(nb["cells"]):
        if IGNORED & set(cell["metadata"].get("tags", [])) and not REASON.search(cell["source"]):
            found.append(f"cell {index}: ignored by nbval without a line `# not compared: <reason>`")
        if MACHINE_PATH.search(cell["source"]):
            found.append(f"cell {index}: a machine's path")
        if cell["cell_type"] == "code" and cell["source"].rstrip().endswith(";"):
            found.append(f"cell {index}: nbval does not know that a final semicolon hides the value")
        for output in cell.get("outputs", []):
            found += [f"cell {index}: {flaw}" for flaw in output_flaws(output, cell["metadata"])]
    return found


def output_flaws(output: dict, metadata: dict) -> list[str]:
    """What is wrong with one output of a cell."""
    found, data = [], output.get("data", {})
    if output["output_type"] == "error" or output.get("name") == "stderr":
        found.append(f"an error or a warning: {output.get('evalue', output.get('text'))}")
    texts = [output.get("text", ""), *(text for mime, text in data.items() if not mime.startswith("image/"))]
    if any(MACHINE_PATH.search(text if isinstance(text, str) else json.dumps(text)) for text in texts):
        found.append("a machine's path in the output")
    if any(" at 0x" in text for text in texts if isinstance(text, str)):
        found.append("an address in memory, new in every run")
    alts = [metadata.get("mystnb", {}).get("image", {}).get("alt")] if any("image/" in mime for mime in data) else []
    alts += [image.get("alt") for image in BeautifulSoup(data.get("text/html", ""), "html.parser").find_all("img")]
    return found + [f"an image without a real alternative text: {alt!r}" for alt in alts if weak_alt(alt)]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_notebook_is_fresh(chapter):
    """Text, code and explorers are today's. That the outputs are those of this code, nbval says."""
    assert build.outdated(chapter, ROOT / "notebooks" / f"{chapter.stem}.ipynb") is None, "run `make notebooks`"


def foreign_start(nb: dict) -> bool:
    """Whether a notebook's first code cell is another than all notebooks have, or printed something."""
    first = next(cell for cell in nb["cells"] if cell["cell_type"] == "code")
    expected = build.first_cell()
    return any(first[key] != expected[key] for key in ("source", "metadata", "outputs"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_starts_with_the_first_cell(notebook):
    assert not foreign_start(nbformat.read(notebook, 4)), "run `make notebooks`"


def test_every_notebook_has_a_chapter():
    assert {path.stem for path in NOTEBOOKS} == {path.stem for path in CHAPTERS}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_tidy(notebook):
    found = flaws(nbformat.read(notebook, 4))
    if notebook.stem.startswith("00"):  # it trains two nets and shows their samples, and nothing else
        found = [flaw for flaw in found if "outputs are compared" not in flaw]
    assert found == []


# --- the tool, on a small chapter ------------------------------------------------------------------------------------

CHAPTER = """# A small chapter

A sentence with <!--claim:two-->2<!--/claim-->.

```{code-cell} ipython3
from small import two
from classroom.claims import claim

claim("two", two())
```

```{code-cell} ipython3
---
mystnb:
  image:
    alt: A straight line from the lower left to the upper right.
---
import matplotlib.pyplot as plt

plt.plot([0, 1])
plt.show()
```
"""


# The kernel imports this, and not the book's lib, which would first load torch.
CLAIMS = "def claim(name, value):\n    print('claim', name, '=', value)\n"
CONFIG = 'repository:\n  url: ""\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with one chapter, executed once; kernels find its lib first."""
    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(root), str(ROOT)]))
        yield executed(root)


def executed(root: Path) -> Path:
    for wing in ("lib", "classroom"):
        (root / wing).mkdir()
    (root / "notebooks").mkdir()
    (root / "classroom" / "claims.py").write_text(CLAIMS)
    for module in ("__init__", "prediction"):  # by which the first cell knows it
        (root / "lib" / f"{module}.py").write_text("")
    (root / "lib" / "other.py").write_text("")
    (root / "notebooks" / "small.py").write_text("def two():\n    return 2\n")
    (root / "chapter.md").write_text(CHAPTER)
    (root / "_config.yml").write_text(CONFIG)
    assert build.make(root / "chapter.md", root / "notebooks" / "chapter.ipynb", root).endswith(" s")
    return root


def remake(project: Path) -> str:
    return build.make(project / "chapter.md", project / "notebooks" / "chapter.ipynb", project)


def read(project: Path) -> dict:
    """The notebook as nbformat joins it, so that a source is one string."""
    return nbformat.read(project / "notebooks" / "chapter.ipynb", 4)


def test_the_tool_makes_a_tidy_notebook(project):
    nb = read(project)
    assert flaws(nb) == []
    assert not foreign_start(nb)
    assert nb.cells[2].outputs[0].text == "claim two = 2\n"
    assert "<!--" not in nb.cells[0].source
    assert set(nb.metadata) == {"kernelspec", "language_info"}


def test_what_is_fresh_is_left_alone(project):
    assert remake(project) == "fresh"


def test_new_text_keeps_the_outputs(project):
    outputs = [cell.get("outputs") for cell in read(project).cells]
    (project / "chapter.md").write_text(CHAPTER.replace("A sentence", "Another sentence"))
    assert remake(project) == "text"
    assert [cell.get("outputs") for cell in read(project).cells] == outputs
    assert "Another sentence" in read(project).cells[0].source
    (project / "chapter.md").write_text(CHAPTER)
    assert remake(project) == "text"


def test_the_same_chapter_gives_the_same_bytes(project):
    target = project / "notebooks" / "chapter.ipynb"
    before = target.read_bytes()
    target.unlink()
    assert remake(project).endswith(" s")
    assert target.read_bytes() == before


def test_code_and_what_it_reaches_decide_the_key_and_nothing_else(project):
    before = build.key(project / "chapter.md", project)
    for name, text, same in [
        ("lib/other.py", "x = 1", True),
        ("classroom/claims.py", (project / "classroom" / "claims.py").read_text() + "# more", True),
        ("classroom/claims.py", "def claim(name, value):\n    print('claim', name, value)\n", False),
        ("notebooks/small.py", "def two():\n    return 3\n", False),
        ("chapter.md", CHAPTER.replace("A sentence", "Another sentence"), True),
        ("chapter.md", CHAPTER.replace("[0, 1]", "[0, 2]"), False),
    ]:
        old = (project / name).read_text()
        (project / name).write_text(text)
        assert (build.key(project / "chapter.md", project) == before) == same, (name, text)
        (project / name).write_text(old)
    assert build.key(project / "chapter.md", project) == before


def test_a_failing_cell_is_named(project, tmp_path):
    (tmp_path / "broken.md").write_text("# Title\n\n```{code-cell} ipython3\n1 / 0\n```\n")
    with pytest.raises(build.Failed, match=r"broken: cell 2 failed(?s:.*)ZeroDivisionError"):
        build.make(tmp_path / "broken.md", tmp_path / "broken.ipynb", project)
    assert not (tmp_path / "broken.ipynb").exists()


def test_formatting_a_chapter_touches_code_only():
    source = CHAPTER.replace("[0, 1]", "[0,1]").replace('claim("two", two())', "claim('two',two( ))")
    assert format.formatted(source) == CHAPTER.replace("from small import two\n", "").replace(
        "from classroom.claims import claim\n", "from small import two\n\nfrom classroom.claims import claim\n"
    )


# --- planted flaws ---------------------------------------------------------------------------------------------------


def plant(cell: int, **changes):
    """An edit of a notebook: set these fields of one cell."""
    return lambda nb: nb["cells"][cell].update(changes)


POSTER = {"output_type": "display_data", "data": {"text/html": "<img alt='short' src='data:,'>"}, "metadata": {}}
STDERR = {"output_type": "stream", "name": "stderr", "text": "careful"}
ADDRESS = {"output_type": "stream", "name": "stdout", "text": "<Line2D at 0x7ff0e8d16210>"}
PATH_OUT = {"output_type": "stream", "name": "stdout", "text": "in /" + "home/me/x.py"}


@pytest.mark.parametrize(
    ("edit", "flaw"),
    [
        (lambda nb: nb["metadata"].update(widgets={}), "metadata.widgets"),
        (plant(2, outputs=[{"output_type": "stream", "name": "stdout"}]), "invalid"),
        (lambda nb: [cell.update(id="twice") for cell in nb["cells"]], "not unique"),
        (plant(2, execution_count=None), "execution counts"),
        (plant(2, metadata={"tags": ["nbval-ignore-output"]}), "of 2 outputs are compared"),
        (plant(2, metadata={"tags": ["nbval-skip"]}), "without a line"),
        (plant(0, source="see /" + "root/x"), "a machine's path"),
        (plant(2, outputs=[PATH_OUT]), "path in the output"),
        (plant(2, outputs=[STDERR]), "careful"),
        (plant(2, outputs=[ADDRESS]), "an address"),
        (plant(2, source="two();"), "semicolon"),
        (plant(3, metadata={}), "alternative text: None"),
        (plant(3, metadata={"mystnb": {"image": {"alt": "A plot."}}}), "alternative text: 'A plot.'"),
        (plant(3, metadata={"mystnb": {"image": {"alt": "026a6b4544029af8b2bd7d18a0a784db.png"}}}), "026a6b"),
        (plant(2, outputs=[POSTER]), "alternative text: 'short'"),
    ],
)
def test_flaws_are_found(project, edit, flaw):
    nb = copy.deepcopy(read(project))
    edit(nb)
    assert any(flaw in text for text in flaws(nb)), flaws(nb)


@pytest.mark.parametrize(
    "edit",
    [
        plant(1, source="# @title Something else"),
        plant(1, metadata={}),
        plant(1, outputs=[PATH_OUT]),
        lambda nb: nb["cells"].pop(1),
        lambda nb: nb["cells"].insert(1, nb["cells"].pop(2)),
    ],
)
def test_another_first_cell_is_found(project, edit):
    nb = copy.deepcopy(read(project))
    edit(nb)
    assert foreign_start(nb)


# --- nbval -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nbval(project) -> str:
    """What `make test` says of the cells of two notebooks, the second with another number and another figure."""
    good, planted = project / "notebooks" / "chapter.ipynb", project / "notebooks" / "planted.ipynb"
    nb = read(project)
    assert nb.cells[2].outputs[0].text == "claim two = 2\n"
    nb.cells[2].outputs[0].text = "claim two = 3\n"
    (figure,) = nb.cells[3].outputs
    # The line falls in this picture, and rises when it is drawn again.
    image = Image.open(io.BytesIO(base64.b64decode(figure.data["image/png"])))
    turned = io.BytesIO()
    image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(turned, "png")
    figure.data["image/png"] = base64.b64encode(turned.getvalue()).decode()
    nbformat.write(nb, planted)
    settings = ["-c", ROOT / "pyproject.toml", "--rootdir", good.parent, "-rA"]
    command = [*check.PYTEST, *check.NBVAL, *settings, good, planted]
    done = subprocess.run(command, capture_output=True, text=True, cwd=good.parent)
    planted.unlink()
    assert done.returncode == 1, done.stdout
    return done.stdout


def cells_that(outcome: str, said: str) -> list[str]:
    """The cells with this outcome in what pytest said."""
    return re.findall(rf"^{outcome} (\S+::Cell \d)", said, re.MULTILINE)


def test_nbval_accepts_what_was_executed(nbval):
    passed = [f"chapter.ipynb::Cell {number}" for number in range(3)]
    assert cells_that("PASSED", nbval) == [*passed, "planted.ipynb::Cell 0"]


def test_nbval_rejects_a_wrong_number(nbval):
    assert "planted.ipynb::Cell 1" in cells_that("FAILED", nbval)
    assert "claim two = 3" in nbval and "claim two = 2" in nbval


def test_nbval_rejects_another_figure(nbval):
    assert "planted.ipynb::Cell 2" in cells_that("FAILED", nbval)
    assert "of what is painted differs" in nbval


def test_small_differences_of_a_figure_are_borne():
    blank = Image.new("RGBA", (100, 100))
    line, paler, moved = (blank.copy() for _ in range(3))
    line.paste((200, 0, 0, 255), (0, 40, 100, 60))
    paler.paste((180, 0, 0, 255), (0, 40, 100, 60))
    moved.paste((200, 0, 0, 255), (0, 42, 100, 62))
    assert pictures.differing(line, paler) == 0
    assert pictures.differing(line, moved) == pytest.approx(4 / 22)
    assert pictures.differing(line, blank) == 1 == pictures.differing(line, line.crop((0, 0, 50, 50)))
