"""The explorer `copying` by hand: its noisy point by finger, mouse and keyboard, its sliders, and what is said of them."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.checks import frames, watched
from tests.browser.explorers import HOOK, begin, idle
from tools.site.gallery import explorer

ID = "explorer-copying"
# Of the first picture on a phone: pixels a side, the plane from -REACH to REACH, and its top.
SIDE, REACH, TOP = 225, 2.8, 22
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def phone(browser):
    """The page of a phone with the explorer alone on it, and what went wrong."""
    with watched(browser, HOOK, **PHONE) as (page, faults):
        style = '<meta name="viewport" content="width=device-width"><style>figure { margin: 0 16px 1200px !important }</style>'
        page.set_content(f"<!doctype html>{style}{explorer('copying')}")
        begin(page, ID)
        page.evaluate("scrollTo(0, 0)")
        yield page
        assert faults + page.evaluate("window.kxFaults") == []


def said(page: Page) -> str:
    idle(page, ID)
    return page.locator(".kx-values").text_content().replace("−", "-")


def point(page: Page) -> list[float]:
    """The coordinates that its sliders say."""
    told = (page.locator(f"input[data-id={axis}]").get_attribute("aria-valuetext") for axis in "xy")
    return [float(text.replace("−", "-")) for text in told]


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the plane is on the page."""
    box = page.locator(".kx-canvas").bounding_box()
    left = box["x"] + (box["width"] - SIDE) / 2
    return left + (x + REACH) / (2 * REACH) * SIDE, box["y"] + TOP + (REACH - y) / (2 * REACH) * SIDE


def choose(page: Page, control: str, text: str) -> None:
    """Move a slider until it says the text."""
    slider = page.locator(f"input[data-id={control}]")
    slider.press("Home")
    for _ in range(int(slider.get_attribute("max"))):
        if slider.get_attribute("aria-valuetext") == text:
            break
        slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == text
    idle(page, ID)


def test_a_finger_drags_the_noisy_point_and_scrolls_elsewhere(phone):
    finger = phone.context.new_cdp_session(phone)

    def drag(x, y, dx, dy):
        for kind, part in (("Start", 0), *(("Move", i / 8) for i in range(1, 9)), ("End", None)):
            points = [] if part is None else [{"x": x + part * dx, "y": y + part * dy}]
            finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        frames(phone, 20)

    before, start = said(phone), point(phone)
    assert start == [1.1, 1]
    drag(*place(phone, *start), -40, 30)
    moved = [start[0] - 40 / SIDE * 2 * REACH, start[1] - 30 / SIDE * 2 * REACH]
    assert point(phone) == pytest.approx(moved, abs=0.03) and said(phone) != before
    assert phone.evaluate("scrollY") == 0
    kept = point(phone)
    drag(*place(phone, -1.5, -2), 0, -150)
    assert point(phone) == kept and phone.evaluate("scrollY") > 0


def test_arrow_keys_move_the_noisy_point_as_far_as_it_goes(phone):
    canvas = phone.locator(".kx-canvas")
    assert "Arrow keys move the noisy point." in canvas.get_attribute("aria-label")
    canvas.focus()
    top = phone.evaluate("scrollY")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown"):
        canvas.press(key)
    assert point(phone) == [1, 0.95] and phone.evaluate("scrollY") == top
    for _ in range(40):
        canvas.press("ArrowUp")
    assert point(phone) == [1, 2.5]
    said(phone)


def test_play_ends_where_one_point_is_left(phone):
    """And with a bandwidth, several are left even there."""
    count = r"may come from ([\d.]+) of 200 training points"
    phone.locator("button", has_text="Play").press("Enter")
    phone.wait_for_function("() => document.querySelector('[data-id=play]').textContent === 'Play'", timeout=20_000)
    assert re.search(count, said(phone))[1] == "1.00"
    choose(phone, "h", "0.60")
    assert float(re.search(count, said(phone))[1]) > 20
    assert "decided at no noise level" in said(phone)


def test_the_judges_disagree_about_copies(phone):
    """All are accused, and by their distance they are perfect. A little wider they are as honest as fresh points."""
    words = said(phone)
    assert "Accused: 100 % of 300 samples" in words and "about 1 × a perfect sample's" in words
    assert "of held-out points minus infinity" in words
    choose(phone, "h", "0.10")
    words = said(phone)
    accused, fresh = (int(share) for share in re.findall(r"(\d+) %", words))
    assert abs(accused - fresh) <= 6 and 8 <= fresh <= 15 and "about 1 × a perfect sample's" in words
    held, best = (float(it) for it in re.search(r"held-out points (\S+) \(largest near h = (\S+)\)", words).groups())
    choose(phone, "h", "0.60")
    assert float(re.search(r"held-out points (\S+) ", said(phone))[1]) < held - 0.5 and 0 < best < 0.3


def test_other_training_points_are_other_points_and_reset_brings_the_first_back(phone):
    first = said(phone)
    phone.locator("button", has_text="New training points").press("Enter")
    assert said(phone) != first
    assert "set=1" in phone.locator("a.kx-link").get_attribute("href")
    phone.locator("button", has_text="Reset").press("Enter")
    assert said(phone) == first


def test_the_picture_follows_a_slider_that_goes_on_and_on(phone):
    """It does not wait for the judges, and at last the numbers are those of where the slider stopped."""
    pictures = phone.evaluate(
        """async () => {
          const slider = document.querySelector("input[data-id=h]");
          const canvas = document.querySelector("canvas");
          const seen = new Set();
          for (let i = 0; i <= 30; i++) {
            slider.value = i;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(requestAnimationFrame);
            seen.add(canvas.toDataURL());
          }
          return seen.size;
        }"""
    )
    assert pictures > 5
    words = said(phone)
    choose(phone, "h", "0.30")
    assert said(phone) == words and "Computing" not in words
