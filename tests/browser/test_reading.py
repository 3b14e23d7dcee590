"""A chapter as a reader meets it: how much of it is code, what is cut off, how far down it moves, how far Tab has to go."""

import json
import re

import pytest

from tests.browser.checks import HTML, settle, watched
from tools.notebooks import names

CHAPTERS = sorted(path for path in (HTML / "notebooks").glob("*.html") if re.match(r"\d\d[a-z]?_", path.name))
CODE = 0.20  # of the height of the page that visible code may take, exercises aside
STOPS = 25  # of the Tab key before the first explorer, beyond those of the theme
EARLY = 1.5  # screens of 1280 x 720 before something moves, in the first chapters
FIRST = ("00", "01", "02", "03", "04", "05")

# Cells of exercises are for writing in, and not counted.
MEASURED = """() => {
  const main = document.querySelector("article.bd-article");
  const top = (node) => node.getBoundingClientRect().top + scrollY;
  const practice = main.querySelector("section#practice");
  const end = practice ? top(practice) : top(main) + main.offsetHeight;
  const inputs = [...main.querySelectorAll("div.cell_input")].filter((it) => it.checkVisibility() && top(it) < end)
    .filter((it) => !it.textContent.includes("from classroom.exercises"));
  const height = (nodes) => nodes.reduce((sum, it) => sum + it.offsetHeight, 0);
  const cut = (node) => node.scrollWidth > node.clientWidth + 1;
  const explorer = main.querySelector("figure.kx");
  const stops = [...main.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((it) => it.checkVisibility() && !it.disabled && !it.matches(".headerlink"));
  return {
    code: height(inputs) / (end - top(main)),
    cutCode: inputs.flatMap((it) => [...it.querySelectorAll("pre")]).filter(cut).map((it) => it.textContent.slice(0, 60)),
    cutFormulas: [...main.querySelectorAll("mjx-container[display=true]")]
      .filter((it) => it.checkVisibility() && (cut(it) || cut(it.parentElement)))
      .map((it) => (it.querySelector("mjx-assistive-mml") ?? it).textContent.slice(0, 60)),
    claims: inputs.filter((it) => /\\bclaim\\(/.test(it.textContent)).length
      + [...main.querySelectorAll(".cell_output pre")]
        .filter((it) => it.checkVisibility() && /^claim /m.test(it.textContent)).length,
    stops: explorer ? stops.findIndex((it) => explorer.contains(it)) : 0,
    explorer: explorer ? (top(explorer) - 0) / innerHeight : null,
    formulas: [...main.querySelectorAll("mjx-container[tabindex]")].length,
  };
}"""


@pytest.fixture(scope="module")
def measured(browser, server):
    """What was measured of each chapter, by width."""
    found = {}
    with watched(browser, reduced_motion="reduce", viewport={"width": 1400, "height": 900}) as (page, _):
        for path in CHAPTERS:
            page.set_viewport_size({"width": 1400, "height": 900})
            page.goto(f"{server}/notebooks/{path.name}")
            settle(page)
            wide = page.evaluate(MEASURED)
            page.set_viewport_size({"width": 1280, "height": 720})
            settle(page)
            found[path.stem] = {1400: wide, 1280: page.evaluate(MEASURED)}
    print(json.dumps(found, indent=1, ensure_ascii=False))
    return found


@pytest.mark.parametrize("stem", [path.stem for path in CHAPTERS])
def test_a_fifth_of_a_page_is_code_at_most_and_nothing_is_cut(measured, stem):
    wide, laptop = measured[stem][1400], measured[stem][1280]
    assert wide["code"] <= CODE
    assert wide["cutCode"] == []
    assert wide["cutFormulas"] == [] and laptop["cutFormulas"] == []
    assert wide["claims"] == 0


BELOW = ("08", "13")  # whose explorer stands where it is needed, below


@pytest.mark.parametrize("stem", [path.stem for path in CHAPTERS if names.short(path.stem) not in BELOW])
def test_the_tab_key_comes_to_an_explorer(measured, stem):
    wide = measured[stem][1400]
    assert wide["formulas"] == 0 and wide["stops"] <= STOPS


@pytest.mark.parametrize("stem", [path.stem for path in CHAPTERS if names.short(path.stem) in FIRST])
def test_something_moves_early(measured, stem):
    assert measured[stem][1280]["explorer"] is not None and measured[stem][1280]["explorer"] <= EARLY


# ---- on a phone ------------------------------------------------------------------------------------------------------

