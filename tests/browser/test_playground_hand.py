"""The playground in the hand: what a stray touch, an undo, a long drawing, a bad word, a link, or a dropped file does to it."""

import base64
import re
import xml.etree.ElementTree as ET

import pytest
from playwright.sync_api import Page

from tests.browser.checks import HTML, frames, settle, watched
from tests.browser.explorers import idle as at_rest
from tests.browser.test_playground import (
    ANSWERED,
    DATA,
    DROP,
    LIVE,
    NET,
    PAGE,
    SWEEP,
    TRAIN,
    begin,
    choose,
    judged,
    png,
    points,
    text,
)

PHONE = LIVE | {"viewport": {"width": 390, "height": 844}, "has_touch": True}
QUICK = "#play&width=16&depth=1&batch=64&steps=300"  # a net that is trained in a moment
TROUBLE, PROGRESS, BACK = ".pg-trouble", ".pg-progress", ".pg-bar button:text-is('Bring it back')"


@pytest.fixture
def play(browser):
    """A page with the playground on a desk; nothing may go wrong in it."""
    with watched(browser, **LIVE) as (page, faults):
        begin(page)
        yield page
        assert faults == []


def says(page: Page, at: str, words: str) -> None:
    """Wait until an element says so, in sight."""
    page.wait_for_function(
        """([at, words]) => {
          const it = document.querySelector(at);
          return it.checkVisibility() && it.textContent.includes(words);
        }""",
        arg=[at, words],
        timeout=20_000,
    )


def finger(page: Page, dy: float) -> None:
    """Drag over the board."""
    page.evaluate("scrollTo(0, 0)")
    box, hand = page.locator(DATA).bounding_box(), page.context.new_cdp_session(page)
    for kind, part in (("Start", 0), *(("Move", i / 8) for i in range(1, 9)), ("End", None)):
        at = [] if part is None else [{"x": box["x"] + 80, "y": box["y"] + 120 + part * dy}]
        hand.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
    frames(page, 20)


def trained(page: Page) -> int:
    """Train the net to its end; returns its steps."""
    page.locator(TRAIN).click()
    says(page, TRAIN, "Train again")
    says(page, NET, "step 300")
    judged(page, NET)
    return step(page)


def step(page: Page) -> int:
    return int(re.match(r"Step ([\d,]+)", text(page, PROGRESS))[1].replace(",", ""))


# --- the finger, and what is taken back ------------------------------------------------------------------------------------


def test_a_stray_finger_scrolls_and_draws_nothing(browser):
    """Until the reader has taken a tool, or has chosen an empty board; choosing a shape puts the tool away."""
    with watched(browser, **PHONE) as (page, faults):
        begin(page)
        finger(page, -80)
        assert page.evaluate("scrollY") > 0 and points(page) == 200
        page.locator(DATA).tap()
        says(page, TROUBLE, "To draw with a finger, press Draw first, or choose Your own.")
        assert points(page) == 200
        choose(page, "Your own")
        finger(page, -80)
        assert page.evaluate("scrollY") == 0 and (drawn := points(page)) > 2
        choose(page, "Two moons")
        finger(page, -80)
        assert page.evaluate("scrollY") > 0 and points(page) == 200
        page.get_by_role("button", name="B", exact=True).tap()
        finger(page, -80)
        assert page.evaluate("scrollY") == 0 and points(page) > 200 > drawn
        assert faults == []


def test_a_second_finger_does_not_draw(play):
    play.evaluate(
        """() => {
          const board = document.querySelector(".pg-data canvas"), box = board.getBoundingClientRect();
          board.setPointerCapture = () => {};
          const at = (pointerId, x) => ({ pointerId, clientX: box.left + x, clientY: box.top + 60 });
          const send = (kind, ...more) => board.dispatchEvent(new PointerEvent(kind, at(...more)));
          send("pointerdown", 1, 60);
          send("pointermove", 2, 250);
          send("pointerup", 2, 250);
          send("pointerup", 1, 60);
        }"""
    )
    assert points(play) == 201


def test_undo_brings_back_the_data_and_the_trained_net(browser):
    with watched(browser, **LIVE) as (page, faults):
        begin(page, QUICK)
        steps, before = trained(page), text(page, NET)
        page.evaluate(SWEEP, [[(0.3, 0.3), (0.7, 0.3)], [(0.3, 0.6), (0.7, 0.6)]])
        says(page, PROGRESS, "The net with 300 steps was trained on what stood here before.")
        assert step(page) == 0 and page.locator(BACK).is_visible()
        for _ in range(2):
            page.get_by_role("button", name="Undo").click()
        page.wait_for_selector("[data-value=moons][aria-pressed=true]")
        says(page, NET, "step 300")
        assert step(page) == steps == 300 and points(page) == 200 and not page.locator(BACK).is_visible()
        judged(page, NET)
        assert text(page, NET) == before  # the same net, from the same noise
        assert faults == []


