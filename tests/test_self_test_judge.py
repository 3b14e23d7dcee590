"""What the self-test's script says: every mistake that a question promises to know, every way to write one thing."""

import gzip
import json
import random
import re
import subprocess
from pathlib import Path

import pytest

from tools.site import explorers, formulas, questions, self_test

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


# --- spellings ----------------------------------------------------------------------------------------------------------

TYPED = [question for question in ALL.values() if question["kind"] in ("number", "formula")]
GREEK = {"abar_before": "ᾱₜ₋₁", "abar": "ᾱ", "alpha": "α", "sigma": "σ", "beta": "β", "eps": "ε", "pi": "π"}
OTHER = {
    "\\varepsilon": "\\epsilon",
    "\\bar\\alpha": "\\bar{\\alpha}",
    "\\frac": "\\dfrac",
    "x_t": "x_{t}",
    "^{2}": "^2",
    "\\,": " ",
}
OTHER |= {"\\left(": "(", "\\right)": ")"}


def exchanged(text: str, table: dict) -> str:
    for one, other in table.items():
        text = text.replace(one, other)
    return text


def in_unicode(formula: str) -> str:
    text = exchanged(formula, GREEK)
    return exchanged(text, {"sqrt": "√", "*": " · ", "-": "−", "^2": "²"})


def spellings(question: dict) -> dict[str, str]:
    """The right answer, as one may write it."""
    answer = question["answer"]
    if question["kind"] == "number":
        plain, latex = str(answer), formulas.number(answer)
        found = {
            "plain": plain,
            "LaTeX": f"${latex}$",
            "comma": plain.replace(".", ","),
            "percent": f"{100 * answer:.9g} %",
        }
        found |= {"point": f"{answer:.9f}", "long comma": f"{answer:.9f}".replace(".", ","), "power": f"{answer:.8e}"}
        found["Unicode power"] = re.sub(
            r"\^\{(.*)\}", lambda m: m[1].translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")), latex
        )
        found["LaTeX comma"] = latex.replace(".", "{,}")
        found["fraction"] = f"\\frac{{{1e6 * answer:.9g}}}{{10^6}}"
        if answer >= 1000 and answer == int(answer):
            found |= {
                "thousands": f"{answer:,}",
                "thin spaces": f"{answer:,}".replace(",", "\u202f"),
                "points": f"{answer:,}".replace(",", ".") + ",0",
            }
        return found
    latex = formulas.tex(answer)
    return {
        "plain": str(answer),
        "LaTeX": latex,
        "other LaTeX": f"$$ {exchanged(latex, OTHER)} $$",
        "dots": f"\\({latex.replace(chr(92) + ',', chr(92) + 'cdot ')}\\)",
        "comma": f"0,5*({answer}) + 0{{,}}5({answer})",
        "Unicode": in_unicode(str(answer)),
        "power": str(answer).replace("^", "**"),
    }


def test_every_answer_may_be_spelled_in_many_ways():
    spelled = [(question, name, text) for question in TYPED for name, text in spellings(question).items()]
    verdicts = judged([(questions.for_script(question), text) for question, _, text in spelled])
    refused = [
        (question["id"], name, text, verdict)
        for (question, name, text), verdict in zip(spelled, verdicts)
        if not verdict.get("right")
    ]
    assert refused == [] and len(spelled) >= 7 * len(TYPED)


def test_every_mistake_is_known_in_latex_and_with_a_comma_too():
    pairs, expected = [], []
    for question in TYPED:
        data = questions.for_script(question)
        latex = formulas.tex if question["kind"] == "formula" else formulas.number
        for i, wrong in enumerate(data["wrong"]):
            pairs += [(data, latex(wrong)), (data, latex(wrong).replace(".", ","))]
            expected += [(question["id"], [i])] * 2
    verdicts = judged(pairs)
    found = [(id, verdict.get("cases")) for (id, _), verdict in zip(expected, verdicts)]
    assert found == expected


PIECES = [
    "x",
    "eps",
    "α",
    "\\frac",
    "{",
    "}",
    "(",
    ")",
    "+",
    "-",
    "*",
    "/",
    "^",
    "_",
    ",",
    ".",
    "1",
    "07",
    "e",
    "%",
    "$",
    "\\",
    "√",
    "²",
]
PIECES += [
    "\\bar",
    "\\left",
    "[",
    "]",
    " ",
    "sqrt",
    "ᾱ",
    "=",
    "\u0301",
    "😀",
    "__proto__",
    "constructor",
    "\\text{",
    "1,000",
    "½",
    "\n",
]


def test_random_text_is_never_right_and_never_an_exception():
    draw = random.Random(0)
    texts = ["".join(draw.choices(PIECES, k=draw.randrange(4, 25))) for _ in range(300)]
    texts += [
        "(" * 399,
        "-" * 400,
        "\\frac" * 60,
        "\\sqrt" * 60,
        "^".join("9" * 60),
        "2^" * 150,
        "x" * 5000,
        "\x00\ud800" * 9,
    ]
    pairs = [(questions.for_script(question), text) for question in TYPED for text in texts]
    verdicts = judged(pairs)
    assert [pair[1] for pair, verdict in zip(pairs, verdicts) if verdict.get("right")] == []
    told = [verdict.get("error") or " ".join(verdict["said"]) or verdict["cases"] for verdict in verdicts]
    assert all(told) and not any("undefined" in str(it) or "NaN" in str(it) for it in told)


