"""Pages with a content security policy, from a server and from a file: nothing that they need is refused."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import HTML, settle, watched
from tests.browser.test_questions import ALL, Sheet, right_answer

PRINTED = "window.print = () => { window.printed = true; }"


@pytest.fixture(params=["server", "file"])
def guarded(request, browser, server):
    """Opens a page of the book that has a policy; at the end nothing was refused. A search from a file has no excerpts anyway."""
    root = server if request.param == "server" else HTML.as_uri()
    with watched(browser, PRINTED, permissions=["clipboard-read", "clipboard-write"]) as (page, faults):

        def open_page(address: str):
            page.goto(f"{root}/{address}")
            assert page.locator("meta[http-equiv=Content-Security-Policy]").count() == 1
            settle(page)
            return page

        yield open_page
        assert [line for line in faults if "Content Security Policy" in line] == []


@pytest.mark.parametrize("name", ["glossary", "notation", "gotchas", "claims", "self_test"])
def test_formulas_are_set(guarded, name):
    page = guarded(f"book/{name}.html")
    assert page.locator("mjx-container mjx-math").count() >= 9
    width = "els => Math.min(...els.filter((it) => it.checkVisibility()).map((it) => it.getBoundingClientRect().width))"
    assert page.locator("main mjx-math").evaluate_all(width) > 0


def test_a_question_is_judged(guarded):
    sheet = Sheet(guarded("book/self_test.html"))
    sheet.page.evaluate("() => { for (const it of document.querySelectorAll('.qz-fold')) it.open = true; }")
    for kind in ("choice", "number", "formula", "order"):
        question = next(it for it in ALL.values() if it["kind"] == kind)
        sheet.answer(question, right_answer(question))
        assert sheet.verdicts()[question["id"]] == "right"


def test_a_guess_is_judged(guarded):
    page = guarded("notebooks/16_bug_museum.html")
    page.locator(".diagnosis button").first.click()
    expect(page.locator(".diagnosis").first.locator(".k-why:not(:empty)")).to_have_count(1)


def test_a_search_finds(guarded):
    page = guarded("search.html?q=guidance")
    expect(page.locator("#search-results li a").first).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("address", ["genindex.html", "book/glossary.html", "book/gotchas.html", "search.html"])
def test_the_theme_changes(guarded, address):
    page = guarded(address)
    seen = set()
    for _ in range(3):
        page.locator("button.theme-switch-button:visible").first.click()
        seen.add(page.locator("html").get_attribute("data-mode"))
    assert seen == {"auto", "light", "dark"}


def test_code_is_copied(guarded):
    page = guarded("book/cite.html")
    code = page.locator(".highlight:has(.copybtn)").first
    code.hover()
    code.locator(".copybtn").click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.strip() == code.locator("pre").inner_text().strip() != ""


def test_a_page_is_printed(guarded):
    page = guarded("book/glossary.html")
    page.evaluate("() => document.querySelector('[onclick=\"window.print()\"]').click()")
    assert page.evaluate("() => window.printed")
