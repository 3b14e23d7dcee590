"""The self-test: complete questions, answers that lib computes again, and a judge that knows every mistake it promises."""

import copy
import json
import re
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup

from lib import seeded
from tests.self_test.truths import FORMULAS, numbers, order_keys
from tests.test_claims import recorded, uncited_numbers
from tools.notebooks import claims
from tools.site import formulas, questions

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html" / "book"
CHAPTERS = questions.chapters()
ALL = {question["id"]: question for some in CHAPTERS.values() for question in some}
OF_KIND = {kind: [q for q in ALL.values() if q["kind"] == kind] for kind in questions.KINDS}

FIELDS = {
    "choice": {"options"},
    "several": {"options", "why"},
    "number": {"answer", "tolerance", "why", "wrong"},
    "formula": {"names", "answer", "why", "wrong"},
    "order": {"items", "why", "wrong"},
}
EVERYWHERE = {"id", "kind", "ask", "see"}
MAY = {"menu", "trap", "note", "else"}


def texts(question: dict) -> list[str]:
    """All its prose."""
    parts = [question, *question.get("options", []), *question.get("wrong", [])]
    found = [part[name] for part in parts for name in ("ask", "trap", "note", "why", "else", "say") if name in part]
    return found + question.get("items", [])


def faults(question: dict) -> list[str]:
    """What is wrong with a question as it is written."""
    kind, found = question["kind"], []
    must = EVERYWHERE | FIELDS[kind]
    found += [f"no {name}" for name in must - question.keys()]
    found += [f"{name} has no meaning here" for name in question.keys() - must - MAY]
    if not re.fullmatch(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*", question["id"]):
        found.append("its id cannot stand in an address")
    replies = question.get("options", []) + question.get("wrong", [])
    found += [f"no reply to {reply}" for reply in replies if len(reply.get("why", "")) < 20]
    found += [
        f"no section {see}"
        for see in [question.get("see", ""), *(reply["see"] for reply in replies if "see" in reply)]
        if questions.address(see) not in questions.titles()
    ]
    right = [option for option in question.get("options", []) if option.get("right")]
    if kind == "choice" and len(right) != 1:
        found.append(f"{len(right)} right options where one is asked for")
    if kind == "several" and not 0 < len(right) < len(question["options"]):
        found.append("all options are right, or none")
    if kind in ("number", "formula", "order") and not question.get("wrong"):
        found.append("it knows no mistake")
    if kind == "order":
        places = list(range(1, len(question["items"]) + 1))
        found += [
            f"{m['is']} is no wrong order" for m in question["wrong"] if sorted(m["is"]) != places or m["is"] == places
        ]
    return found


@pytest.mark.parametrize("question", ALL.values(), ids=ALL)
def test_a_question_is_complete(question):
    assert faults(question) == []


def test_there_are_enough_of_every_sort():
    ids = [question["id"] for some in CHAPTERS.values() for question in some]
    assert len(ids) == len(set(ids)) >= 50
    chapters = {path.stem for path in (ROOT / "book" / "chapters").glob("*.md") if "01" <= path.stem[:2] <= "13"}
    assert chapters | {"16_bugs"} <= CHAPTERS.keys() and all(len(some) >= 3 for some in CHAPTERS.values())
    assert len(OF_KIND["number"]) >= 8 and len(OF_KIND["order"]) >= 6 and len(OF_KIND["formula"]) >= 8
    assert len(OF_KIND["choice"]) >= 8 and len(OF_KIND["several"]) >= 8


def test_the_right_option_stands_anywhere():
    places = [i for q in OF_KIND["choice"] for i, option in enumerate(q["options"]) if option.get("right")]
    assert all(places.count(place) >= len(places) / 8 for place in range(4))


def test_all_eight_questions_of_the_menu_are_taken_apart():
    assert len(questions.menu()) == 8
    assert {question["menu"] for question in ALL.values() if "menu" in question} == set(range(1, 9))


# As they circulate. Whoever knows the list finds it here word for word; what is to be said about it is in the notes.
CIRCULATING = """\
Write down Eq. ⋆. Why does the closed-form marginal exist?
Why is ε the “right” thing for the net to predict, vs. x₀ or μ?
Derive the CFM loss. What is the trick that makes regressing against the conditional target legal?
How does DDPM’s sampling cost scale, and why does FM cost less?
State the adaLN-Zero formula. Why “-Zero”?
What single line in `diffusion_transformer.py` would you change to use FlashAttention?
What happens if you forget to standardize `data.py`’s output? Trace the bug forward to either method.
Convert a trained ε-predictor into a v-predictor (under the VP path).
"""


def test_the_menu_is_quoted_and_each_question_has_a_note_and_leads_somewhere():
    assert [entry["ask"] for entry in questions.menu()] == CIRCULATING.splitlines()
    for entry in questions.menu():
        assert entry.keys() == {"ask", "note", "see"} and len(entry["note"]) > 40 and entry["see"]
        assert all(questions.address(see) in questions.titles() for see in entry["see"])
        assert uncited_numbers(entry["note"]) == []
    assert any(see.startswith("04_ddpm#") for see in questions.menu()[1]["see"])  # where μ is answered


def test_the_page_leads_from_the_menu_to_sections_and_questions():
    soup = BeautifulSoup((HTML / "self_test.html").read_text(), "html.parser")
    rows = soup.select("ol.qz-menu > li")
    for place, (row, entry) in enumerate(zip(rows, questions.menu(), strict=True), 1):
        links = [link["href"] for link in row.select(".qz-see a")]
        sections = [f"../notebooks/{questions.address(see)}" for see in entry["see"]]
        assert links == sections + [f"#q-{id}" for id, q in ALL.items() if q.get("menu") == place]


def test_both_pages_hold_every_chapter():
    for page, directive in (("self_test", "questions"), ("answer_key", "answers")):
        named = re.findall(rf"^```\{{{directive}\}} (\S+)$", (ROOT / "book" / f"{page}.md").read_text(), re.MULTILINE)
        assert named == list(CHAPTERS)


def test_its_numbers_in_prose_are_recorded_or_cited():
    records = recorded()
    for question in ALL.values():
        for text in texts(question):
            assert uncited_numbers(text) == [], question["id"]
            for name, shown, _ in claims.quotes(text):
                assert claims.disagreement(shown, records[name]) is None, question["id"]


# --- the answers are those of lib ---------------------------------------------------------------------------------------


def wrong_numbers(question: dict, truth: list[float]) -> list[str]:
    """Where the numbers of a question are not those computed, or cannot be told apart."""
    written = [question["answer"], *(mistake["is"] for mistake in question["wrong"])]
    tolerance = question["tolerance"]
    found = [
        f"{w} is {t:.6g}" for w, t in zip(written, truth, strict=True) if abs(w - t) > tolerance / 3 * max(abs(t), 1e-9)
    ]
    near = [(a, b) for i, a in enumerate(written) for b in written[:i] if abs(a - b) <= 2 * tolerance * abs(b)]
    return found + [f"{a} and {b} are too near" for a, b in near]


@pytest.fixture(scope="module")
def truths():
    return numbers()


def test_every_number_is_computed(truths):
    assert truths.keys() == {question["id"] for question in OF_KIND["number"]}
    assert {q["id"]: bad for q in OF_KIND["number"] if (bad := wrong_numbers(q, truths[q["id"]]))} == {}


def test_orders_by_a_number_are_in_order():
    for id, keys in order_keys().items():
        assert keys == sorted(set(keys)) and len(keys) == len(ALL[id]["items"])


PYTHON = {name: getattr(torch, name) for name in ("sqrt", "exp", "log", "sin", "cos")} | {"pi": torch.pi}


def value(formula: str, names: dict) -> torch.Tensor:
    """The formula at many points. Names whose value is a number become tensors, which torch's functions take."""
    tensors = {name: torch.as_tensor(given, dtype=torch.float64) for name, given in names.items()}
    return torch.as_tensor(eval(str(formula).replace("^", "**"), {"__builtins__": {}}, PYTHON | tensors))


def disagreements(question: dict) -> list[str]:
    """Where a question's answer is not lib's, or one of its formulas the same as another."""
    generator = seeded(0)

    def draw(n, low, high):
        return low + (high - low) * torch.rand(n, generator=generator, dtype=torch.float64)

    names, truth = FORMULAS[question["id"]](draw)
    assert set(names) == set(question["names"])
    formulas = [question["answer"], *(mistake["is"] for mistake in question["wrong"])]
    values = [value(formula, names).expand(truth.shape) for formula in formulas]
    found = (
        [] if torch.allclose(values[0], truth, rtol=1e-5, atol=1e-7) else [f"{formulas[0]} is not what lib computes"]
    )
    for i, mine in enumerate(values):
        found += [f"{formulas[i]} is {formulas[j]}" for j in range(i) if torch.allclose(mine, values[j], rtol=1e-3)]
    return found


@pytest.mark.parametrize("question", OF_KIND["formula"], ids=lambda question: question["id"])
def test_every_formula_is_that_of_lib(question):
    assert disagreements(question) == []


# --- the page without a script ------------------------------------------------------------------------------------------


def test_the_page_holds_every_question_and_reply():
    soup = BeautifulSoup((HTML / "self_test.html").read_text(), "html.parser")
    boxes = soup.select("div.qz")
    assert [box["id"] for box in boxes] == [f"q-{id}" for id in ALL]
    for box, question in zip(boxes, ALL.values()):
        assert json.loads(box["data-question"]) == questions.for_script(question)
        assert box.fieldset.legend.get_text(strip=True)
        replies = [row["data-case"] for row in box.select("details li[data-case]")]
        count = len(question.get("options", question.get("wrong")))
        assert {str(i) for i in range(count)} <= set(replies) and len(replies) == len(set(replies))
        assert all(row.select_one(".qz-why a") for row in box.select("details li[data-case]"))
    assert len(soup.find_all("script", type="module")) == 1


def test_the_key_answers_every_question():
    soup = BeautifulSoup((HTML / "answer_key.html").read_text(), "html.parser")
    rows = soup.select("dl.qz-key dt")
    assert len(rows) == len(ALL) == len(soup.select("dl.qz-key dd"))
    for row, (id, question) in zip(rows, ALL.items()):
        assert row.a["href"] == f"self_test.html#q-{id}"
        formula = question["kind"] == "formula"
        if "answer" in question:  # as mathematics, which MathJax sets, and not as code
            latex = formulas.tex(question["answer"]) if formula else formulas.number(question["answer"])
            assert row.select_one(".math").get_text() == rf"\(\displaystyle {latex}\)" and row.code is None, id
        else:
            assert row.strong.get_text() == questions.right_letters(question)


def test_formulas_are_formulas_in_the_folded_replies_too():
    soup = BeautifulSoup((HTML / "self_test.html").read_text(), "html.parser")
    for question in OF_KIND["formula"]:
        heads = soup.select(f"#q-{question['id']} details .qz-case")
        assert [bool(head.select_one(".math")) for head in heads] == [True] * (len(heads) - 1) + [
            False
        ]  # the last: else
        assert heads[0].code.get_text() == str(question["answer"])  # how one types it


def test_letters_of_the_key_are_those_of_the_page():
    soup = BeautifulSoup((HTML / "self_test.html").read_text(), "html.parser")
    for question in OF_KIND["order"]:
        items = soup.select(f"#q-{question['id']} .qz-items > li")
        letters = {int(item["data-item"]): item.select_one(".qz-letter").get_text() for item in items}
        assert questions.right_letters(question) == " ".join(letters[i] for i in range(len(items)))
        assert [int(item["data-item"]) for item in items] != sorted(letters)


# --- these tests find mistakes ------------------------------------------------------------------------------------------


def spoiled(name: str, **changes) -> dict:
    return copy.deepcopy(ALL[name]) | changes


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (spoiled("weak-ends", see="03_what_the_net_predicts#gone"), "no section"),
        (spoiled("weak-ends", options=[{"say": "a", "right": True, "why": "x" * 30}] * 2), "2 right options"),
        (spoiled("weak-ends", options=[{"say": "a", "right": True}]), "no reply to"),
        (spoiled("when-eps", options=[{"say": "a", "right": True, "why": "x" * 30}]), "all options are right"),
        (spoiled("eq-star", wrong=[]), "knows no mistake"),
        (spoiled("eq-star", wrong=[{"is": "x", "why": "x" * 30, "see": "01_two_moons#gone"}]), "no section"),
        (spoiled("cfm-order", wrong=[{"is": [1, 2, 3, 4, 5], "why": "x" * 30}]), "no wrong order"),
        (spoiled("eq-star", anwser="x"), "anwser has no meaning"),
        (spoiled("eq-star", id="Eq. (*)"), "id cannot stand"),
    ],
)
def test_incomplete_questions_are_found(question, fault):
    assert any(fault in text for text in faults(question))


@pytest.mark.parametrize(
    ("id", "change", "fault"),
    [
        ("abar-linear", {"answer": 4.3e-5}, "is 4.0"),
        ("turns", {"wrong": [{"is": 1000}, {"is": 0.159155}, {"is": 159}]}, "too near"),
        ("turns", {"wrong": [{"is": 1001}, {"is": 0.17}, {"is": 6283.2}]}, "0.17 is 0.159"),
    ],
)
def test_wrong_numbers_are_found(id, change, fault, truths):
    assert any(fault in text for text in wrong_numbers(spoiled(id, **change), truths[id]))


@pytest.mark.parametrize("id", FORMULAS)
def test_wrong_formulas_are_found(id):
    """Each question with the answer and its first known mistake exchanged."""
    question = spoiled(id)
    question["answer"], question["wrong"][0]["is"] = question["wrong"][0]["is"], question["answer"]
    assert any("is not what lib computes" in text for text in disagreements(question))
    question["answer"] = question["wrong"][0]["is"]
    assert any(" is " in text for text in disagreements(question))
