"""The gotchas in Chromium: wrong beside right where there is room, below each other on a phone, and no line cut off."""

import pytest

from tests.browser.checks import HTML, overflow, settle
from tools.site.gotchas import pairs

PLACES = """() => [...document.querySelectorAll('.k-pair')].map((pair) => {
  const [a, b] = [...pair.children].map((side) => side.getBoundingClientRect());
  const pre = [...pair.querySelectorAll('pre')];
  return { beside: Math.abs(a.top - b.top) < 1 && a.right <= b.left, below: a.bottom <= b.top,
           cut: pre.some((one) => one.scrollWidth > one.clientWidth + 1) };
})"""
ROWS = """() => [...document.querySelectorAll('.k-stack tbody tr')].map((row) => {
  const tops = [...row.children].map((cell) => cell.getBoundingClientRect().top);
  return new Set(tops).size;
})"""


@pytest.mark.parametrize(("width", "beside"), [(1400, True), (1280, True), (390, False), (320, False)])
def test_pairs_and_the_table_find_room(browser, width, beside):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((HTML / "book" / "gotchas.html").as_uri())
    settle(page)
    found = page.evaluate(PLACES)
    assert len(found) == len(pairs())
    assert all(one["beside"] is beside and one["below"] is not beside and not one["cut"] for one in found)
    assert set(page.evaluate(ROWS)) == {1 if beside else 3}
    assert overflow(page) == []
    page.close()


def test_the_page_needs_no_script(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((HTML / "book" / "gotchas.html").as_uri())
    assert page.locator(".k-pair").count() == len(pairs())
    assert page.locator(".k-wrong").first.get_by_text("Wrong").is_visible()
    context.close()
