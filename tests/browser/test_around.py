"""The glossary on hover, the list of references and the claims ledger, as a reader uses them."""

import re
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.browser.checks import HTML, darken, overflow, settle, violations, watched

PAGES = sorted([*HTML.glob("notebooks/*.html"), *HTML.glob("book/*.html")])
CHAPTERS = [path for path in PAGES if path.parent.name == "notebooks" and re.match(r"\d\d[a-z]?_", path.name)]
CHAPTER = "notebooks/07_solvers_and_the_k_budget.html"
STOPS = 60  # terms on a page that the Tab key comes to


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(), "html.parser")


def text(tag) -> str:
    return " ".join(tag.get_text().split())


# --- references ------------------------------------------------------------------------------------------------------


@cache
def works() -> dict[str, str]:
    """The label of each work, by its anchor."""
    return {
        it["id"]: text(it.select_one(".label")).strip("[]") + "]"
        for it in soup(HTML / "book/references.html").select(".citation")
    }


def test_the_list_is_keyed_and_sorted_as_the_text_cites():
    labels = [*works().values()]
    assert len(labels) > 60 and {"Ho et al. [2020]", "Karras et al. [2024a]", "Karras et al. [2024b]"} <= set(labels)
    cited = 0
    for path in PAGES:
        for found in soup(path).select(".bibtex-citation"):
            links = found.select("a.reference")
            said = text(found)
            for link in links:
                label = works()[link["href"].partition("#")[2]]
                authors, year = re.fullmatch(r"(.+) \[(.+)\]", label).groups()
                assert label in said or f"{authors}, {year}" in said, (path.name, said, label)
            cited += len(links)
    assert cited > 300


def test_every_work_has_an_address_and_the_pages_that_cite_it():
    for it in soup(HTML / "book/references.html").select(".citation"):
        assert [a for a in it.select("a.external") if a["href"].startswith("https://")], text(it)
        assert text(it.select_one(".k-places")).startswith("Cited in ") and it.select(".k-places a"), text(it)


# --- terms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_shows_its_terms_and_no_reader_drowns(path):
    page = soup(path)
    links = page.select("a.k-term")
    assert len(links) >= (2 if path.name.startswith("00") else 30)  # chapter 00 has hardly any words
    assert sum(not link.has_attr("tabindex") for link in links) <= STOPS
    assert (
        page.select("h1 .k-term, h2 .k-term, h3 .k-term, pre .k-term, code .k-term, a .k-term, .predict .k-term") == []
    )
    assert page.select("table .k-term, figcaption .k-term, button .k-term, label .k-term, summary .k-term") == []
    boxes = {box["id"]: box for box in page.select(".k-def[role=tooltip]")}
    assert {link["aria-describedby"] for link in links} == set(boxes)
    entries = {tag["id"] for tag in soup(HTML / "book/glossary.html").select("dt[id]")}
    assert {link["href"].partition("#")[2] for link in links} <= entries
    for section in page.select("article section > section"):
        if section.find_parent("section").find_parent("section") is None:
            targets = [link["href"] for link in section.select("a.k-term")]
            assert len(set(targets)) == len(targets), section.get("id")


def test_a_formula_in_a_box_is_set_on_every_page_that_has_one():
    for path in PAGES:
        if any(r"\(" in it.get_text() for it in soup(path).select(".k-def")):
            assert soup(path).select("script[src*=mathjax]"), path.name


SHOWN = "[...document.querySelectorAll('.k-def')].filter((it) => it.checkVisibility()).map((it) => it.id)"
# The box lies within the screen, and not on a line of its own term.
APART = """() => {
  const box = document.querySelector(".k-open").getBoundingClientRect();
  const term = document.querySelector(`a[aria-describedby=${document.querySelector(".k-open").id}]`);
  const lines = [...term.getClientRects()];
  return box.left >= 0 && box.right <= innerWidth && lines.every((it) => it.bottom <= box.top || it.top >= box.bottom);
}"""