@pytest.mark.parametrize(
    "control", ["bandwidth", "class", "shape", "settings", "link"], ids=lambda name: f"by the {name}"
)
def test_a_net_that_is_left_is_said_and_brought_back(control, browser):
    """Whatever the change was, and however many more came after it."""
    with watched(browser, **LIVE) as (page, faults):
        begin(page, QUICK)
        trained(page)
        page.locator(".pg-group > summary", has_text="Sampling").click()
        page.locator(".pg-group > summary", has_text="Net").first.click()
        if control == "bandwidth":
            page.locator("#pg-bandwidth").press("ArrowRight")
        elif control == "class":
            page.locator("#pg-label").select_option(label="A")
        elif control == "shape":
            choose(page, "Spiral")
        elif control == "settings":
            page.locator("#pg-depth").select_option(label="2")
            page.locator("#pg-width").select_option(label="32")
        else:
            page.evaluate("location.hash = '#play&kind=gaussians'")
        says(page, PROGRESS, "The net with 300 steps was trained on what stood here before.")
        page.locator("#pg-calls").fill("7")
        assert step(page) == 0
        page.locator(BACK).click()
        says(page, NET, "step 300")
        assert step(page) == 300 and "20 calls" in text(page, ".pg-exact .pg-caption")
        assert page.locator("#pg-width").input_value() == "16" and points(page) == 200
        page.locator("#laboratory").get_by_role("button", name="Reset", exact=True).click()  # that is meant
        frames(page, 4)
        assert step(page) == 0 and not page.locator(BACK).is_visible()
        assert faults == []


def test_a_refused_choice_keeps_the_net(browser):
    with watched(browser, **LIVE) as (page, faults):
        begin(page, QUICK)
        trained(page)
        page.locator(".pg-group > summary", has_text="Sampling").click()
        page.evaluate("location.hash = '#play&width=16&depth=1&batch=64&steps=300&scale=3'")
        says(page, TROUBLE, "Guidance steers towards a class.")
        page.locator("#pg-scale").fill("1")
        says(page, NET, "step 300")
        assert step(page) == 300 and faults == []


# --- the phone -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["Net", "Training", "Sampling", "Mistakes"])
def test_settings_and_what_they_move_are_on_a_phone_together(group, browser):
    """At 390 x 844 a group that is opened lies below both pictures of samples; one is open at a time."""
    with watched(browser, **PHONE) as (page, faults):
        begin(page)
        page.evaluate("scrollTo(0, 0)")
        tab = page.locator(".pg-groups summary", has_text=group)
        assert tab.bounding_box()["y"] + tab.bounding_box()["height"] <= 845  # the names move with the screen
        other = page.locator(".pg-groups summary").first
        if other.text_content() != group:
            other.tap()
        tab.tap()
        frames(page, 4)
        assert page.locator(".pg-groups details[open]").count() == 1
        sheet = page.locator(".pg-groups").bounding_box()
        assert sheet["height"] <= 0.47 * 844 and sheet["y"] + sheet["height"] <= 845
        for panel in ("exact", "net"):
            box = page.locator(f".pg-{panel} canvas").bounding_box()
            assert box["height"] > 150 and box["y"] > 0 and box["y"] + box["height"] <= sheet["y"]
            top = page.evaluate(
                "([x, y]) => document.elementFromPoint(x, y).closest('section')?.className",
                [box["x"] + box["width"] / 2, box["y"] + 5],
            )
            assert f"pg-{panel}" in top
        train = page.locator(TRAIN).bounding_box()
        assert train["y"] + train["height"] <= sheet["y"]
        for control in page.locator(".pg-groups details[open] :is(input, select)").all():
            if control.is_visible():
                control.scroll_into_view_if_needed()
                box = control.bounding_box()
                assert sheet["y"] <= box["y"] and box["y"] + box["height"] <= 845
        assert page.locator(".pg-exact canvas").bounding_box()["y"] > 0  # and they have stayed where they were
        assert faults == []


@pytest.mark.parametrize("options", [LIVE, PHONE], ids=["desk", "phone"])
def test_a_challenge_leads_to_the_pictures(options, browser):
    with watched(browser, **options) as (page, faults):
        begin(page)
        page.locator("summary", has_text="Challenges").click()
        page.get_by_role("button", name="Set it up: Eight calls").click()
        frames(page, 10)
        box = page.locator(".pg-exact canvas").bounding_box()
        assert 0 <= box["y"] and box["y"] + box["height"] <= options["viewport"]["height"]
        page.wait_for_selector("[data-value=checkerboard][aria-pressed=true]")
        assert faults == []