# Wherever a quarter of a picture's height, or a half, or three, is in sight, so is its first control, and leaves room for it.
TOGETHER = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const found = [];
  for (const figure of document.querySelectorAll("figure.kx-live")) {
    const canvas = figure.querySelector("canvas"), board = figure.querySelector(".kx-board");
    if (!canvas || !board) continue;
    for (const part of [0.25, 0.5, 0.75]) {
      const box = canvas.getBoundingClientRect();
      scrollTo(0, scrollY + box.top + part * box.height - innerHeight * 0.3);
      await frame(); await frame();
      const control = board.getBoundingClientRect();
      const seen = (it) => { const b = it.getBoundingClientRect(); return b.bottom <= innerHeight + 1 && b.top >= 0; };
      const first = board.querySelector("input, select");
      if (!seen(first)) found.push(`${figure.id} at ${part}: its first control is out of sight`);
      if (control.bottom > innerHeight + 1) found.push(`${figure.id} at ${part}: its controls do not stick`);
      if (control.height > 0.5 * innerHeight) found.push(`${figure.id}: its controls take ${Math.round(control.height)} pixels`);
    }
  }
  return found;
}"""


@pytest.mark.parametrize(
    "address",
    ["book/explorers", "notebooks/01_two_moons", "notebooks/07_solvers_and_the_k_budget", "notebooks/12_image_runs"],
)
def test_on_a_phone_one_sees_what_one_moves(address, browser, server):
    """In the gallery all of them, and in chapters, where an explorer stands in the output of a cell."""
    with watched(browser, reduced_motion="reduce", viewport={"width": 390, "height": 844}) as (page, _):
        page.goto(f"{server}/{address}.html")
        settle(page)
        for figure in page.query_selector_all("figure.kx"):  # each comes to life where it is seen
            figure.scroll_into_view_if_needed()
            page.wait_for_timeout(50)
        page.wait_for_function(
            "() => [...document.querySelectorAll('figure.kx-live canvas')].every((it) => !it.hidden)", timeout=60_000
        )
        assert page.evaluate(TOGETHER) == []
        assert page.evaluate("document.querySelectorAll('figure.kx-live canvas').length") >= (
            8 if "explorers" in address else 1
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


# ---- predictions -----------------------------------------------------------------------------------------------------


def test_a_prediction_is_answered_resolved_and_remembered(browser, server):
    with watched(browser, reduced_motion="reduce") as (page, faults):
        page.goto(f"{server}/notebooks/07_solvers_and_the_k_budget.html")
        settle(page)
        box = page.locator(".predict[data-right]").first
        right = int(box.get_attribute("data-right")) - 1
        answers, said, fold = box.locator("ol button"), box.locator(".k-said"), box.locator("details.k-seen")
        assert answers.count() == 4 and said.inner_text() == "" and fold.get_attribute("open") is None
        answers.nth((right + 1) % 4).click()
        assert "otherwise" in said.inner_text() and fold.get_attribute("open") is not None
        answers.nth(right).press("Enter")
        assert said.inner_text().startswith("Yes") and answers.nth(right).get_attribute("aria-pressed") == "true"
        page.reload()
        settle(page)
        assert page.locator(".predict .k-said").first.inner_text() == "You predicted it."
        assert page.locator(".predict details.k-seen").first.get_attribute("open") is None
        assert faults == []


@pytest.mark.parametrize("name", ["book/self_test", "notebooks/04_ddpm"])
def test_an_address_that_was_cut_breaks_no_page(browser, server, name):
    """Mail and chat programs cut links in the middle of a letter."""
    with watched(browser, viewport={"width": 1280, "height": 720}) as (page, faults):
        page.goto(f"{server}/{name}.html#%E2%80")
        settle(page)
        if name == "book/self_test":
            assert page.locator(".qz-modes input:checked").count() == 1  # it has started
        assert faults == []


def test_a_link_opens_the_second_reading_that_it_leads_to(browser, server):
    """By the address, by a click, and a second time after it was closed."""
    within = "second-reading-the-bound-to-the-last-nat"
    folded = f"#{within} > details.second"
    with watched(browser, viewport={"width": 1280, "height": 720}) as (page, faults):
        page.goto(f"{server}/notebooks/04_ddpm.html#{within}")
        settle(page)
        assert page.locator(folded).evaluate("it => it.open")
        page.goto(f"{server}/notebooks/04_ddpm.html")
        settle(page)
        assert not page.locator(folded).evaluate("it => it.open")
        for _ in range(2):
            page.locator(f".page-toc a[href='#{within}']:visible").click()
            page.wait_for_function(f"() => document.querySelector('{folded}').open")
            assert abs(page.locator(f"#{within}").bounding_box()["y"]) < 200
            page.locator(f"{folded} > summary").click()
            assert not page.locator(folded).evaluate("it => it.open")
        assert faults == []