def test_a_term_explains_itself_to_the_mouse_and_to_the_tab_key(browser, server):
    with watched(browser, reduced_motion="reduce", viewport={"width": 1280, "height": 720}) as (page, faults):
        page.goto(f"{server}/{CHAPTER}")
        settle(page)
        assert page.evaluate(SHOWN) == []
        term = page.locator("a.k-term", has_text="perfect sample").first
        term.hover()
        page.wait_for_selector(".k-open")
        assert page.evaluate(SHOWN) == ["k-def-term-perfect-sample"] and page.evaluate(APART)
        page.locator(".k-open").hover()  # one may point at the box
        page.wait_for_timeout(400)
        assert page.evaluate(SHOWN) == ["k-def-term-perfect-sample"]
        page.mouse.move(2, 2)
        page.wait_for_function(f"() => {SHOWN}.length === 0")
        term.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.evaluate(SHOWN) == ["k-def-term-perfect-sample"]
        assert violations(page) == []
        darken(page)
        assert violations(page, ["color-contrast", "link-in-text-block"]) == []
        page.keyboard.press("Escape")
        assert page.evaluate(SHOWN) == [] and page.evaluate("document.activeElement.textContent") == "perfect sample"
        page.keyboard.press("Enter")
        page.wait_for_url("**/glossary.html#term-perfect-sample")
        assert faults == []


def test_on_a_phone_a_tap_explains_and_a_second_one_leads_on(browser, server):
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}
    with watched(browser, **options) as (page, faults):
        page.goto(f"{server}/{CHAPTER}")
        settle(page)
        count = page.locator("a.k-term").count()
        for place in (0, 4, count // 2):
            term = page.locator("a.k-term").nth(place)
            if not term.is_visible():
                continue
            term.scroll_into_view_if_needed()
            term.tap()
            page.wait_for_selector(".k-open")
            assert page.url.endswith(CHAPTER) and page.evaluate(APART) and overflow(page) == []
            page.keyboard.press("Escape")
        page.locator("a.k-term").first.scroll_into_view_if_needed()
        page.locator("a.k-term").first.tap()
        page.locator("article h1").first.tap()
        assert page.evaluate(SHOWN) == []
        page.locator("a.k-term").first.tap()
        page.locator("a.k-term").first.tap()
        page.wait_for_url("**/glossary.html#term-*")
        assert faults == []


# --- the ledger ------------------------------------------------------------------------------------------------------


def said(page) -> list[int]:
    """What the ledger announces: numbers left, all numbers, sentences left, all sentences."""
    return [int(it) for it in re.findall(r"\d+", page.locator(".k-filter [role=status]").inner_text())]


def test_the_ledger_is_filtered_by_words_and_by_chapter(browser, server):
    with watched(browser, reduced_motion="reduce", viewport={"width": 1280, "height": 720}) as (page, faults):
        page.goto(f"{server}/book/claims.html")
        settle(page)
        numbers, all_numbers, sentences, all_sentences = said(page)
        assert (numbers, sentences) == (all_numbers, all_sentences) and numbers > 900
        assert page.evaluate("document.documentElement.scrollHeight") < 4000  # folded
        words, chapter = page.get_by_label("Words", exact=True), page.get_by_label("Chapter", exact=True)
        words.press_sequentially("recall guidance")
        left = page.locator("tbody tr:visible")
        assert said(page)[0] == left.count() and 0 < left.count() < 100
        assert all("recall" in it.lower() and "guidance" in it.lower() for it in left.all_inner_texts())
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        assert said(page)[0] == numbers and left.count() == 0
        chapter.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert said(page)[0] == left.count() == page.locator("details.k-ledger:visible tbody tr").count() > 20
        words.fill("no such words")
        assert said(page)[0] == said(page)[2] == 0
        words.fill("β")
        greek = said(page)[0]
        words.fill("beta")
        assert said(page)[0] == greek
        chapter.select_option("")
        words.fill("Fréchet")
        accented = said(page)[0]
        words.fill("frechet")
        assert said(page)[0] == accented > 30
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        words.fill("")
        page.locator("details.k-ledger summary").nth(1).click()
        settle(page)
        assert overflow(page) == []
        assert faults == []


def test_the_ledger_is_read_without_a_script(browser, server):
    with watched(browser, java_script_enabled=False) as (page, _):
        page.goto(f"{server}/book/claims.html")
        assert page.locator(".k-filter").count() == 0 and page.locator("tbody tr:visible").count() == 0
        page.locator("details.k-ledger summary").nth(1).click()
        assert page.locator("tbody tr:visible").count() > 20
