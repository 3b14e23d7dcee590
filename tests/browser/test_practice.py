"""The self-test's four ways to practise, in Chromium: what is asked, what is kept, and for how long."""

import io
import json
import re
from datetime import datetime

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.checks import HTML, darken, frames, overflow, settle, violations, watched
from tests.browser.test_questions import ALL, REFUSED, Sheet, right_answer, wrong_answers
from tools.site import questions

PAGE = (HTML / "book" / "self_test.html").as_uri()
CHAPTER = (HTML / "notebooks" / "10_the_dit.html").as_uri()
OF_KIND = {kind: [q for q in ALL.values() if q["kind"] == kind] for kind in questions.KINDS}


def key(id: str) -> str:
    """What the memory calls a question."""
    return f"q-{id}:{questions.for_script(ALL[id])['edition']}"


def record(given, right: bool, due: str, box: int = 0, when: str = "2026-03-01T10:00:00.000Z", **more) -> dict:
    return {"given": given, "right": right, "when": when, "box": box, "due": due} | more


def remember(records: dict[str, dict], **more) -> str:
    """A script that puts a memory there before the page opens, once."""
    memory = json.dumps(
        {"version": 2, "mode": "chapters", "questions": {key(id): it for id, it in records.items()}} | more
    )
    return f"localStorage.getItem('self-test') ?? localStorage.setItem('self-test', {json.dumps(memory)})"


class Practice(Sheet):
    """The self-test's page, and its ways to practise."""

    def choose(self, mode: str) -> None:
        self.page.get_by_role("radio", name=re.compile(f"^{mode}")).focus()
        self.page.keyboard.press("Space")

    def shown(self) -> list[str]:
        """The questions that one sees."""
        script = (
            "[...document.querySelectorAll('.qz')].filter((it) => it.checkVisibility()).map((it) => it.id.slice(2))"
        )
        return self.page.evaluate(script)

    def said(self) -> str:
        return self.page.locator(".qz-mode-note").inner_text()

    def kept(self) -> dict:
        return self.page.evaluate("JSON.parse(localStorage.getItem('self-test'))")

    def open(self, id: str) -> None:
        self.page.evaluate("(id) => (document.querySelector(`#q-${id}`).closest('details').open = true)", id)


@pytest.fixture
def practice(browser):
    """Opens the page, at a moment, with a memory: (sheet, faults)."""
    opened = []

    def start(script=None, at="2026-03-04T12:00:00Z", where=PAGE, **options):
        context = watched(browser, script, formulas=False, reduced_motion="reduce", **options)
        page, faults = context.__enter__()
        opened.append((context, faults))
        page.on("dialog", lambda dialog: dialog.accept())
        page.clock.set_fixed_time(datetime.fromisoformat(at))
        page.goto(where)
        settle(page)
        return Practice(page)

    yield start
    for context, faults in opened:
        context.__exit__(None, None, None)
        assert faults == []


# --- by chapter ---------------------------------------------------------------------------------------------------------


def test_chapters_are_folded_with_their_progress(practice):
    sheet = practice(remember({"tokens": record("49", True, "2026-03-02", solved="2026-03-01")}))
    assert sheet.shown() == [] and sheet.page.evaluate("document.documentElement.scrollHeight") < 6000
    lines = sheet.page.locator(".qz-fold > summary .qz-progress").all_inner_texts()
    stems = list(questions.chapters())
    asked = [len(some) for some in questions.chapters().values()]
    assert lines == [f"{int('10_' in stem)} of {count} right" for stem, count in zip(stems, asked, strict=True)]
    sheet.page.locator(".qz-fold > summary").nth(2).press("Enter")
    assert sheet.shown() == [q["id"] for q in questions.chapters()[stems[2]]]
    sheet.page.get_by_role("button", name="Open all chapters").press("Enter")
    assert sheet.shown() == list(ALL)
    sheet.page.get_by_role("button", name="Close all chapters").press("Enter")
    assert sheet.shown() == []


