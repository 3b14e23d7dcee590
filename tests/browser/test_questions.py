"""The self-test in Chromium: every question answered by keyboard, right and wrong, on one page."""

import json
import re

import pytest

from tests.browser.checks import HTML, darken, overflow, settle, violations, watched
from tools.site import questions

PAGE = HTML / "book" / "self_test.html"
ALL = {question["id"]: question for some in questions.chapters().values() for question in some}
# Each answer changes the page: what is out of sight is not drawn.
LAZY = ".qz-chapter, .qz { content-visibility: auto; contain-intrinsic-size: auto 500px }"
UNFOLD = "for (const it of document.querySelectorAll('.qz-fold')) it.open = true"
REFUSED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"


class Sheet:
    """The questions of an open page, answered with keys alone."""

    def __init__(self, page):
        self.page = page

    def box(self, id):
        return self.page.locator(f"#q-{id}")

    def reload(self) -> None:
        """Open the page again."""
        self.page.reload()
        settle(self.page)
        self.page.evaluate(UNFOLD)

    def ask(self, question: dict, given) -> str:
        """Answer, and read the reply."""
        self.answer(question, given)
        return self.reply(question)

    def answer(self, question: dict, given) -> None:
        """Put this answer (an index, indices, text, an order) into its question, and press Check."""
        id, kind, keys = question["id"], question["kind"], self.page.keyboard
        if kind in ("number", "formula"):
            self.focus(id, "input")
            keys.press("ControlOrMeta+a")
            keys.insert_text(str(given))
            keys.press("Enter")
            return
        if kind == "order":
            self.rank(id, given)
        ticked = self.page.evaluate(
            "(id) => [...document.querySelectorAll(`#q-${id} input`)].map((it) => it.checked)", id
        )
        for i, on in enumerate(ticked):
            if (i in given) != on if kind == "several" else i == given and not on:
                self.focus(id, f"label:nth-of-type({i + 1}) input")
                keys.press("Space")
        self.focus(id, ".qz-check")
        keys.press("Enter")

    def focus(self, id: str, selector: str) -> None:
        self.page.evaluate("([id, selector]) => document.querySelector(`#q-${id} ${selector}`).focus()", [id, selector])

    def rank(self, id: str, order: list[int]) -> None:
        """Carry each item up to its place; the button that was pressed keeps the focus."""
        script = """([id, item]) => {
          const row = document.querySelector(`#q-${id} li[data-item="${item}"]`), button = row.querySelector("button");
          const held = document.activeElement === button;
          button.focus();
          return [[...row.parentElement.children].indexOf(row), held];
        }"""
        for place, item in enumerate(order):
            at, _ = self.page.evaluate(script, [id, item])
            for _ in range(at - place):
                self.page.keyboard.press("Enter")
            if at > place:
                assert self.page.evaluate(script, [id, item]) == [place, True]

    def reply(self, question: dict) -> str:
        """What the question says now."""
        return " ".join(self.box(question["id"]).locator(".qz-feedback").inner_text().split())

    def both(self, question: dict, case) -> tuple[str, str]:
        """What the question says now, and this reply as the page holds it folded; without spaces."""
        script = """([id, name]) => [".qz-feedback", `[data-case="${name}"] .qz-why`].map(
          (it) => document.querySelector(`#q-${id} ${it}`).textContent.replace(/\\s/g, ""))"""
        return tuple(self.page.evaluate(script, [question["id"], str(case)]))

    def verdicts(self) -> dict[str, str]:
        """The questions that are judged."""
        script = "[...document.querySelectorAll('.qz[data-state]')].map((it) => [it.id.slice(2), it.dataset.state])"
        boxes = self.page.evaluate(script)
        return {id: state for id, state in boxes if state != "open"}

    def total(self) -> str:
        return self.page.locator("#qz-total").inner_text()


