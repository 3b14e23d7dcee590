"""The form of a chapter: what a first reader sees of its code."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from docutils.core import publish_doctree, publish_from_doctree

from tools.notebooks import folds, format, names, spine
from tools.notebooks.build import compose, read_chapter
from tools.notebooks.text import chapter_text
from tools.site import questions, second_reading

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))
LINES, COLUMNS = 20, 80
DRAWS = {"plt", "fig"}


def seen(nb: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The code cells that nothing folds."""
    folded = {"hide-cell", "remove-cell", "hide-input", "remove-input"}
    return [cell for cell in nb.cells if cell.cell_type == "code" and not folded & {*cell.metadata.get("tags", [])}]


def faults(nb: nbformat.NotebookNode) -> list[str]:
    """What stands in sight and should not, or stands there at too great length."""
    found = []
    for cell in seen(nb):
        lines = cell.source.splitlines()
        tree = ast.parse(cell.source)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        at = f"{lines[0][:50]!r}"
        if len(lines) > LINES:
            found.append(f"{at}: {len(lines)} lines")
        found += [f"{at}: {len(line)} columns" for line in lines if len(line) > COLUMNS]
        if "claim" in used:
            found.append(f"{at}: records a number")
        if DRAWS & used:
            found.append(f"{at}: draws")
        if all(isinstance(node, ast.Assert) for node in tree.body):
            found.append(f"{at}: nothing but asserts")
        if all(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body):
            found.append(f"{at}: nothing but imports")
    return found


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_what_is_seen_carries_an_idea(chapter):
    nb = read_chapter(chapter_text(chapter))
    for cell in nb.cells:
        folds.fold(cell)
    assert faults(nb) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("x = 1\n" * 21, "21 lines"),
        (f"x = '{'a' * 80}'", "86 columns"),
        ("x = 1\nclaim('x', x)", "records a number"),
        ("plt.plot(x)", "draws"),
        ("assert x\nassert y", "nothing but asserts"),
        ("import math\nfrom lib import euler", "nothing but imports"),
    ],
)
def test_each_fault_is_found(source, fault):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip())])
    (found,) = faults(nb)
    assert fault in found
    nb.cells[0].metadata["tags"] = ["machinery"]
    folds.fold(nb.cells[0])
    assert faults(nb) == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_code_of_a_chapter_is_formatted(chapter):
    assert format.formatted(chapter.read_text()) == chapter.read_text(), "run `make format`"


# ---- the spine -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_spine_of_a_chapter_is_read_in_a_sitting(chapter):
    assert not spine.long(chapter_text(chapter), chapter.stem)


def test_each_exhibit_is_read_in_a_sitting_and_the_museum_is_not():
    exhibit = f"## One\n\n{'word ' * 200}\n\n### {names.GUESSED}one\n\n{'word ' * 200}\n\n"
    assert not spine.long(20 * exhibit, names.MUSEUM) and spine.long(20 * exhibit, "07_solvers")
    assert spine.long(exhibit + exhibit.replace("## One", "## One" + " word" * 60, 1), names.MUSEUM)


@pytest.mark.parametrize("prefix", names.FOLDED)
def test_a_closed_section_is_no_first_reading(prefix):
    assert spine.words(f"# One\n\nTwo.\n\n### {prefix}three\n\nNot this.\n\n#### Nor this\n\n## Four") == 3


def test_words_are_those_of_the_first_reading():
    text = """# One

Two words and $a + b$ here.

```{code-cell} ipython3
not_these = "words"
```

<details class="second"><summary>Second reading: more</summary>

Not these either.

</details>

### Second reading: Nothing of this

Nor this.

#### Nor below it

```{code-cell} ipython3
# nor a comment
```

## Back

| a | b |
|---|---|

$$
x \\text{no word}
$$

## Practice

Nor these.
"""
    assert spine.words(text) == 8  # One Two words and here Back a b


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_second_reading_holds_no_heading(chapter):
    for fold in spine.SECOND.findall(chapter.read_text()):
        assert "\n#" not in fold, "a heading would end the fold"


# ---- folding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", folds.TITLES)
def test_a_folded_cell_is_folded_for_every_reader(why):
    cell = nbformat.v4.new_code_cell("x = 1", metadata={"tags": [why, "nbval-ignore-output"], "mystnb": {"figure": {}}})
    folds.fold(cell)
    assert cell.source == f"# @title {folds.TITLES[why]}\nx = 1"  # Colab
    assert cell.metadata.cellView == "form" and cell.metadata.jupyter["source_hidden"]  # and JupyterLab
    page = "remove-cell" if why == "claims" else "hide-input"
    assert cell.metadata.tags == ["nbval-ignore-output", page]
    assert "figure" in cell.metadata.mystnb