def test_a_link_to_a_question_opens_its_chapter_in_every_mode(practice):
    sheet = practice(where=f"{PAGE}#q-eps-to-v")
    assert "eps-to-v" in sheet.shown() and sheet.box("eps-to-v").evaluate("it => it.getBoundingClientRect().top") < 400
    sheet.choose("Mixed")
    sheet.page.evaluate("location.hash = '#chapter-4-ddpm'")
    expect(sheet.page.get_by_role("radio", name="By chapter")).to_be_checked()
    assert {"elbo-order", "eps-to-v"} <= set(sheet.shown())  # what was open stays open
    sheet.page.locator(".qz-menu a[href='#q-flash-line']").click()
    assert "flash-line" in sheet.shown()


# --- wrong only ---------------------------------------------------------------------------------------------------------


def test_wrong_only_asks_what_was_never_right(practice):
    wrong = record("7", False, "2026-03-02")
    again = record("7", False, "2026-03-02", solved="2026-02-01")
    sheet = practice(remember({"tokens": wrong, "fewer-tokens": again, "eq-star": record("x", False, "2026-03-02")}))
    sheet.choose("Wrong only")
    assert sheet.shown() == ["eq-star", "tokens"] and sheet.said().startswith("2 questions that")
    assert "Not yet" in sheet.reply(ALL["tokens"]) and not sheet.page.locator(".qz-menu").is_visible()
    assert "Right" in sheet.ask(ALL["tokens"], "49")
    assert sheet.shown() == ["eq-star", "tokens"]  # one can read the reply
    assert sheet.page.get_by_role("radio", name="Wrong only (1)").is_checked()
    sheet.page.reload()
    settle(sheet.page)
    assert sheet.shown() == ["eq-star"]
    sheet.ask(ALL["eq-star"], right_answer(ALL["eq-star"]))
    assert sheet.said() == "All of these are right now."
    sheet.choose("By chapter")
    sheet.choose("Wrong only")
    assert sheet.shown() == [] and sheet.said().startswith("Nothing is wrong")


# --- mixed --------------------------------------------------------------------------------------------------------------


def test_mixed_asks_one_at_a_time_in_an_order_that_a_reload_keeps(practice):
    sheet = practice(remember({"tokens": record("49", True, "2026-03-02", solved="2026-03-01")}))
    sheet.choose("Mixed")
    on = sheet.page.get_by_role("button", name="Next question")
    seen = [sheet.shown()]
    for _ in range(11):
        on.press("Enter")
        seen.append(sheet.shown())
    assert all(len(some) == 1 for some in seen) and len({some[0] for some in seen}) == 12
    order = list(ALL)
    places = [order.index(some[0]) for some in seen]
    assert places != sorted(places) and max(places) - min(places) > len(ALL) / 3  # across the chapters
    assert sheet.page.locator(".qz-place").inner_text() == f"12 of {len(ALL)}"
    assert sheet.page.evaluate("document.activeElement.closest('.qz').id") == f"q-{seen[-1][0]}"
    (last,) = seen[-1]
    sheet.answer(ALL[last], wrong_answers(ALL[last])[0][1])
    sheet.page.reload()
    settle(sheet.page)
    assert sheet.shown() == seen[-1] and sheet.verdicts() == {last: "wrong"}  # the place, and this round's answer
    sheet.page.get_by_role("button", name="Previous").press("Enter")
    assert sheet.shown() == seen[-2]
    sheet.page.get_by_role("button", name="Shuffle again").press("Enter")
    fresh = [sheet.shown()]
    for _ in range(5):
        on.press("Enter")
        fresh.append(sheet.shown())
    assert fresh != seen[:6] and sheet.page.locator("section > h2:visible").count() == 0