def right_answer(question: dict):
    data = questions.for_script(question)
    return {
        "choice": lambda: data["right"][0],
        "several": lambda: data["right"],
        "order": lambda: list(range(data["count"])),
    }.get(question["kind"], lambda: data["answer"])()


def wrong_answers(question: dict) -> list[tuple[str, object]]:
    """(name of the reply, answer) for every mistake that the question knows."""
    data = questions.for_script(question)
    if question["kind"] == "several":
        return [(i, [i]) for i in range(data["count"]) if i not in data["right"]]
    if question["kind"] == "choice":
        return [(i, i) for i in range(data["count"]) if i not in data["right"]]
    return list(enumerate(data["wrong"]))


@pytest.fixture(scope="module")
def opened(browser):
    small = {"viewport": {"width": 600, "height": 300}}
    with watched(browser, formulas=False, reduced_motion="reduce", **small) as (page, faults):
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(PAGE.as_uri())
        settle(page)
        page.evaluate(UNFOLD)
        yield Sheet(page), faults


def test_every_question_replies_to_every_mistake_and_to_the_answer(opened):
    sheet, faults = opened
    sheet.page.add_style_tag(content=LAZY)  # until the page is loaded again
    found = []
    for id, question in ALL.items():
        for case, given in wrong_answers(question):
            sheet.answer(question, given)
            shown, reply = sheet.both(question, case)
            if not shown.startswith("Notyet.") or reply not in shown:
                found.append(f"{id}: {given} gets {shown}")
        sheet.answer(question, right_answer(question))
        shown, reply = sheet.both(question, right_answer(question) if question["kind"] == "choice" else "right")
        if not shown.startswith("Right.") or reply not in shown:
            found.append(f"{id}: the answer gets {shown}")
    assert found == []
    assert sheet.verdicts() == dict.fromkeys(ALL, "right")
    assert f"{len(ALL)} of {len(ALL)} right" in sheet.total()
    sheet.reload()
    assert sheet.verdicts() == dict.fromkeys(ALL, "right")
    assert faults == []


def test_replies_are_accessible(browser):
    """Every other question answered right, every other wrong; answers that are kept are judged when the page opens."""
    kept = {}
    for i, (id, question) in enumerate(ALL.items()):
        given = wrong_answers(question)[0][1] if i % 2 else right_answer(question)
        text = question["kind"] in ("number", "formula")
        kept[f"q-{id}:{questions.for_script(question)['edition']}"] = str(given) if text else given
    remember = f"localStorage.setItem('self-test', {json.dumps(json.dumps(kept))})"
    with watched(browser, remember, reduced_motion="reduce") as (page, faults):
        page.goto(PAGE.as_uri())
        settle(page)
        page.evaluate(UNFOLD)
        verdicts = [Sheet(page).verdicts().get(id) for id in ALL]
        assert (set(verdicts[::2]), set(verdicts[1::2])) == ({"right"}, {"wrong"})
        assert page.locator(".qz-feedback mjx-container").count()
        assert violations(page) == []
        darken(page)
        assert violations(page, ["color-contrast", "link-in-text-block"]) == []
        assert page.locator(".qz-feedback[role=status]").count() == len(ALL)
        kept = page.evaluate(
            "JSON.parse(localStorage.getItem('self-test'))"
        )  # answers of before versions, now with verdicts
        assert kept["version"] == 2 and [it["right"] for it in kept["questions"].values()] == [
            i % 2 == 0 for i in range(len(ALL))
        ]
        assert faults == []