# --- what is too much, and what cannot be ------------------------------------------------------------------------------------


def test_what_a_link_leaves_out_of_a_long_drawing_is_said(play):
    choose(play, "Your own")
    play.locator("summary", has_text="Share").click()
    play.evaluate(SWEEP, [[(0.05, 0.1 * y), (0.95, 0.1 * y), (0.05, 0.1 * y)] for y in (1, 2, 3)])
    few = points(play)
    assert 300 < few < 600 and not play.locator(".pg-fewer").is_visible()
    play.evaluate(SWEEP, [[(0.05, 0.1 * y), (0.95, 0.1 * y), (0.05, 0.1 * y)] for y in (4, 5, 6, 7, 8)])
    says(play, ".pg-fewer", f"This drawing has {points(play):,} points. The link and the lines below carry 600 of them")
    before = points(play)
    play.evaluate("location.hash = document.querySelector('.pg .kx-link').getAttribute('href')")
    frames(play, 4)
    assert points(play) == before  # its own link takes nothing away
    play.evaluate(SWEEP, [[(0.05, 0.02 * y), (0.95, 0.02 * y), (0.05, 0.02 * y)] for y in range(2, 40)])
    says(play, TROUBLE, "A drawing holds 3000 points. Erase some of them to draw more.")


@pytest.mark.parametrize(
    ("typed", "sentence"), [("", "The word is empty."), ("漢字", "There are strokes here for A to Z")]
)
def test_a_word_that_cannot_be_drawn_leaves_the_data_and_the_field_as_they_were(typed, sentence, play):
    choose(play, "A word")
    field = play.locator("#pg-word")
    field.fill("MOON")
    judged(play)
    before = points(play)
    field.fill(typed)
    says(play, TROUBLE, sentence)
    assert text(play, TROUBLE).endswith("The data is still MOON.")
    play.locator("summary", has_text="Share").click()
    assert "text=MOON" in play.locator(".pg .kx-link").get_attribute("href")
    field.press("Enter")
    field.blur()
    assert field.input_value() == "MOON" and points(play) == before
    field.fill("A漢")
    says(play, TROUBLE, "There are no strokes here for 漢")
    field.blur()
    assert field.input_value() == "A漢" and points(play) != before


@pytest.mark.parametrize("fragment", ["#play&kind=letters&text=", "#play&kind=letters&text=%F0%9F%A6%84"])
def test_a_link_with_a_word_that_cannot_be_drawn_says_so(fragment, browser):
    with watched(browser, **LIVE) as (page, faults):
        begin(page, fragment)
        says(page, TROUBLE, "FLOW stands in for it.")
        assert page.locator("#pg-word").input_value() == "FLOW"
        page.evaluate("location.hash = '#play&kind=spiral'")
        page.wait_for_selector("[data-value=spiral][aria-pressed=true]")
        page.wait_for_function("document.querySelector('.pg-trouble').hidden")
        page.evaluate("it => { location.hash = it }", fragment)
        says(page, TROUBLE, "FLOW stands in for it.")
        assert faults == []


def test_a_bad_word_of_a_link_is_said_when_the_word_is_asked_for(browser):
    with watched(browser, **LIVE) as (page, faults):
        begin(page, "#play&text=%F0%9F%A6%84")
        assert page.locator(TROUBLE).is_hidden()
        choose(page, "A word")
        says(page, TROUBLE, "FLOW stands in for it.")
        assert page.locator("#pg-word").input_value() == "FLOW" and faults == []


def test_back_to_the_bare_address_is_back_to_what_stood_there(play):
    choose(play, "Your own")
    play.evaluate(SWEEP, [[(0.3, 0.3), (0.7, 0.3)]])
    drawn = points(play)
    play.evaluate("location.hash = '#play&kind=gaussians'")
    play.wait_for_selector("[data-value=gaussians][aria-pressed=true]")
    choose(play, "Checkerboard")
    play.evaluate("history.back()")
    play.wait_for_selector("[data-value=drawn][aria-pressed=true]")
    assert points(play) == drawn
    play.get_by_role("button", name="Undo").click()
    play.wait_for_selector("[data-value=checkerboard][aria-pressed=true]")
    play.evaluate("location.hash = '#what-to-try'")  # a heading, which says nothing of the playground
    play.wait_for_function("location.hash")
    play.evaluate("history.back()")
    play.wait_for_function("!location.hash")
    frames(play, 4)
    assert points(play) == 288