def test_mixed_hides_answers_of_before(practice):
    solved = {q["id"]: record(str(q["answer"]), True, "2026-03-09", solved="2026-03-01") for q in OF_KIND["number"]}
    sheet = practice(remember(solved, mode="mixed", mixed={"seed": 3, "at": 0, "since": "2026-03-02T00:00:00Z"}))
    assert sheet.verdicts() == {} and f"{len(solved)} of {len(ALL)} right" in sheet.total()
    sheet.choose("By chapter")
    assert sheet.verdicts() == dict.fromkeys(solved, "right")


# --- due again ----------------------------------------------------------------------------------------------------------


def test_questions_return_after_days(practice):
    """One question through all of its days, another that is forgotten on the way."""
    sheet = practice(at="2026-03-01T09:00:00Z")
    sheet.choose("Due again")
    assert sheet.shown() == [] and "returns after 1, 3, 7 and 21 days" in sheet.said()
    sheet.choose("By chapter")
    for id in ("tokens", "fewer-tokens"):
        sheet.open(id)
        sheet.answer(ALL[id], right_answer(ALL[id]))
    sheet.choose("Due again")
    assert sheet.said() == "Nothing is due. The next 2 return on 2 March 2026."

    def on(day: str) -> list[str]:
        sheet.page.clock.set_fixed_time(datetime.fromisoformat(f"{day}T07:00:00Z"))
        sheet.page.reload()
        settle(sheet.page)
        return sheet.shown()

    assert len(on("2026-03-02")) == 1 and sheet.said() == "2 questions are due."
    assert sheet.page.locator(".qz-place").inner_text() == "1 of 2" and sheet.verdicts() == {}
    first, *_ = sheet.shown()
    assert sheet.box(first).locator("input").input_value() == ""  # one remembers only what one does not see
    assert "Solved before, on 1 March 2026" in sheet.box(first).inner_text()
    assert "Right" in sheet.ask(ALL[first], right_answer(ALL[first]))
    assert sheet.said() == "1 question is due. The next one returns on 5 March 2026."
    sheet.page.get_by_role("button", name="Next question").press("Enter")
    (other,) = sheet.shown()
    sheet.answer(ALL[other], wrong_answers(ALL[other])[0][1])
    assert sheet.said() == "Nothing is due. The next one returns on 3 March 2026."
    assert f"2 of {len(ALL)} right" in sheet.total()  # what was solved stays solved
    assert on("2026-03-03") == [other]
    for day, following in (("2026-03-05", "12 March"), ("2026-03-12", "2 April"), ("2026-04-02", "23 April")):
        shown = on(day)
        if shown != [first]:  # the other one is overdue, and comes first
            sheet.page.get_by_role("button", name="Next question").press("Enter")
        sheet.answer(ALL[first], right_answer(ALL[first]))
        assert (
            sheet.kept()["questions"][key(first)]["due"]
            == datetime.strptime(f"{following} 2026", "%d %B %Y").date().isoformat()
        )


def test_an_answer_that_is_only_shown_again_counts_for_nothing(practice):
    sheet = practice(remember({"tokens": record("49", True, "2026-03-02", solved="2026-03-01")}))
    sheet.open("tokens")
    sheet.box("tokens").locator(".qz-check").press("Enter")
    assert sheet.kept()["questions"][key("tokens")]["due"] == "2026-03-02"
    sheet.answer(ALL["tokens"], "49.0")
    assert sheet.kept()["questions"][key("tokens")]["due"] == "2026-03-07"


