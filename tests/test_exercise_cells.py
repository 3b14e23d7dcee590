"""What `{exercise} name` stands for: the parts of one file, as text and two cells of a chapter."""

import re

import pytest

from tools.notebooks import build
from tools.notebooks.text import chapter_text

EXERCISE = '''r"""half of it

Write $x / 2$
of a number.

It is short.

Hint: Divide
by two.
"""

from classroom.exercises import Exercise


# --- stub
def half(x):
    return ...


# --- solution
# Not a third.
def solution(x):
    return x / 2


# --- checker
check = Exercise(solution, lambda g: [(3.0,)], see="01_one: One", mistakes={})
'''
CHAPTER = """# One

```{exercise} halving
```

Between.

```{exercise} halving
print(solution(2))
```
"""


@pytest.fixture
def chapter(tmp_path):
    """A book of one chapter."""
    for name, text in {"book/chapters/01_one.md": CHAPTER, "classroom/exercises/ch01/halving.py": EXERCISE}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path / "book" / "chapters" / "01_one.md"


def test_an_exercise_is_put_in_full(chapter):
    cells = build.read_chapter(chapter_text(chapter)).cells
    text, stub, worked, between, again, more = cells[1:7] if cells[0].source == "# One" else cells
    assert "### Exercise 1.1: half of it\n\nWrite $x / 2$\nof a number.\n\nIt is short." in text.source
    assert "<details><summary>Hint</summary>\n\nDivide\nby two.\n\n</details>" in text.source
    start = "from classroom.exercises.ch01 import halving\n\n\n"
    assert stub.source == f"{start}def half(x):\n    return ...\n\n\nhalving.check(half)"
    solved = "# @title Worked solution\n# Not a third.\ndef solution(x):\n    return x / 2\n\n\nhalving.check(solution)"
    assert worked.source == solved
    assert worked.metadata.tags == ["hide-cell"] and worked.metadata.jupyter.source_hidden
    assert between.source.startswith("Between.") and "### Exercise 1.2: half of it" in between.source
    assert again.source == stub.source
    assert more.source == f"{solved}\nprint(solution(2))"


def test_a_number_is_asked_for_in_one_line(chapter):
    path = chapter.parents[2] / "classroom" / "exercises" / "ch01" / "halving.py"
    path.write_text(re.sub(r"def half.*?\.\.\.", "answer = ...", EXERCISE, flags=re.DOTALL))
    assert "import halving\n\nanswer = ...\nhalving.check(answer)\n```" in chapter_text(chapter)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# --- stub\n", "", r"halving.py has the parts \['solution', 'checker'\], not stub, solution and checker"),
        ("Hint: ", "A hint: ", "a title, a task, and a last part `Hint"),
        ("half of it\n", "half of it,\nno more\n", "a title, a task"),
        ("def half(x):\n    return ...", "print()", "halving.py: the stub ends in no function and no assignment"),
    ],
)
def test_a_file_that_is_no_exercise_is_named(chapter, old, new, said):
    path = chapter.parents[2] / "classroom" / "exercises" / "ch01" / "halving.py"
    path.write_text(EXERCISE.replace(old, new, 1))
    with pytest.raises(ValueError, match=said):
        chapter_text(chapter)


def test_an_exercise_that_is_not_there_is_named(chapter):
    chapter.write_text(CHAPTER.replace("halving", "doubling"))
    with pytest.raises(ValueError, match=r"01_one: there is no exercise classroom/exercises/ch01/doubling\.py"):
        chapter_text(chapter)


def test_a_chapter_without_exercises_stays_as_it_is(chapter):
    chapter.write_text("# One\n\n```{code-cell} ipython3\nprint(1)\n```\n")
    assert chapter_text(chapter) == chapter.read_text()