def test_back_from_a_link_that_came_first_is_back_to_the_beginning(browser):
    with watched(browser, **LIVE) as (page, faults):
        begin(page)
        choose(page, "Spiral")
        page.evaluate("location.hash = '#play&kind=gaussians'")
        page.wait_for_selector("[data-value=gaussians][aria-pressed=true]")
        page.evaluate("history.back()")
        page.wait_for_selector("[data-value=spiral][aria-pressed=true]")
        page.goto("about:blank")
        begin(page, "#play&kind=gaussians")
        page.evaluate("location.hash = ''")
        page.wait_for_selector("[data-value=moons][aria-pressed=true]")
        assert faults == []


# --- files in and out --------------------------------------------------------------------------------------------------------


def test_a_file_that_is_dropped_beside_the_playground_does_not_replace_the_page(play):
    kept = """([kind, files]) => {
      const dataTransfer = new DataTransfer();
      if (files) dataTransfer.items.add(new File(["x"], "x.png", { type: "image/png" }));
      else dataTransfer.setData("text/plain", "x");
      return !document.querySelector("h1").dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
    }"""
    for kind in ("dragover", "drop"):
        assert play.evaluate(kept, [kind, True]) and not play.evaluate(kept, [kind, False])
    says(play, TROUBLE, "Drop the picture on the playground itself")
    assert points(play) == 200


@pytest.mark.parametrize(("width", "height"), [(8000, 1), (1, 8000), (1, 1)])
def test_a_picture_of_one_row_is_data_or_a_sentence(width, height, play):
    ink = (width // 4, height // 4, max(width // 2, 1), max(height // 2, 1))
    play.evaluate(DROP, ["line.png", "image/png", base64.b64encode(png(width, height, ink)).decode(), 0])
    if (width, height) == (1, 1):
        says(play, TROUBLE, "one colour")
        return
    play.wait_for_selector("[data-value=drawn][aria-pressed=true]")
    play.wait_for_function(ANSWERED)
    assert points(play) > 10
    assert judged(play)[0] < 3


def test_a_saved_picture_says_what_it_shows(browser):
    """The word, the path, the rule, the class and the mistake; and why there are no samples where there are none."""
    fragment = (
        "#play&kind=letters&text=MOON&classes=true&label=1&scale=3&rule=heun&mistake=x_data%20for%20x_t&target=x0"
    )
    with watched(browser, **LIVE) as (page, faults):
        begin(page, fragment.replace("&rule=heun", "&rule=ddim"))
        page.locator("summary", has_text="Share").click()

        def saved(kind: str):
            with page.expect_download() as waiting:
                page.get_by_role("button", name=kind, exact=True).click()
            return waiting.value

        assert saved("PNG").suggested_filename == "playground-letters.png"
        tree = ET.fromstring(saved("SVG").path().read_bytes())
        assert tree[0].tag.endswith("title") and tree[0].text == "The word MOON: flow matching, linear path, target x0"
        words = " ".join(tree.itertext())
        for part in ("DDIM, 20 calls, class B, w = 3", "t_scale 1000", "mistake: x_data fed for x_t"):
            assert part in words
        page.evaluate("it => { location.hash = it }", fragment)
        says(page, TROUBLE, "Heun asks the net at the data")
        assert "Heun asks the net at the data" in " ".join(ET.fromstring(saved("SVG").path().read_bytes()).itertext())
        assert faults == []


def test_it_works_from_a_server(browser, server):
    """All other tests open the file. Draw, train, and run the transformer below: nothing is asked of anybody else."""
    asked = []
    with watched(browser, **LIVE) as (page, faults):
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{server}/{PAGE.relative_to(HTML).as_posix()}{QUICK}")
        settle(page)
        page.wait_for_selector(".pg-live", timeout=20_000)
        judged(page)
        page.evaluate(SWEEP, [[(0.3, 0.3), (0.7, 0.3)]])
        trained(page)
        id = "explorer-attention"
        page.locator(f"#{id}").scroll_into_view_if_needed()
        at_rest(page, id)
        page.locator(f"#{id} input[data-id=K]").press("Home")
        frames(page, 2)
        page.wait_for_selector(f"#{id}[data-idle]", timeout=60_000)
        assert {url.split("/live/")[1] for url in asked if "/live/" in url} == {
            "engine.js",
            "playground.js",
            "mnist_flow.js",
        }
        assert [url for url in asked if not url.startswith((server, "blob:", "data:"))] == []
        assert faults == []