def test_wrong_answers_are_kept_too_until_all_are_forgotten(opened):
    """The first test of this page has solved every question: that stays, whatever is answered after it."""
    sheet, faults = opened
    one_of_each = {kind: next(q for q in ALL.values() if q["kind"] == kind) for kind in questions.KINDS}
    for solved in (True, False):
        for question in one_of_each.values():
            sheet.answer(question, wrong_answers(question)[0][1])
        replies = {kind: sheet.reply(question) for kind, question in one_of_each.items()}
        assert all(("solved it before" in reply) == solved for reply in replies.values())
        sheet.reload()
        assert {kind: sheet.reply(question) for kind, question in one_of_each.items()} == replies
        assert {question["id"] for question in one_of_each.values()} <= {
            id for id, it in sheet.verdicts().items() if it == "wrong"
        }
        chapter = sheet.page.locator(".qz-fold", has=sheet.box(one_of_each["formula"]["id"]))
        asked = chapter.locator(".qz").count()
        told = rf"{asked} of {asked} right" if solved else rf"0 of {asked} right, [1-9] to look at again"
        assert re.fullmatch(told, chapter.locator(".qz-progress").inner_text())
        sheet.page.get_by_role("button", name="Forget my answers").press("Enter")
        touched = (
            "[...document.querySelectorAll('.qz input')].some((it) => it.checked || (it.type === 'text' && it.value))"
        )
        for _ in range(2):  # at once, and after a reload
            assert sheet.verdicts() == {} and f"0 of {len(ALL)} right" in sheet.total()
            assert sheet.page.evaluate(touched) is False
            sheet.reload()
    assert faults == []


def test_a_changed_answer_is_not_judged_until_it_is_checked(opened):
    sheet, _ = opened
    question = ALL["tokens"]
    assert "Right" in sheet.ask(question, 49)
    field = sheet.box("tokens").locator("input")
    field.press("End")
    field.press("0")
    assert sheet.reply(question) == "" and "tokens" not in sheet.verdicts()
    assert "A number is asked for" in sheet.ask(question, "many") and "tokens" not in sheet.verdicts()


def test_nothing_chosen_is_said(opened):
    sheet, _ = opened
    for id, said in (("one-call", "Choose one first."), ("see-diversity", "Tick at least one first.")):
        sheet.box(id).locator(".qz-check").press("Enter")
        assert sheet.reply(ALL[id]) == said
    assert not {"one-call", "see-diversity"} & sheet.verdicts().keys()


def test_a_formula_is_read_back_while_it_is_typed(opened):
    sheet, _ = opened
    field = sheet.box("define-v").locator("input")
    field.focus()
    sheet.page.keyboard.insert_text("αε-σx")
    assert sheet.box("define-v").locator(".qz-read").inner_text() == "Read as alpha · eps − sigma · x"
    sheet.page.keyboard.insert_text("*")
    assert sheet.box("define-v").locator(".qz-read").inner_text() == ""


def test_moves_are_announced(opened):
    sheet, _ = opened
    box = sheet.box("learning-order")
    first = box.locator("li").first
    letter = first.locator(".qz-letter").inner_text()
    first.get_by_role("button", name=f"Move {letter} down").press("Enter")
    assert sheet.reply(ALL["learning-order"]) == f"{letter} is now number 2 of 3."
    row = box.locator("li").nth(1)
    row.get_by_role("button", name="up").press("Enter")
    box.locator("li").first.get_by_role("button", name="up").press("Enter")
    assert sheet.reply(ALL["learning-order"]) == f"{letter} is already first."


def test_it_works_where_nothing_may_be_kept(browser):
    with watched(browser, REFUSED, formulas=False) as (page, faults):
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto((HTML / "genindex.html").as_uri())
        theme = list(faults)  # it asks for the storage, too
        faults.clear()
        page.goto(PAGE.as_uri())
        page.evaluate(UNFOLD)
        sheet = Sheet(page)
        assert "Right" in sheet.ask(ALL["tokens"], 49)
        assert "keeps nothing" in sheet.total() and "1 of" in sheet.total()
        page.get_by_role("button", name="Forget my answers").press("Enter")
        assert sheet.verdicts() == {} and sheet.box("tokens").locator("input").input_value() == ""
        assert faults == theme