READ = [
    ("gain-at-T", "1,573", True, "with a decimal comma"),
    ("square-dominates", "2,304", True, "as 2304. If you mean a decimal comma, write 2.304"),
    ("square-dominates", "1,111", False, "as 1.111, with a decimal comma"),
    ("square-dominates", "2.304", True, "I read “2.304” as 2304. A decimal point would make it 2.304."),
    ("two-thousand", "2.000", False, "I read “2.000” as 2000."),
    ("gain-at-T", "1.573.", True, "Read as 1.573."),
    ("min-snr-v", "０，５", True, "Read as 0.5."),
    ("scale-shift", "3,2", True, "Read as 3.2."),
    ("ema-start", "90 %", True, "Read as 0.9."),
    ("two-thousand", "1,000,000", True, "Read as 1000000."),
    ("two-thousand", "1.000.000", True, "Read as 1000000."),
    ("two-thousand", "1\\,000\\,000", True, "Read as 1000000."),
    ("two-thousand", "10^6", True, "Read as 1000000."),
    ("min-snr-v", "0,5", True, "Read as 0.5."),
    ("min-snr-v", "½", True, "Read as 0.5."),
    ("null-zero", "9,09 %", True, "Read as 0.0909."),
    ("null-zero", "9{,}09\\%", True, "Read as 0.0909."),
    ("step-noise", "2·10⁻²", True, "Read as 0.02."),
    ("tokens", "7/0", False, "no finite number"),
]


def test_a_number_says_how_it_was_read():
    verdicts = judged([(questions.for_script(ALL[id]), given) for id, given, *_ in READ])
    found = [(it["right"], said in " ".join(it["said"])) for (*_, said), it in zip(READ, verdicts)]
    assert found == [(right, True) for *_, right, _ in READ]


@pytest.mark.parametrize("question", TYPED, ids=lambda question: question["id"])
def test_what_the_key_prints_is_latex_that_balances(question):
    latex = formulas.tex(question["answer"]) if question["kind"] == "formula" else formulas.number(question["answer"])
    assert latex.count("{") == latex.count("}") and latex.count("\\left") == latex.count("\\right")
    assert not re.search(r"\*|\b(?:sqrt|eps|abar|alpha|sigma)\b(?<!\\)", re.sub(r"\\[a-z]+", "", latex))


def test_what_has_no_latex_is_said():
    for formula in ("a % b", "f(x)", "a[0]"):
        with pytest.raises(ValueError, match="no LaTeX"):
            formulas.tex(formula)


V = questions.for_script(ALL["define-v"])
CONVERT = questions.for_script(ALL["eps-to-v"])
SHARE = questions.for_script(ALL["null-zero"])
STEP = questions.for_script(ALL["posterior-variance"])
TURN = questions.for_script(ALL["u-on-cosine"])


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
        (SHARE, "0,5·2/11."),
        (STEP, "(1 - alpha_bar_before)·beta/(1 - alphabar)"),
        (STEP, r"\beta _t\frac{1 - {\bar\alpha}_{t-1}}{1 - \bar \alpha _t}"),
        (STEP, "β（1 — ᾱ_{t-1}）/（1 ‑ ᾱ）;"),
        (TURN, r"\frac v{-2}\pi."),
        (TURN, r"-\pi\frac v2"),
        (TURN, r"\pi\dfrac{-1}{2}\left. v \right."),
        (TURN, r"-\frac1{\frac 2v}\pi"),
    ],
)
def test_a_right_answer_may_be_written_in_many_ways(question, given):
    assert judged([(question, given)])[0]["right"] is True


@pytest.mark.parametrize(
    ("given", "understood"),
    [("2x", "2 · x"), ("-x^2", "−x^2"), ("1/2x", "(1 / 2) · x"), ("x/(2eps)", "x / (2 · eps)"), ("x-(eps-x)", "x − (eps − x)"),
     ("\\frac{x}{2\\epsilon}", "x / (2 · eps)"), ("\\frac12 x", "(1 / 2) · x"), ("\\sqrt{x}^2", "sqrt(x)^2"),
     ("√x ε", "sqrt(x) · eps"),
     ("\\cos^2(x)", "cos(x)^2"), ("\\log x", "log(x)"), ("0,5x", "0.5 · x"), ("α_t ε", "alpha · eps"), ("x⁻¹", "x^(−1)"),
     ("\\left[x-\\varepsilon\\right]", "x − eps"), ("\\sqrt[3]{x}", "x^(1 / 3)"), ("\\boldsymbol{x}", "x"), ("e^x", "e^x"),
     ("2^-x^2", "2^(−x^2)"), ("alpha(1-sigma)", "alpha · (1 − sigma)"), ("(-x)^2", "(−x)^2"), ("α ε", "alpha · eps")],
)  # fmt: skip
def test_a_formula_is_read_back(given, understood):
    assert judged([(V, given)])[0]["said"][0] == f"Read as {understood}."


@pytest.mark.parametrize(
    ("given", "message"),
    [("", "Nothing is written"), ("alpha*", "missing after “*”"), ("(alpha", "not closed"), ("alpha)", "bracket too many"),
     ("alpha*/x", "missing between “*” and “/”"), ("*x", "cannot begin"), ("v = alpha", "without “=”"),
     ("x,5", "“,” here (place 2)"),
     ("alpha x + \\oint", "“\\oint” (place 11). Of LaTeX I know"), ("\\frac{x}", "Write \\frac{above}{below}"),
     ("2 3", "side by side"),
     ("x + 1,5,3", "decimals of “1,5,3” (place 5)"), ("\\bar x", "over \\alpha alone"), ("\\cos^{-1}(x)", "negative power"),
     ("x" * 401, "longer than 400"),
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
    assert len(gzip.compress(fresh.encode())) < 14_000