# --- retries, and Enter -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", questions.KINDS)
def test_a_retry_never_takes_a_right_answer_away(kind, practice):
    question = OF_KIND[kind][0]
    sheet = practice()
    sheet.open(question["id"])
    assert sheet.ask(question, right_answer(question)).startswith("Right.")
    before = sheet.kept()["questions"][key(question["id"])]
    if kind in ("number", "formula"):
        reply = sheet.ask(question, "((?")
        assert "place" in reply and "solved it before" in reply
        assert sheet.kept()["questions"][key(question["id"])] == before
    reply = sheet.ask(question, wrong_answers(question)[0][1])
    assert reply.startswith("Not yet.") and "solved it before" in reply
    assert "Solved before, on 4 March 2026" in sheet.box(question["id"]).inner_text()
    for _ in range(2):  # at once, and after a reload
        assert (
            f"All questions: 1 of {len(ALL)} right." in sheet.total()
            and "(0)" in sheet.page.locator(".qz-modes").inner_text()
        )
        sheet.page.reload()
        settle(sheet.page)
    assert "solved" in sheet.kept()["questions"][key(question["id"])]


@pytest.mark.parametrize("kind", ["choice", "several"])
def test_enter_checks_a_choice_and_arrows_still_move(kind, practice):
    question = OF_KIND[kind][0]
    sheet = practice()
    sheet.open(question["id"])
    boxes = sheet.box(question["id"]).locator("input")
    boxes.first.focus()
    sheet.page.keyboard.press("Enter")
    assert sheet.reply(question).endswith("first.") and sheet.verdicts() == {}
    sheet.page.keyboard.press("Space")
    if kind == "choice":
        sheet.page.keyboard.press("ArrowDown")
        assert boxes.nth(1).is_checked()
    sheet.page.keyboard.press("Enter")
    assert question["id"] in sheet.verdicts()
    assert sheet.page.evaluate("document.activeElement.tagName") == "INPUT"  # one goes on from there


def test_enter_checks_an_order_and_arrows_move_its_rows(practice):
    question = ALL["learning-order"]
    sheet = practice()
    sheet.open(question["id"])
    rows = sheet.box(question["id"]).locator(".qz-items > li")
    rows.first.focus()
    letter = rows.first.locator(".qz-letter").inner_text()
    sheet.page.keyboard.press("ArrowDown")
    assert (
        sheet.reply(question) == f"{letter} is now number 2 of 3."
        and rows.nth(1).locator(".qz-letter").inner_text() == letter
    )
    sheet.page.keyboard.press("ArrowUp")
    sheet.page.keyboard.press("ArrowUp")
    assert sheet.reply(question) == f"{letter} is already first."
    for place in range(3):  # sort it by keys alone
        for _ in range(3):
            at = next(i for i in range(3) if rows.nth(i).get_attribute("data-item") == str(place))
            if at == place:
                break
            rows.nth(at).focus()
            sheet.page.keyboard.press("ArrowUp")
    sheet.page.keyboard.press("Enter")
    rows.first.focus()
    sheet.page.keyboard.press("Enter")
    assert sheet.verdicts() == {question["id"]: "right"}
    tabbed = (
        sheet.box(question["id"]).locator(".qz-items [tabindex='0'], .qz-items button:not([tabindex='-1'])").count()
    )
    assert tabbed == 3  # a stop a row


# --- what is kept -------------------------------------------------------------------------------------------------------


def test_chapters_and_the_page_share_their_answers(practice):
    """In one context: answered on the page, seen in the chapter, and back, also while both are open."""
    sheet = practice()
    sheet.open("tokens")
    sheet.answer(ALL["tokens"], "49")
    chapter = sheet.page.context.new_page()
    chapter.goto(CHAPTER)
    chapter.wait_for_selector(".qz-check", state="attached")
    there = Sheet(chapter)
    assert there.verdicts() == {"tokens": "right"}
    assert chapter.locator(".qz-progress").inner_text().startswith("1 of ") and chapter.locator(".qz-fold").count() == 0
    there.answer(ALL["square-dominates"], "384")
    expect(sheet.page.locator("#q-square-dominates")).to_have_attribute("data-state", "wrong")
    assert f"1 of {len(ALL)} right, 1 to look at again" in sheet.total()