@pytest.mark.parametrize("kept", ["nonsense", "[]", json.dumps({f"q-{id}:{{}}": ["x"] for id in ALL})])
def test_damaged_memory_is_left_aside(kept, browser):
    for id, question in ALL.items():
        kept = kept.replace(f"q-{id}:{{}}", f"q-{id}:{questions.for_script(question)['edition']}")
    with watched(browser, f"localStorage.setItem('self-test', {json.dumps(kept)})", formulas=False) as (page, faults):
        page.goto(PAGE.as_uri())
        page.evaluate(UNFOLD)
        sheet = Sheet(page)
        assert sheet.verdicts() == {} and "Right" in sheet.ask(ALL["tokens"], 49)
        assert faults == []


def test_answers_on_a_phone_fit(browser):
    phone = {"viewport": {"width": 320, "height": 640}, "has_touch": True}
    with watched(browser, reduced_motion="reduce", **phone) as (page, _):
        page.goto(PAGE.as_uri())
        settle(page)
        page.evaluate(UNFOLD)
        page.evaluate(
            """() => {
              for (const it of document.querySelectorAll('.qz')) {
                it.querySelector('input')?.click();
                const field = it.querySelector('input[type=text]');
                if (field) field.value = "1 + 2*(3 + 4*(5 + 6*(7 + 8*(9 + 10*(11 + 12*13)))))/1000000000000";
                it.querySelector('.qz-check').click();
                it.querySelector('details').open = true;
              }
            }"""
        )
        settle(page)
        assert overflow(page) == []
        small = page.evaluate(
            """[...document.querySelectorAll('.qz button, .qz-total button, .qz summary')].filter((it) => {
              const box = it.getBoundingClientRect();
              return it.checkVisibility() && (box.width < 24 || box.height < 24);
            }).length"""
        )
        assert small == 0


def test_without_a_script_everything_is_there(browser):
    with watched(browser, java_script_enabled=False) as (page, _):
        page.goto(PAGE.as_uri())
        assert page.locator(".qz legend").count() == len(ALL) and page.locator(".qz-check").count() == 0
        details = page.locator("#q-eq-star details")
        details.locator("summary").click()
        assert re.search(r"sqrt\(abar\)\*x \+ sqrt\(1 - abar\)\*eps", details.inner_text())


def test_on_paper_questions_stand_without_answers(opened):
    sheet, _ = opened
    sheet.page.emulate_media(media="print")
    assert sheet.page.locator(".qz legend").first.is_visible()
    for hidden in (".qz details", ".qz-check", ".qz-feedback", ".qz-moves", "#qz-total"):
        assert not sheet.page.locator(hidden).first.is_visible(), hidden
    sheet.page.emulate_media(media="screen")


def test_on_paper_a_random_order_is_the_whole_sheet(browser):
    shown = "[...document.querySelectorAll('.qz')].filter((it) => it.checkVisibility()).length"
    with watched(browser, formulas=False) as (page, faults):
        page.goto(f"{PAGE.as_uri()}#%E0%A4%A")  # an address that says nothing
        settle(page)
        theme = [it for it in faults if "URI malformed" in it]  # it reads the address, too
        assert len(theme) <= 1 and "0 of" in Sheet(page).total()
        for mode in ("mixed", "chapters"):
            page.check(f"input[value={mode}]")
            before = page.evaluate(shown)
            page.emulate_media(media="print")
            page.wait_for_function(f"() => {shown} === {len(ALL)}")
            page.emulate_media(media="screen")
            page.wait_for_function(f"() => {shown} === {before}")
        assert faults == theme


def test_the_verdict_stands_apart_from_its_reason(opened):
    sheet, _ = opened
    for kind in ("choice", "several", "number", "formula", "order"):
        question = next(it for it in ALL.values() if it["kind"] == kind)
        _, wrong = wrong_answers(question)[0]
        sheet.answer(question, wrong)
        assert re.match(r"Not yet\.\s", sheet.box(question["id"]).locator(".qz-feedback").text_content()), kind
