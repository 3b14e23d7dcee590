"""Every checker is tried on right answers, on the mistakes it names, and on answers that are no answers."""

import ast
import importlib
import re
from pathlib import Path

import nbformat
import pytest
import torch

from classroom.exercises import Exercise, Mistake
from classroom.exercises.repair import Repair
from tools.notebooks.definitions import without_magics
from tools.notebooks.names import short
from tools.notebooks.text import chapter_text

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "classroom" / "exercises").glob("ch*/*.py") if path.stem != "__init__")
EXERCISES = {
    (path.parent.name, path.stem): importlib.import_module(f"classroom.exercises.{path.parent.name}.{path.stem}").check
    for path in FILES
}
KEYS = sorted(EXERCISES)
CHAPTERS = {path.stem: chapter_text(path) for path in (ROOT / "book" / "chapters").glob("*.md")}
LEAST = 5  # exercises of a chapter


def answers(key):
    """What tests/exercises/chNN.py holds for an exercise."""
    return importlib.import_module(f"tests.exercises.{key[0]}").ANSWERS[key[1]]


def words(key) -> str:
    return "/".join(key)


# --- each checker ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=words)
def test_right_answers_are_accepted(key):
    right = answers(key).right
    assert len(right) >= 2
    assert [EXERCISES[key].judge(answer).text for answer in right if not EXERCISES[key].judge(answer).right] == []
    if callable(right[0]):
        codes = {(code.co_code, code.co_names, code.co_consts) for code in (answer.__code__ for answer in right)}
        assert len(codes) == len(right)  # written differently


@pytest.mark.parametrize("key", KEYS, ids=words)
def test_every_classic_mistake_gets_its_own_name(key):
    check, wrong = EXERCISES[key], answers(key).wrong
    assert len(wrong) >= 3
    assert set(check.mistakes) == set(wrong)
    assert {name: check.judge(answer).mistake for name, answer in wrong.items()} == {name: name for name in wrong}
    own = [mistake.like for mistake in check.mistakes.values() if callable(mistake.like)]
    assert not any(answer is like for answer in wrong.values() for like in own)  # a reader does not know our words


@pytest.mark.parametrize("key", KEYS, ids=words)
def test_a_mistake_is_explained_and_leads_to_a_heading(key):
    for mistake in EXERCISES[key].mistakes.values():
        chapter, _, heading = mistake.see.partition(": ")
        assert re.search(rf"^#+ {re.escape(heading)}$", CHAPTERS[chapter], re.MULTILINE), mistake.see
        assert len(mistake.says) >= 40
        assert mistake.says.endswith((".", "!", "?"))


@pytest.mark.parametrize("key", KEYS, ids=words)
def test_no_answer_is_no_reason_to_stop(key):
    check = EXERCISES[key]

    def stops(*arguments):
        return 1 / 0

    def says_so(*arguments):
        raise NotImplementedError

    for attempt in (None, ...) + ((lambda *arguments: None, says_so) if callable(check.answer) else ()):
        verdict = check.judge(attempt)
        assert (verdict.right, verdict.mistake) == (False, None)
        assert verdict.text.startswith("Not written yet") or "NoneType" in verdict.text
    for attempt in (
        stops,
        "a word",
        torch.full((3,), torch.nan),
        lambda *arguments: "a word",
        lambda *arguments: torch.zeros(3, 1, 7),
    ):
        verdict = check.judge(attempt)
        assert (verdict.right, verdict.mistake) == (False, None)
        assert "Traceback" not in verdict.text
    assert all(len(line) <= 100 for line in check.judge(stops).text.split("\n"))


REPAIRS = [key for key in KEYS if isinstance(EXERCISES[key], Repair)]


@pytest.mark.parametrize("key", REPAIRS, ids=words)
def test_a_bug_is_called_broken_and_its_cause_is_not_told(key):
    check = EXERCISES[key]
    verdict = check.judge(check.broken)
    assert (verdict.right, verdict.mistake, verdict.leaves) == (False, None, None)
    assert verdict.text.startswith("Still broken")
    # Neither what is expected nor a hint: both may tell the repair, and this text stands on the page.
    assert not re.search("expected|yours|mistake|Read again", verdict.text) and len(verdict.text.split("\n")) <= 3
    for answer in [*answers(key).right, *answers(key).wrong.values()]:
        assert not check.unchanged(answer)
        assert not check.judge(answer).text.startswith("Still broken")


