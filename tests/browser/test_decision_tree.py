"""The decision tree in the browser: Back and Forward, keyboard, links by name, and a map that can be read at every width."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests.browser.checks import HTML, darken, frames, overflow, settle, violations, watched
from tests.browser.explorers import idle, small
from tests.test_decision_tree import ENDS, nodes
from tools.site import tree

FIGURE = "explorer-decision-tree"
PAGE = HTML / "book" / "decision_tree.html"
EXPLORERS = HTML / "book" / "explorers.html"
DEEPEST = "noise-in-the-last-step"  # three answers deep, in the largest branch
WIDTHS = (1400, 1280, 768, 390, 320)

# The boxes of words in the map that a line of it crosses, or that lie over each other, or stand out of the figure.
CROSSED = """(id) => {
  const map = document.querySelector(`#${id} .kx-map`);
  const names = [...map.querySelectorAll("button")].map((node) => [node.textContent, node.getBoundingClientRect()]);
  const inside = (box, x, y) => x > box.left + 1 && x < box.right - 1 && y > box.top + 1 && y < box.bottom - 1;
  const faults = [];
  for (const path of map.querySelectorAll("path")) {
    const corner = path.ownerSVGElement.getBoundingClientRect();
    const length = path.getTotalLength();
    for (let at = 0; at <= length; at += 2) {
      const { x, y } = path.getPointAtLength(at);
      for (const [name, box] of names) if (inside(box, x + corner.left, y + corner.top)) faults.push(`a line crosses ${name}`);
    }
  }
  const frame = document.getElementById(id).getBoundingClientRect();
  names.forEach(([name, a], i) => {
    if (a.left < frame.left || a.right > frame.right) faults.push(`${name} stands out`);
    for (const [other, b] of names.slice(i + 1)) {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width > 1 && height > 1) faults.push(`${name} lies over ${other}`);
    }
  });
  return [...new Set(faults)];
}"""


@pytest.fixture
def page(browser):
    with watched(browser, viewport={"width": 1280, "height": 720}) as (page, faults):
        page.goto(PAGE.as_uri())
        idle(page, FIGURE)
        yield page
        assert faults == []


def card(page: Page) -> str:
    """The question or the title that is shown."""
    return page.locator(f"#{FIGURE} .kx-card :is(.kx-question, .kx-title)").text_content()


def answer(page: Page, text: str) -> None:
    page.locator(f"#{FIGURE} .kx-answers").get_by_role("button", name=text, exact=True).click()


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.textContent")


def steps_back(page: Page, to: str) -> bool:
    """Whether the figure shows this, at once or after the history has moved."""
    page.wait_for_function(
        "([id, text]) => document.querySelector(`#${id} .kx-card :is(.kx-question, .kx-title)`).textContent === text",
        arg=[FIGURE, to],
        timeout=5000,
    )
    return True


def test_the_browsers_back_and_forward_step_and_a_reload_stays(page):
    start = card(page)
    answer(page, "What is going wrong")
    first = card(page)
    answer(page, "The samples look wrong")
    second = card(page)
    answer(page, "Noisy")
    assert card(page) == "Noise in the last step" and page.url.endswith(f"?at={DEEPEST}")
    for before in (second, first, start):
        page.go_back()
        assert steps_back(page, before)
    assert page.url == PAGE.as_uri()
    for after in (first, second):
        page.go_forward()
        assert steps_back(page, after)
    page.reload()
    idle(page, FIGURE)
    assert card(page) == second
    page.go_back()
    assert steps_back(page, first)


def test_back_in_the_figure_escape_and_the_trail(page):
    start = card(page)
    back = page.locator(f"#{FIGURE}").get_by_role("button", name="Back", exact=True)
    assert back.is_disabled()
    answer(page, "How to sample")
    question = card(page)
    answer(page, "Which sampler?")
    assert card(page) == "Sampler" and focused(page) == "Sampler"
    back.click()
    assert steps_back(page, question) and focused(page) == "Which sampler?"
    page.keyboard.press("Escape")
    assert steps_back(page, start) and focused(page) == "How to sample" and back.is_disabled()
    # both went back in the history: its beginning is where the page was opened
    assert page.evaluate("history.state") is None and page.url == PAGE.as_uri()
    answer(page, "How to sample")
    answer(page, "Which sampler?")
    page.locator(".kx-trail button").first.click()  # what a trail takes back the browser can bring again
    assert card(page) == start
    page.go_back()
    assert steps_back(page, "Sampler")


def test_by_keyboard_with_what_is_said(page):
    said = page.locator(f"#{FIGURE} .kx-said[aria-live=polite]")
    page.locator(".kx-answers button").first.focus()
    for _ in range(4):
        page.keyboard.press("Tab")
    assert focused(page) == "How to sample"
    page.keyboard.press("Enter")
    assert said.text_content() == "What is the question? 8 answers." and focused(page) == "Which sampler?"
    page.keyboard.press("Space")
    assert focused(page) == "Sampler"
    assert said.text_content().startswith("An end: Sampler. Begin with") and "Measured" in said.text_content()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.keyboard.press("Escape")
    assert steps_back(page, "What is the question?") and focused(page) == "Which sampler?"
    assert said.text_content() == "What is the question? 8 answers."


def test_a_link_names_its_answer(page):
    for node in nodes(tree.source()):
        name = tree.name_of(node)
        page.evaluate("hash => { location.hash = hash; }", f"{FIGURE}?at={name}")
        assert steps_back(page, node.get("ask") or next(end["title"] for end in ENDS if end["name"] == name))
        assert page.locator(f"#{FIGURE} a.kx-link").get_attribute("href") == f"#{FIGURE}?at={name}"
        current = page.locator(f"#{FIGURE} .kx-map [aria-current=step]")
        assert current.count() == 1 and current.is_visible()


@pytest.mark.parametrize(
    "asked", ["2.0.1", "no-such-answer", "__proto__", "<img src=x onerror=alert(1)>", "%3Cimg%20src%3Dx%3E"]
)
def test_a_link_that_names_no_answer_says_so(browser, asked):
    with watched(browser) as (page, faults):
        page.goto(f"{PAGE.as_uri()}#{FIGURE}?at={asked}")
        idle(page, FIGURE)
        assert card(page) == tree.source()["ask"]
        assert (
            page.locator(".kx-note").text_content().startswith("This link names an answer that the tree does not have.")
        )
        assert page.locator(f"#{FIGURE} img").count() == 0 and faults == []
        answer(page, "The network")
        assert page.locator(".kx-note").count() == 0


def test_another_place_of_the_page_leaves_the_tree_alone(page):
    answer(page, "The network")
    question = card(page)
    page.evaluate("location.hash = 'decision-tree'")
    frames(page, 3)
    assert card(page) == question


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_crosses_a_word(browser, width):
    with watched(browser, viewport={"width": width, "height": 800}) as (page, faults):
        page.goto(PAGE.as_uri())
        settle(page)
        idle(page, FIGURE)
        asked = [node for node in nodes(tree.source()) if "answers" in node]
        for name in ("", *map(tree.name_of, asked), DEEPEST):
            page.evaluate("hash => { location.hash = hash; }", f"{FIGURE}?at={name}")
            frames(page, 3)
            assert page.evaluate(CROSSED, FIGURE) == [], name
            assert overflow(page) == [] and small(page, FIGURE) == []
        assert page.locator(f"#{FIGURE} .kx-map path").count() > 10
        assert page.locator(f"#{FIGURE} .kx-map path.on").count() == 2
        assert faults == []


@pytest.mark.parametrize(("width", "beside"), [(1400, True), (1280, True), (390, False), (320, False)])
def test_the_map_is_an_outline_on_a_phone(browser, width, beside):
    with watched(browser, viewport={"width": width, "height": 800}, has_touch=width < 500) as (page, _):
        page.goto(f"{PAGE.as_uri()}#{FIGURE}?at={DEEPEST}")
        idle(page, FIGURE)
        way = page.locator(f"#{FIGURE} .kx-map button.on")
        boxes = [way.nth(i).bounding_box() for i in range(way.count())]
        assert len(boxes) == 3
        for a, b in pairwise(boxes):
            assert b["x"] > a["x"] + 10
            assert b["x"] > a["x"] + a["width"] if beside else b["y"] >= a["y"] + a["height"] - 1
        sizes = page.evaluate(
            "id => [...document.querySelectorAll(`#${id} .kx-map button`)].map((b) => parseFloat(getComputedStyle(b).fontSize))",
            FIGURE,
        )
        assert min(sizes) >= 12
        # an answer of the map is an answer: what follows it is in sight
        page.locator(f"#{FIGURE} .kx-map").get_by_role("button", name="How to sample").click()
        assert card(page) == "What is the question?"
        shown = page.locator(".kx-question").bounding_box()
        assert 0 <= shown["y"] <= 800


def test_an_end_can_be_read_by_everybody(browser):
    with watched(browser) as (page, faults):
        page.goto(f"{PAGE.as_uri()}#{FIGURE}?at=guidance")
        settle(page)
        idle(page, FIGURE)
        assert violations(page) == []
        darken(page)
        assert violations(page) == []
        assert faults == []


def test_without_its_script_it_is_a_list_with_every_end(browser):
    with watched(browser, java_script_enabled=False) as (page, _):
        page.goto(PAGE.as_uri())
        assert page.locator(f"#{FIGURE} .kx-advice").count() == len(ENDS)
        assert page.get_by_text(ENDS[-1]["title"]).last.is_visible()


def test_the_explorers_open_in_the_state_that_an_end_names(browser):
    opened = sorted({href.split("#")[1] for end in ENDS for _, href in end["links"] if href.startswith(tree.EXPLORERS)})
    with watched(browser, formulas=False) as (page, faults):
        page.goto(EXPLORERS.as_uri())
        settle(page)
        for state in opened:
            id, _, asked = state.partition("?")
            assert page.locator(f"#{id}.kx-live").count() == 1, state
            page.evaluate("hash => { location.hash = hash; }", state)
            frames(page, 2)
            shown = page.locator(f"#{id} a.kx-link").get_attribute("href").partition("?")[2]
            # what is the explorer's beginning its link leaves out
            assert set(filter(None, shown.split("&"))) <= set(asked.split("&")), state
            for part in filter(None, asked.split("&")):
                key, value = part.split("=")
                control = page.locator(f"#{id} [data-id={key}]")
                assert control.count() == 1, state
                assert part in shown.split("&") or chosen(page, id, key, value), f"{state}: {part} is not a state of it"
        assert faults == []


def chosen(page: Page, id: str, key: str, value: str) -> bool:
    """Whether a control stands at a value with which it begins."""
    control = page.locator(f"#{id} [data-id={key}]")
    text = control.evaluate("node => node.value + ' ' + (node.nextElementSibling?.textContent ?? '')")
    words = text.replace(",", "").split()
    return value in words or float(value) in [float(word) for word in words if word.replace(".", "", 1).isdigit()]