def test_answers_of_before_are_carried_over(practice):
    old = {key("tokens"): "49", key("one-call"): 0, key("cfm-order"): [1, 0, 2, 3, 4], "q-gone:00000000": "1"}
    sheet = practice(
        f"localStorage.getItem('self-test') ?? localStorage.setItem('self-test', {json.dumps(json.dumps(old))})"
    )
    assert sheet.verdicts() == {"tokens": "right", "one-call": "wrong", "cfm-order": "wrong"}
    kept = sheet.kept()
    assert kept["version"] == 2 and kept["questions"][key("tokens")]["solved"] == "2026-03-04"
    assert kept["questions"][key("one-call")] == record(0, False, "2026-03-05", when="2026-03-04T12:00:00.000Z")


def test_answers_leave_as_a_file_and_a_text_and_enter_again(practice, tmp_path):
    sheet = practice()
    sheet.open("tokens")
    sheet.answer(ALL["tokens"], "49")
    sheet.page.locator(".qz-carry > summary").press("Enter")
    with sheet.page.expect_download() as download:
        sheet.page.get_by_role("button", name="Save as a file").press("Enter")
    assert download.value.suggested_filename == "self-test-2026-03-04.json"
    download.value.save_as(tmp_path / "saved.json")
    sheet.page.get_by_role("button", name="Show as text").press("Enter")
    text = sheet.page.get_by_label("Answers as text").input_value()
    assert json.loads(text) == json.loads((tmp_path / "saved.json").read_text()) == sheet.kept()
    for way in ("file", "text"):
        other = practice(remember({"fewer-tokens": record("8", False, "2026-03-02")}))
        other.page.locator(".qz-carry > summary").press("Enter")
        if way == "file":
            other.page.get_by_label("Read a file").set_input_files(tmp_path / "saved.json")
        else:
            other.page.get_by_label("Answers as text").fill(text)
            other.page.get_by_role("button", name="Read this text").press("Enter")
        expect(other.page.locator(".qz-carry-said")).to_contain_text(
            "Read the answers to 1 question, 1 of them new here."
        )
        assert other.verdicts() == {"tokens": "right", "fewer-tokens": "wrong"}
        assert f"1 of {len(ALL)} right, 1 to look at again" in other.total()


def test_what_cannot_be_read_is_said_and_loses_nothing(practice, tmp_path):
    sheet = practice(remember({"tokens": record("49", True, "2026-03-09", solved="2026-03-01")}))
    before = sheet.kept()
    sheet.page.locator(".qz-carry > summary").press("Enter")
    said = sheet.page.locator(".qz-carry-said")
    for text in ("", "hello", json.dumps(before)[:-9], '{"version": 7, "questions": {}}', '{"a": 1}'):
        sheet.page.get_by_label("Answers as text").fill(text)
        sheet.page.get_by_role("button", name="Read this text").press("Enter")
        assert re.match(r"Nothing was read, and your answers are as they were\. .{15,}\.$", said.inner_text()), text
    (tmp_path / "picture.json").write_bytes(bytes(range(256)) * 9)
    sheet.page.get_by_label("Read a file").set_input_files(tmp_path / "picture.json")
    expect(said).to_contain_text("a part of it is missing")
    assert sheet.kept() == before and sheet.verdicts() == {"tokens": "right"}


def test_to_forget_asks_first(practice):
    sheet = practice(remember({"tokens": record("49", True, "2026-03-09", solved="2026-03-01")}))
    sheet.page.evaluate("window.confirm = (text) => { window.asked = text; return false; }")
    sheet.page.get_by_role("button", name="Forget my answers").press("Enter")
    assert "Forget all answers" in sheet.page.evaluate("asked") and f"1 of {len(ALL)} right" in sheet.total()
    assert sheet.verdicts() == {"tokens": "right"}