@pytest.mark.parametrize("prefix", names.FOLDED)
def test_a_closed_section_is_closed_from_its_heading_to_the_next_of_its_level(prefix):
    said = f"Before.\n\n### {prefix}More\n\nMore.\n\n#### Below\n\n```\n# no heading\n```"
    cells = [
        nbformat.v4.new_markdown_cell(said),
        nbformat.v4.new_code_cell("x = 1"),
        nbformat.v4.new_markdown_cell("Still.\n\n## After\n\n# Next"),
    ]
    before, opens, code, still, after = folds.fold_sections(cells)
    assert (before.source, still.source, after.source) == ("Before.", "Still.", "## After\n\n# Next")
    assert opens.source == said.removeprefix("Before.\n\n") and code is cells[1]
    assert [cell.metadata.get("jp-MarkdownHeadingCollapsed", False) for cell in (before, opens, still, after)] == [
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("prefix", names.FOLDED)
def test_the_page_folds_such_a_section_behind_its_heading(prefix):
    said = f"T\n=\n\n{prefix}More\n{'-' * 40}\n\nMore.\n\nBelow\n.....\n\nStill.\n\nAfter\n-----\n\nNext."
    doctree = publish_doctree(said, settings_overrides={"doctitle_xform": False})
    second_reading.fold(None, doctree, "page")
    page = publish_from_doctree(doctree, writer_name="html5").decode()
    (kept,) = re.findall(r'<details class="second"><summary>(.*?)</details>', page, re.DOTALL)
    heading, held = kept.split("</summary>")
    assert f"{prefix}More" in heading and "Still." in held and "Next." not in kept


def test_two_reasons_to_fold_are_one_too_many():
    with pytest.raises(ValueError, match="one reason"):
        folds.fold(nbformat.v4.new_code_cell("x", metadata={"tags": ["figure", "table"]}))


def test_what_has_no_such_tag_stays():
    cell = nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["remove-output"]})
    before = dict(cell.metadata)
    folds.fold(cell)
    assert cell.metadata == before and cell.source == "x = 1"


# ---- numbers ---------------------------------------------------------------------------------------------------------


def test_a_chapter_shows_its_number_and_the_museum_none():
    assert names.titled("# Solvers\n\n## Two\n", "07_solvers") == "# 7 · Solvers\n\n## Two\n"
    assert names.titled("# The bug museum\n", names.MUSEUM) == "# The bug museum\n"
    assert names.label("07_solvers") == "07" and names.label(names.MUSEUM) == "museum"
    assert names.titled("# Couplings\n", "06b_who") == "# 6b · Couplings\n" and names.label("06b_who") == "06b"
    assert names.numbered("07_solvers", 3) == "7.3" and names.numbered(names.MUSEUM, 3) == "Museum 3"
    assert names.numbered("06b_who", 3) == "6b.3"
    assert names.short("06b_who") == "06b" and names.short("07_solvers") == "07"
    museum = next(chapter for chapter in CHAPTERS if chapter.stem == names.MUSEUM)
    shown = re.findall(r"^#### Exercise <!--given-->(.*?)<!--/given-->:", chapter_text(museum), re.MULTILINE)
    assert shown == [f"Museum {i}" for i in range(1, len(shown) + 1)] and shown
    assert questions.number("16_bugs", 0) == "Museum 1" and questions.number("03_what_the_net_predicts", 0) == "3.1"
    for chapter in CHAPTERS:
        title = next(cell for cell in compose(chapter).cells if cell.cell_type == "markdown").source.splitlines()[0]
        own = names.number(chapter.stem)
        assert bool(re.match(r"# \d+[a-z]? · ", title)) == bool(own)
        assert title.startswith(f"# {own} · " if own else "# ")


def test_the_museum_is_there():
    assert names.MUSEUM in {chapter.stem for chapter in CHAPTERS}


# ---- language --------------------------------------------------------------------------------------------------------

# English that has to be read twice, and what to write for it.
BANNED = {
    r"\d(?:<!--/\w+-->)? a (?:coordinate|pixel|step|head|class|sample|doubling)\b": "per",
    r"\ba doubling\b": "each time ... doubles",
    r"\bthe way back\b": "the backward pass, or the inverse",
    r"\b(?:speak|say|speaks|says) no more of\b": "without a word",
    r"\bdo(?:es)? not thank\b": "do not improve",
    r"\bTurn it yourself\b": "Try it",
    r"\bfor luxury\b": "say how short",
    r"\banother life\b": "say what differs",
    r"\bother on other\b": "differ between",
    r"\bbelieved in\b": "estimated",
    r"\bHow often may\b.*\bask\b": "How many network evaluations",
    r"\bof the order of the\b": "about",
}
PAGES = [*CHAPTERS, *sorted((ROOT / "book").glob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_nothing_has_to_be_read_twice(path):
    text = path.read_text()
    found = [(match[0], better) for pattern, better in BANNED.items() for match in re.finditer(pattern, text)]
    assert found == []
