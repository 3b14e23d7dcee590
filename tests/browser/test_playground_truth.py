"""The playground's page says what is so: without data, at the end of a training, with a mistake, and with reduced motion."""

import re

import pytest

from tests.browser.checks import frames, watched
from tests.browser.explorers import HOOK
from tests.browser.test_playground import EXACT, LIVE, NET, TRAIN, begin, choose, idle, judged, picture, text
from tests.browser.test_playground import play as play

WANTED = "There is no data yet. Draw a point, or choose a shape."
OFF = ".pg-time input, .pg-time button, .pg-bar button:not([hidden]), .pg-net .pg-set button"
SMALL = "#play&width=8&depth=1&batch=64&steps=300"


def trained(page, press=True) -> None:
    """Train to the end, and wait until it is judged."""
    if press:
        page.locator(TRAIN).click()
    page.wait_for_function("document.querySelector('.pg-train').textContent === 'Train again'", timeout=90_000)
    page.wait_for_function(
        "document.querySelector('.pg-net .pg-caption').textContent.startsWith('step 300: ')", timeout=30_000
    )
    judged(page, NET)


def test_without_data_the_page_says_so_and_offers_nothing_that_cannot_be(play):
    """After a net has been trained and everything is cleared, nothing of it is left to be read."""
    play.locator(TRAIN).click()
    play.wait_for_function("/Loss/.test(document.querySelector('.pg-progress').textContent)", timeout=60_000)
    play.get_by_role("button", name="Clear").click()
    frames(play, 6)
    assert text(play, EXACT) == text(play, NET) == "no data yet"
    assert text(play, ".pg-progress") == WANTED and text(play, TRAIN) == "Train"
    assert play.evaluate("at => [...document.querySelectorAll(at)].every((it) => it.disabled)", OFF)
    for panel in ("exact", "net", "loss", "distance"):
        assert WANTED in play.locator(f".pg-{panel} canvas").get_attribute("aria-label")
    choose(play, "Two moons")
    judged(play)
    assert not play.evaluate("at => [...document.querySelectorAll(at)].some((it) => it.disabled)", OFF)


def test_an_empty_challenge_says_what_is_missing(play):
    play.locator("summary", has_text="Challenges").click()
    play.get_by_role("button", name="Set it up: What guidance leaves out").click()
    play.wait_for_function(
        "want => document.querySelector('.pg-progress').textContent === want", arg=WANTED, timeout=10_000
    )
    assert play.evaluate("at => [...document.querySelectorAll(at)].every((it) => it.disabled)", OFF)


def test_at_the_end_no_step_is_left_and_other_samples_leave_the_history(browser):
    with watched(browser, HOOK, **LIVE) as (page, faults):
        begin(page, SMALL)
        trained(page)
        assert page.get_by_role("button", name="Step", exact=True).is_disabled()
        page.locator(".pg-group > summary", has_text="Sampling").click()
        orange = """() => {
          const canvas = document.querySelector(".pg-distance canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) count += data[i] - data[i + 2] > 60 && data[i + 3] > 60;
          return count;
        }"""
        idle(page)
        before = page.evaluate(orange)
        page.locator("#pg-calls").fill("9")
        page.wait_for_function("/9 calls: [\\d.]+×/.test(document.querySelector('.pg-exact .pg-caption').textContent)")
        idle(page)
        frames(page, 6)
        assert before > 100 and page.evaluate(orange) > 0.6 * before  # paler, and there
        assert faults == [] and page.evaluate("kxFaults") == []


def test_the_score_has_its_words_which_a_reader_closes_for_good(browser):
    with watched(browser, **LIVE) as (page, faults):
        begin(page)
        assert re.fullmatch(r"20 calls: [\d.]+× perfect, \d+\s% off, \d+\s% lost", text(page, EXACT))
        assert page.locator(".pg-key p").is_visible() and "no sample near it" in text(page, ".pg-key")
        page.locator(".pg-key summary").click()
        frames(page, 3)
        page.reload()
        page.wait_for_selector(".pg-key summary")
        assert not page.locator(".pg-key p").is_visible()
        assert faults == []


def test_field_and_error_are_explained(play):
    for name, words in (("Field", "field means nothing"), ("Error", "Not trained yet: its field is off by")):
        play.locator(".pg-net .pg-set button", has_text=name).click()
        play.wait_for_function(
            "it => document.querySelector('.pg-net .pg-caption').textContent.includes(it)", arg=words
        )
        assert text(play, EXACT) == "Where the exact field leads each point."


@pytest.mark.parametrize("mistake", ["unscaled betas", "no standardisation"])
def test_a_mistake_has_two_floors_and_the_exact_answer_is_as_good_as_ever(mistake, browser):
    more = "&process=ddpm&target=eps&tScale=1&rule=ddim&calls=50" if mistake == "unscaled betas" else ""
    with watched(browser, **LIVE) as (page, faults):
        begin(page, f"{SMALL}&mistake={mistake.replace(' ', '%20')}{more}")
        assert judged(page)[0] < 1.6
        page.locator(TRAIN).click()
        page.wait_for_function(
            "/floor of what was meant [\\d.]+ ± [\\d.]+, of what this net is asked [\\d.]+/"
            ".test(document.querySelector('.pg-progress').textContent)",
            timeout=60_000,
        )
        assert faults == []


def test_with_reduced_motion_sample_shows_other_samples_at_once(play):
    idle(play)
    before = picture(play, "exact")
    play.get_by_role("button", name="Sample", exact=True).click()
    idle(play)
    assert picture(play, "exact") != before and play.locator("#pg-t").input_value() == "1"