def test_where_nothing_may_be_kept_the_modes_work_and_say_so(browser):
    with watched(browser, REFUSED, formulas=False) as (page, faults):
        page.goto((HTML / "genindex.html").as_uri())
        theme = list(faults)  # it asks for the storage, too
        faults.clear()
        page.goto(PAGE)
        settle(page)
        sheet = Practice(page)
        sheet.open("tokens")
        sheet.answer(ALL["tokens"], "48")
        assert "keeps nothing" in sheet.total()
        sheet.choose("Wrong only")
        assert sheet.shown() == ["tokens"]
        sheet.choose("Due again")
        assert sheet.shown() == [] and "no question can be due here" in sheet.said()
        sheet.choose("Mixed")
        first = sheet.shown()
        page.get_by_role("button", name="Next question").press("Enter")
        assert len(first) == 1 and sheet.shown() != first
        sheet.choose("By chapter")
        assert sheet.verdicts() == {"tokens": "wrong"} and faults == theme


def test_a_memory_of_a_newer_page_is_not_touched(practice):
    newer = '{"version": 3, "questions": {}}'
    sheet = practice(f"localStorage.setItem('self-test', {json.dumps(newer)})")
    assert "newer edition" in sheet.total()
    sheet.open("tokens")
    assert "Right" in sheet.ask(ALL["tokens"], "49")
    assert sheet.page.evaluate("localStorage.getItem('self-test')") == newer


# --- how it looks -------------------------------------------------------------------------------------------------------


def luminance(colour: np.ndarray) -> float:
    c = np.asarray(colour[:3]) / 255
    return float(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("width", [320, 390, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_an_empty_bar_looks_empty_and_a_half_full_one_half_full(width, dark, practice):
    sheet = practice(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    if dark:
        darken(sheet.page)

    def bar(share: float) -> np.ndarray:
        """The middle row of the bar's picture, a few pixels of the page on both sides."""
        node = sheet.page.locator(".qz-sum .qz-bar")
        node.locator("span").evaluate(f"it => (it.style.inlineSize = '{100 * share}%')")
        node.scroll_into_view_if_needed()
        box = node.bounding_box()
        clip = {"x": box["x"] - 4, "y": box["y"], "width": box["width"] + 8, "height": box["height"]}
        picture = np.asarray(Image.open(io.BytesIO(sheet.page.screenshot(clip=clip))).convert("RGB"))
        return picture[len(picture) // 2].astype(float)

    empty, half, full = bar(0), bar(0.5), bar(1)
    page, inside = empty[1], empty[12:-12]
    assert np.abs(inside - page).max() < 3  # nothing but the page itself
    assert contrast(empty[5], page) >= 3 and contrast(empty[-6], page) >= 3  # its outline
    assert contrast(half[12], inside[0]) >= 3 and np.abs(half[-12] - inside[0]).max() < 3
    filled = np.abs(half - half[12]).max(-1) < 3
    assert abs(filled.sum() - len(half) / 2) < 12
    assert np.abs(full[-12] - half[12]).max() < 3


def test_every_mode_is_accessible_and_fits(browser):
    records = {q["id"]: record("7", False, "2026-03-02") for q in OF_KIND["number"][:3]}
    script = remember(records)
    with watched(browser, script, reduced_motion="reduce", viewport={"width": 320, "height": 640}) as (page, faults):
        page.goto(PAGE)
        settle(page)
        sheet = Practice(page)
        page.locator(".qz-carry > summary").press("Enter")
        for mode in ("By chapter", "Wrong only", "Mixed", "Due again"):
            sheet.choose(mode)
            settle(page)
            assert overflow(page) == [] and violations(page) == [], mode
        darken(page)
        assert violations(page, ["color-contrast"]) == []
        assert faults == []


def test_paper_has_all_chapters_open(practice):
    sheet = practice()
    sheet.page.emulate_media(media="print")
    frames(sheet.page, 2)
    assert sheet.shown() == list(ALL) and not sheet.page.locator(".qz-fold > summary").first.is_visible()
    sheet.page.emulate_media(media="screen")
    frames(sheet.page, 2)
    assert sheet.shown() == []
