"""Code on the pages around the chapters, as a reader meets it: nothing cut off, and every link to a line opens it."""

import pytest

from tests.browser.checks import HTML, darken, overflow, settle, violations, watched

PAGES = ("extension_menu", "api")
OPEN = "document.querySelectorAll('details.k-fold').forEach((it) => (it.open = true))"
# Boxes of code whose lines do not fit, with what Tab makes of them.
CUT = """[...document.querySelectorAll('.bd-article pre')].filter((it) => it.scrollWidth > it.clientWidth + 1)
  .map((it) => [it.textContent.slice(0, 60), it.tabIndex, getComputedStyle(it).overflowX])"""
# The longest line that stands in one row, and the shortest that goes on in a second, in characters.
ROWS = """(() => {
  const lines = [...document.querySelectorAll('.k-lines [data-n]')].filter((it) => it.checkVisibility());
  const one = parseFloat(getComputedStyle(lines[0]).lineHeight) * 1.5;
  const lengths = (long) => lines.filter((it) => it.offsetHeight > one === long).map((it) => it.textContent.trimEnd().length);
  return [Math.max(...lengths(false)), Math.min(...lengths(true))];
})()"""


@pytest.fixture(params=PAGES)
def opened(request, browser):
    """A page with every fold open."""
    with watched(browser, reduced_motion="reduce", viewport={"width": 1400, "height": 900}) as (page, faults):
        page.goto((HTML / "book" / f"{request.param}.html").as_uri())
        page.evaluate(OPEN)
        settle(page)
        yield page
        assert faults == []


def test_no_line_is_cut_off(opened):
    """A line of 88 characters fits at 1400 pixels; a longer one, or one on a narrower screen, goes on in a second row."""
    assert opened.evaluate(CUT) == []
    assert opened.evaluate(ROWS)[1] > 88
    opened.set_viewport_size({"width": 1280, "height": 720})
    settle(opened)
    assert opened.evaluate(CUT) == []


def test_code_scrolls_in_its_own_box_on_a_phone(opened):
    opened.set_viewport_size({"width": 390, "height": 800})
    opened.wait_for_function(
        f"() => ({CUT}).length && ({CUT}).every(([, tab]) => tab === 0)"
    )  # the theme looks when it has time
    assert {how for _, _, how in opened.evaluate(CUT)} == {"auto"}
    assert overflow(opened) == []


def test_a_listing_that_one_opens_is_a_stop_of_the_tab_key(browser):
    with watched(browser, viewport={"width": 390, "height": 800}) as (page, _):
        page.goto((HTML / "book" / "extension_menu.html").as_uri())
        settle(page)
        page.locator(".k-fold > summary").first.press("Enter")
        page.wait_for_function("() => document.querySelector('.k-fold pre').tabIndex === 0", timeout=10_000)


def test_open_listings_are_accessible(opened):
    if opened.url.endswith("extension_menu.html"):  # all of lib would take a minute, and looks the same
        assert violations(opened) == []
        darken(opened)
        assert violations(opened, ["color-contrast", "link-in-text-block"]) == []


def test_a_link_to_a_line_opens_its_file(browser):
    with watched(browser, viewport={"width": 1280, "height": 720}) as (page, faults):
        page.goto((HTML / "book" / "api.html").as_uri())
        settle(page)
        line = page.locator("section[id='lib.samplers.rk4'] .k-source a")
        target = line.get_attribute("href")
        assert not page.locator(f"[id='{target[1:]}']").is_visible()
        for _ in range(2):  # and again, after it was closed
            line.click()
            page.wait_for_function("() => document.querySelector(':target').checkVisibility()")
            assert "def rk4(" in page.locator(":target").inner_text()
            assert 0 <= page.locator(":target").bounding_box()["y"] < 720
            page.locator(f"details:has([id='{target[1:]}'])").evaluate("it => (it.open = false)")
        page.goto((HTML / "book" / "extension_menu.html").as_uri())
        settle(page)
        page.locator(".k-code figcaption a").first.click()
        page.wait_for_function("() => document.querySelector(':target')?.checkVisibility()")
        assert "RK4" in page.locator(":target").inner_text() and page.url.startswith(
            (HTML / "book" / "api.html").as_uri()
        )
        assert faults == []


def test_what_one_copies_is_code(browser):
    """Line numbers and signs are drawn, and not selected."""
    with watched(browser) as (page, _):
        page.goto((HTML / "book" / "extension_menu.html").as_uri())
        settle(page)
        text = page.locator(".k-code pre").first.evaluate(
            "it => { getSelection().selectAllChildren(it); return `${getSelection()}` }"
        )
        assert text.startswith('@rule(label="RK4"') and "158" not in text
        assert [line for line in text.split("\n") if line.strip()][2] == "    h, middle = step.h, (step.t + step.s) / 2"
