"""What the self-test's script says: every mistake that a question promises to know, every way to write one thing."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest

from tools.site import explorers, questions, self_test

ROOT = Path(__file__).parents[1]
ALL = {question["id"]: question for several in questions.chapters().values() for question in several}


def judged(pairs: list[tuple[dict, object]]) -> list[dict]:
    """What the script says to answers: verdicts, or {"error": ...} for text that is no formula."""
    command = [explorers.NODE, ROOT / "tests" / "self_test" / "judge.mjs"]
    done = subprocess.run(command, input=json.dumps(pairs), capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_every_answer_is_judged_as_its_question_says():
    pairs, expected = [], []
    for question in ALL.values():
        data = questions.for_script(question)
        if question["kind"] == "choice":
            cases = [(i, i in data["right"], [i]) for i in range(data["count"])]
        elif question["kind"] == "several":
            cases = [(data["right"], True, ["right"])]
            cases += [([i], False, [i]) for i in range(data["count"]) if i not in data["right"]]
        elif question["kind"] == "order":
            cases = [(list(range(data["count"])), True, ["right"])]
            cases += [(order, False, [i]) for i, order in enumerate(data["wrong"])]
        else:
            cases = [(str(data["answer"]), True, ["right"])]
            cases += [(str(wrong), False, [i]) for i, wrong in enumerate(data["wrong"])]
        for given, right, replies in cases:
            pairs.append((data, given))
            expected.append((question["id"], given, right, replies))
    verdicts = judged(pairs)
    found = [(id, given, it["right"], it["cases"]) for (id, given, _, _), it in zip(expected, verdicts, strict=True)]
    assert found == expected


V = questions.for_script(ALL["define-v"])
CONVERT = questions.for_script(ALL["eps-to-v"])
SHARE = questions.for_script(ALL["null-zero"])


@pytest.mark.parametrize(
    ("question", "given"),
    [
        (V, "alpha eps - sigma x"),
        (V, "α·ε − σ·x"),
        (V, "-(sigma x - eps alpha)"),
        (V, "αε-σx"),
        (CONVERT, "(eps - sigma*x_t)/alpha"),
        (CONVERT, "alpha*eps - sigma/alpha*(x_t - sigma*eps)"),
        (CONVERT, "(ε − √(1−α²) x_t) α^-1"),
        (CONVERT, "alpha**-1 * [eps - sigma x_t]"),
        (SHARE, "1/11"),
        (SHARE, "9.09%"),
        (SHARE, "0.05/(0.5 + 0.05)"),
        (SHARE, "9.1e-2"),
    ],
)
def test_a_right_answer_may_be_written_in_many_ways(question, given):
    assert judged([(question, given)])[0]["right"] is True


@pytest.mark.parametrize(
    ("given", "understood"),
    [("2x", "2 · x"), ("-x^2", "−x^2"), ("1/2x", "(1 / 2) · x"), ("x/(2eps)", "x / (2 · eps)"), ("x-(eps-x)", "x − (eps − x)"),
     ("2^-x^2", "2^(−x^2)"), ("alpha(1-sigma)", "alpha · (1 − sigma)"), ("(-x)^2", "(−x)^2"), ("α ε", "alpha · eps")],
)  # fmt: skip
def test_a_formula_is_read_back(given, understood):
    assert judged([(V, given)])[0]["said"][0] == f"Read as {understood}."


@pytest.mark.parametrize(
    ("given", "message"),
    [("", "Nothing is written"), ("alpha*", "missing after “*”"), ("(alpha", "not closed"), ("alpha)", "bracket too many"),
     ("alpha*/x", "missing between “*” and “/”"), ("*x", "cannot begin"), ("v = alpha", "without “=”"), ("0,5x", "with a point"),
     ("sqrt x", "Write sqrt(…)"), ("alphaeps", "The names here are alpha, sigma, x, eps"), ("x_0", "I do not know “x_0”"),
     ("constructor", "I do not know"), ("alpha $ x", "cannot read “$”")],
)  # fmt: skip
def test_what_is_no_formula_is_explained(given, message):
    assert message in judged([(V, given)])[0]["error"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("x*eps", "yours is"), ("2*(alpha*eps - sigma*x)", "yours is 2 times the answer"),
     ("log(-alpha)", "has no value at alpha ="),
     ("1/(alpha-alpha)", "has no value"), ("0", "yours is 0")],
)  # fmt: skip
def test_another_wrong_formula_gets_help(given, said):
    (verdict,) = judged([(V, given)])
    assert verdict["right"] is False and verdict["cases"] == ["else"] and said in " ".join(verdict["said"])


def test_half_of_the_boxes_is_no_answer():
    question = questions.for_script(ALL["why-cheaper"])
    few, mixed = judged([(question, [0]), (question, [0, 3])])
    missing = "All you ticked is right, and something is missing."
    assert few["cases"] == [] and few["said"] == ["2 of 4 boxes are as they should be.", missing]
    assert mixed["cases"] == [3] and mixed["said"] == ["1 of 4 boxes are as they should be."]


def test_an_order_says_how_far_it_is_right():
    question = questions.for_script(ALL["ends-order"])
    (verdict,) = judged([(question, [0, 1, 4, 3, 2])])
    assert verdict["cases"] == ["else"] and verdict["said"] == ["From the top, 2 of 5 are in place."]


def test_the_committed_script_is_a_fresh_one():
    fresh = explorers.bundle(explorers.SELF_TEST / "main.js", "tools/site/self_test_js")
    assert fresh == self_test.BUNDLE.read_text(), "run `make explorers`"
    assert len(gzip.compress(fresh.encode())) < 8_000
