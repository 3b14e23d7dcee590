"""The museum played in Chromium: by mouse and by keys, right and wrong, with a store and without one."""

import pytest

from tests.browser.checks import HTML, darken, overflow, settle, violations, watched
from tools.notebooks.names import MUSEUM

PAGE = HTML / "notebooks" / f"{MUSEUM}.html"
# The theme asks for its own keys without a thought, so only those of this page are refused.
REFUSED = """for (const name of ["getItem", "setItem", "removeItem"]) {
  const kept = Storage.prototype[name];
  Storage.prototype[name] = function (key, ...rest) {
    if (key.startsWith("predict")) throw new DOMException("no", "SecurityError");
    return kept.call(this, key, ...rest);
  };
}"""
QUICK = {"formulas": False, "reduced_motion": "reduce"}


def score(page) -> str:
    return page.locator(".k-score").inner_text()


def right(box) -> int:
    """The place of the right answer, from 0."""
    return int(box.get_attribute("data-right")) - 1


def test_an_exhibit_is_solved_by_guessing_and_remembered(browser):
    with watched(browser, **QUICK) as (page, faults):
        page.goto(PAGE.as_uri())
        settle(page)
        boxes = page.locator(".diagnosis")
        many = boxes.count()
        assert many == 25 and f"0 of {many} exhibits solved, 0 guesses spent." == score(page)
        box = boxes.nth(3)
        answers, whys, fold = box.locator("ol button"), box.locator(".k-why"), page.locator("details.second").nth(3)
        assert fold.locator("text=import linear_schedule").count() and not fold.evaluate("it => it.open")
        place = right(box)
        wrong = (place + 1) % answers.count()
        answers.nth(wrong).click()
        assert whys.nth(wrong).inner_text().startswith("No. ") and not fold.evaluate("it => it.open")
        answers.nth(wrong).click()  # the same answer again is no second guess
        assert f"0 of {many} exhibits solved, 1 guess spent." == score(page)
        answers.nth(place).press("Enter")
        assert whys.nth(place).inner_text().startswith("Right. ") and fold.evaluate("it => it.open")
        assert score(page) == f"1 of {many} exhibits solved, 2 guesses spent. Those solved took 2, and their par is 1."
        assert "Exhibit 4 of 25, 2 guesses spent, 2 of them here (par 1)." == box.locator(".k-said").inner_text()
        answers.nth((place + 2) % answers.count()).click()  # once solved, the others are free
        assert "2 guesses spent" in score(page) and whys.nth((place + 2) % answers.count()).inner_text()
        assert page.locator(".k-plan li").nth(3).inner_text().endswith("✓ 2 guesses")
        page.reload()
        settle(page)
        assert "1 of 25 exhibits solved, 2 guesses spent." in score(page)
        assert page.locator(".diagnosis").nth(3).locator(".k-why").nth(wrong).inner_text().startswith("No. ")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Begin again").press("Enter")
        page.wait_for_function("() => document.querySelector('.k-score')?.textContent.startsWith('0 of 25')")
        assert page.locator(".diagnosis .k-why:not(:empty)").count() == 0
        assert faults == []


def test_a_reset_that_is_refused_forgets_nothing(browser):
    with watched(browser, **QUICK) as (page, _):
        page.goto(PAGE.as_uri())
        settle(page)
        page.locator(".diagnosis ol button").first.click()
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="Begin again").click()
        assert "1 guess spent" in score(page)


def test_every_answer_has_its_own_reply(browser):
    """All of them, by keys alone; each is announced, and one of each exhibit is right."""
    with watched(browser, **QUICK) as (page, faults):
        page.goto(PAGE.as_uri())
        settle(page)
        script = """() => [...document.querySelectorAll(".diagnosis")].map((box) => {
          const before = [...box.querySelectorAll(".k-why")].map((it) => it.textContent);
          box.querySelectorAll("ol button").forEach((it) => { it.focus(); it.click(); });
          return [before.join(""), [...box.querySelectorAll(".k-why[role=status]")].map((it) => it.textContent.trim())];
        })"""
        for before, replies in page.evaluate(script):
            assert before == "" and len(replies) in (4, 5) and len({*replies}) == len(replies)
            assert sum(reply.startswith("Right. ") for reply in replies) == 1
            assert sum(reply.startswith("No. ") for reply in replies) == len(replies) - 1
        assert score(page).startswith("25 of 25 exhibits solved")
        assert faults == []


def test_it_is_played_without_a_store(browser):
    with watched(browser, REFUSED, **QUICK) as (page, faults):
        page.goto(PAGE.as_uri())
        settle(page)
        box = page.locator(".diagnosis").first
        box.locator("ol button").nth(right(box)).click()
        assert score(page).startswith("1 of 25 exhibits solved, 1 guess spent.")
        assert faults == []


def test_guesses_that_are_none_are_left_aside(browser):
    fill = """for (const it of ["finite_weights", "odd_line"])
      localStorage.setItem(`predict 16_bug_museum.html guess-${it}`, "-1 x 1.5 99 0 0")"""
    with watched(browser, fill, **QUICK) as (page, faults):
        page.goto(PAGE.as_uri())
        settle(page)
        assert score(page) == "0 of 25 exhibits solved, 2 guesses spent." and faults == []


def test_two_tabs_lose_no_guess(browser):
    with watched(browser, **QUICK) as (page, faults):
        other = page.context.new_page()
        for tab in (page, other):
            tab.goto(PAGE.as_uri())
            settle(tab)
        for tab, place in ((page, 0), (other, 3)):
            tab.locator(".diagnosis ol button").nth(place).click()
        # The other tab hears of the first one's guess by an event of the store.
        other.wait_for_function("() => document.body.textContent.includes('2 guesses spent')")
        assert score(other) == "0 of 25 exhibits solved, 2 guesses spent."
        page.reload()
        settle(page)
        assert score(page) == score(other) and faults == []


def test_an_answer_is_a_button_and_nothing_else(browser):
    """No link within, which would be a second stop of the Tab key and mark one answer among others."""
    with watched(browser, **QUICK) as (page, _):
        page.goto(PAGE.as_uri())
        settle(page)
        assert page.locator(".diagnosis button").count() > 60
        assert page.locator("button a, button button, button [tabindex]").count() == 0


def test_it_is_read_without_scripts(browser):
    with watched(browser, java_script_enabled=False) as (page, _):
        page.goto(PAGE.as_uri())
        box = page.locator(".diagnosis").first
        assert box.locator("ol > li").first.is_visible() and box.locator("button").count() == 0
        reply = box.locator("details.k-seen ol > li").nth(right(box))
        assert not reply.is_visible()
        box.locator("details.k-seen > summary").click()
        assert reply.is_visible() and reply.inner_text().startswith("Right. ")
        law = page.locator("details.second").first
        law.locator("summary").first.click()
        assert law.get_by_text("FAILS: every weight of a step").is_visible()


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_a_played_page_fits_and_is_accessible(browser, width):
    with watched(browser, reduced_motion="reduce", viewport={"width": width, "height": 800}) as (page, faults):
        page.goto(PAGE.as_uri())
        settle(page)
        for box in page.locator(".diagnosis").all()[:3]:
            for answer in box.locator("ol button").all():
                answer.click()
        assert overflow(page) == []
        if width == 1280:
            assert violations(page) == []
            darken(page)
            assert violations(page, ["color-contrast", "link-in-text-block"]) == []
        assert faults == []