def bound(source: str) -> set[str]:
    """The names that code binds."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


# --- each chapter ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", sorted(CHAPTERS))
def test_a_chapter_has_its_exercises(chapter):
    """All but the first, which has lines to change and no answers to check.

    Each stub says "Not written yet", or "Still broken" where it is a bug, and each worked solution is right.
    """
    names = [name for part, name in KEYS if part == f"ch{short(chapter)}"]
    assert len(names) >= (0 if chapter.startswith("00") else LEAST)
    code = [c for c in nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", 4).cells if c.cell_type == "code"]
    for name in names:
        cells = [cell for cell in code if f"{name}.check(" in cell.source]
        assert len(cells) == 2, f"{name}: one stub and one worked solution"
        stub, worked = ("".join(output.get("text", "") for output in cell.outputs) for cell in cells)
        at_first = "Still broken" if isinstance(EXERCISES[f"ch{short(chapter)}", name], Repair) else "Not written yet"
        assert stub.startswith(at_first) and worked.startswith("Right"), name
    # `from classroom.exercises.ch01 import floor` would take the place of the chapter's own `floor`.
    others = [without_magics(cell.source) for cell in code if "classroom.exercises" not in cell.source]
    assert not {name for source in others for name in bound(source)} & set(names)


# --- the checker itself ----------------------------------------------------------------------------------------------

SEE = "02_noise_schedules: Recap"
SAYS = "The sign is turned round, so that the walk goes to the noise."
MINUS = Mistake(lambda x: -2 * x, SAYS)
DOUBLE = Exercise(
    lambda x: 2 * x,
    lambda g: [(torch.arange(4.0),), (torch.randn(3, generator=g),)],
    see=SEE,
    mistakes={"the wrong sign": MINUS},
)


def says(attempt) -> str:
    return DOUBLE.judge(attempt).text


def test_yours_is_shown_beside_the_expected():
    text = says(lambda x: x + 1)
    assert "x = a tensor of shape (4,)" in text
    assert re.search(r"\[0\] +1 +0\n +\[1\] +2 +2", text)


def test_a_mistake_is_named_with_what_to_read():
    text = says(lambda x: x - 3 * x)
    assert "the wrong sign" in text
    assert "“Recap” in 02_noise_schedules.ipynb" in text


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda x: 6 * x, "times 3"),
        (lambda x: 2 * x + 5, "plus 5"),
        (lambda x: 2 * x - 5, "minus 5"),
        (lambda x: (2 * x).flip(0), "reverse order"),
        (lambda x: 2 * x / 0, "finite"),
        (lambda x: x[:2], "shape (2,), where (4,)"),
        (lambda x: (x, x), "2 things"),
        (lambda x: x @ torch.zeros(7), "line 1 of <lambda> with RuntimeError"),
        (lambda x: x[:, None].expand(-1, 2) * x, "A factor (B,) meets (B, D) as (B, 1)."),
        (3.0, "wants a function, not float"),
    ],
)
def test_what_is_no_classic_mistake_gets_a_hint(attempt, hint):
    verdict = DOUBLE.judge(attempt)
    assert (verdict.right, verdict.mistake) == (False, None)
    assert hint in verdict.text.replace("\n", " ")


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_what_is_not_finite_is_shown(bad):
    check = Exercise(lambda x: 2 * x, lambda g: [(torch.arange(40.0),)], see="", mistakes={})
    verdict = check.judge(lambda x: torch.where(x > 30, bad, 2 * x))
    assert f"{bad:>14}" in verdict.text
    assert "finite" in verdict.text


def test_an_answer_that_changes_its_inputs_spoils_nothing():
    assert DOUBLE.judge(lambda x: x.mul_(2)).right
    assert not DOUBLE.judge(lambda x: x.mul_(3)).right


def test_an_answer_that_draws_noise_of_its_own_is_recognised():
    fresh = Mistake(lambda x: x + torch.randn_like(x), SAYS)
    check = Exercise(lambda x: 2 * x, lambda g: [(torch.arange(4.0),)] * 2, see=SEE, mistakes={"fresh noise": fresh})
    before = torch.get_rng_state()
    assert check.judge(lambda x: torch.randn(4) + x).mistake == "fresh noise"
    assert check.judge(lambda x: torch.rand(4) + x).mistake is None
    assert torch.equal(torch.get_rng_state(), before)  # the reader's own random numbers go on as they were


def test_an_answer_near_the_right_one_is_wrong():
    assert DOUBLE.judge(lambda x: 2 * x * (1 + 1e-6)).right
    assert not DOUBLE.judge(lambda x: 2 * x * (1 + 1e-3)).right


def test_one_mistake_among_several_inputs_is_not_that_mistake():
    assert DOUBLE.judge(lambda x: -2 * x if len(x) == 4 else x).mistake is None


def test_a_number_is_compared_with_its_tolerance():
    check = Exercise(0.5, see=SEE, mistakes={"the square": Mistake(0.25, SAYS)}, rtol=0.01)
    assert check.judge(0.502).right
    assert not check.judge(0.51).right
    assert check.judge(torch.tensor(0.25)).mistake == "the square"
    assert "doubled" in check.judge(1.0).text
    assert "the other sign" in check.judge(-0.5).text
    assert check.judge(0.7).text.count("Yours") == 0
    assert "times 12." in check.judge(6.0).text
    assert "divided by 12." in check.judge(1 / 24).text
    assert check.judge(0.0).text.count("Yours") == 0
    assert check.judge(lambda: 0.5).text == "The checker wants a number, not function."


def test_run_decides_what_is_compared():
    check = Exercise(sum, lambda g: [(2,)], see="", mistakes={}, run=lambda f, n: f([1] * n))
    assert check.judge(len).right
    assert check.judge(max).text.startswith("Not yet. For n = 2:")


def test_a_mistake_may_be_one_of_shape():
    short = Mistake(lambda n: torch.arange(n), SAYS)
    check = Exercise(lambda n: torch.arange(n + 1), lambda g: [(4,), (7,)], see=SEE, mistakes={"a point short": short})
    verdict = check.judge(lambda n: list(range(n)))
    assert verdict.mistake == "a point short"
    assert "shape (4,), where (5,)" in verdict.text
    assert check.judge(lambda n: list(range(n - 1))).mistake is None


def test_an_answer_that_hands_nothing_to_run_is_not_written_yet():
    check = Exercise(lambda x: 2 * x, lambda g: [(1.0,)], see="", mistakes={}, run=lambda f, x: f(x) + 1)
    assert check.judge(lambda x: None).text.startswith("Not written yet")
    assert check.judge(lambda x: ...).text.startswith("Not written yet")
    counted = Exercise(lambda x: 2 * x, lambda g: [(1.0,)], see="", mistakes={}, run=lambda f, x: (f(x), {"calls": 1}))
    assert counted.judge(lambda x: None).text.startswith("Not written yet")
    assert "TypeError" in check.judge(lambda x: "word").text
    assert "ZeroDivisionError" in check.judge(lambda x: 1 / 0).text


def test_dicts_words_and_tuples_are_compared_piece_by_piece():
    check = Exercise(lambda: {"a": (1.0, "up")}, see="", mistakes={})
    assert check.judge(lambda: {"a": (torch.tensor(1.0), "up")}).right
    assert "up" in check.judge(lambda: {"a": [1.0, "down"]}).text
    assert "keys a" in check.judge(lambda: {"b": 1}).text
    assert "2 things" in check.judge(lambda: {"a": 1}).text
    assert "word" in check.judge(lambda: {"a": (1.0, 2)}).text


def test_the_wrong_one_of_two_parts_is_pointed_out():
    check = Exercise(lambda x: (x, x**2), lambda g: [(torch.arange(4.0),)], see="", mistakes={})
    assert "part 2 of 2:" in check.judge(lambda x: (x, x**3)).text
    assert "part 1 of 2:" in check.judge(lambda x: (2 * x, x**2)).text
    assert "Yours are the expected parts, exchanged." in check.judge(lambda x: (x**2, x)).text
    assert "exchanged" not in check.judge(lambda x: (x**2, 2 * x)).text


def test_a_wrong_curve_is_drawn(capsys):
    from matplotlib import pyplot

    check = Exercise(lambda n: torch.linspace(0, 1, n), lambda g: [(30,)], see="", mistakes={})
    check(lambda n: torch.linspace(0, 1, n) ** 2)
    assert "n = 30" in capsys.readouterr().out
    (axes,) = pyplot.gcf().axes
    assert [line.get_label() for line in axes.lines] == ["expected", "yours"]
    pyplot.close("all")
    check(lambda n: torch.linspace(0, 1, n))
    assert pyplot.get_fignums() == []
