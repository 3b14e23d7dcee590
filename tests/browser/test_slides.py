"""A deck of slides, built whole and opened from its file: readable from the last row, and usable without a mouse."""

import pytest

from tests.browser.checks import settle, violations, watched
from tests.test_notebooks import weak_alt
from tools.site import slides

STEM = "05_ddim_and_the_probability_flow"  # it has a slide of every kind
# What stands out of a slide, or into its last line; and what is too small to be read from the last row.
STANDS_OUT = """() => {
  const scale = Number(getComputedStyle(document.documentElement).getPropertyValue("--scale")) || 1;
  const slide = document.querySelector(".frame.now .slide");
  const [all, foot] = [slide.getBoundingClientRect(), slide.querySelector(".foot")?.getBoundingClientRect()];
  const own = (node) => [...node.childNodes].some((it) => it.nodeType === Node.TEXT_NODE && it.data.trim());
  const faults = [];
  for (const node of slide.querySelectorAll("*")) {
    if (node.closest("mjx-assistive-mml, mjx-math") && !node.matches("mjx-math")) continue;
    const box = node.getBoundingClientRect();
    const low = foot && !node.closest(".foot, .live") ? foot.top : all.bottom;
    if (box.width && (box.left < all.left - 1 || box.right > all.right + 1 || box.top < all.top - 1 || box.bottom > low + 1))
      faults.push(`${node.tagName}.${node.className} stands out: ${node.textContent.slice(0, 40)}`);
    if ((own(node) || node.matches("mjx-container")) && parseFloat(getComputedStyle(node).fontSize) < 24)
      faults.push(`${node.tagName} is small: ${node.textContent.slice(0, 40)}`);
  }
  const fits = Math.abs(all.width - 1280 * scale) < 1 && all.right <= innerWidth + 1 && all.bottom <= innerHeight + 1;
  return fits ? faults : [...faults, "the slide is not in the window"];
}"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """The deck's file, and its pages."""
    folder = tmp_path_factory.mktemp("slides")
    slides.main(["05"], folder)
    return folder / f"{STEM}.html"


def at(page, place: int) -> None:
    page.evaluate(f"location.hash = '#{place}'")
    page.wait_for_function(f"document.querySelector('.frame.now').id === '{place}'")


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (390, 844)])
def test_nothing_stands_out_of_a_slide_and_no_text_is_small(browser, deck, size):
    width, height = size
    with watched(browser, viewport={"width": width, "height": height}) as (page, faults):
        page.goto(deck.as_uri())
        settle(page)
        found = {}
        for place in range(1, page.locator(".frame").count() + 1):
            at(page, place)
            if wrong := page.evaluate(STANDS_OUT):
                found[place] = wrong
        assert found == {} and faults == []


def test_a_slide_that_is_too_full_is_found(browser, deck):
    with watched(browser, viewport={"width": 1280, "height": 720}) as (page, _):
        page.goto(deck.as_uri())
        settle(page)
        at(page, 3)
        assert page.evaluate(STANDS_OUT) == []
        page.evaluate("document.querySelector('.now .body').insertAdjacentHTML('beforeend', '<p>much<br>'.repeat(12))")
        assert "stands out" in page.evaluate(STANDS_OUT)[0]
        page.evaluate("document.querySelector('.now .more').style.fontSize = '20px'")
        assert any("is small" in fault for fault in page.evaluate(STANDS_OUT))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, deck, scheme):
    with watched(browser, viewport={"width": 1280, "height": 720}, color_scheme=scheme) as (page, faults):
        page.goto(deck.as_uri())
        settle(page)
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        kinds = page.evaluate("[...new Set([...document.querySelectorAll('.slide')].map((it) => it.className))]")
        found = []
        for kind in kinds:  # one of each kind: the others look the same
            at(page, page.evaluate("(kind) => Number([...document.querySelectorAll('.slide')].find((it) => it.className === kind)"
                                   ".parentElement.id)", kind))  # fmt: skip
            found += violations(page)
        for key in ("n", "o"):
            page.keyboard.press(key)
            found += violations(page)
        assert found == [] and faults == []


def test_every_image_says_what_it_shows(browser, deck):
    with watched(browser) as (page, _):
        page.goto(deck.as_uri())
        alts = page.evaluate("[...document.images].map((it) => it.alt)")
        assert len(alts) > 8 and [alt for alt in alts if weak_alt(alt)] == []


def test_keys_turn_the_pages(browser, deck):
    with watched(browser, viewport={"width": 1280, "height": 720}) as (page, faults):
        page.goto(deck.as_uri())
        now = lambda: page.evaluate("[document.querySelector('.frame.now').id, location.hash]")  # noqa: E731
        assert now() == ["1", "#1"]
        for key, place in (
            ("ArrowRight", 2),
            (" ", 3),
            ("PageDown", 4),
            ("ArrowLeft", 3),
            ("End", None),
            ("Home", 1),
            ("ArrowLeft", 1),
        ):
            page.keyboard.press(key)
            if place:
                assert now() == [str(place), f"#{place}"]
        assert "Slide 1 of" in page.locator("#said").text_content()
        notes = page.locator(".frame.now .notes")
        assert not notes.is_visible()
        page.keyboard.press("n")
        assert notes.is_visible()
        page.keyboard.press("o")
        assert page.locator(".frame").nth(7).is_visible()
        page.locator(".go").nth(6).focus()
        page.keyboard.press("Enter")
        assert now() == ["7", "#7"]
        page.keyboard.press("d")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.get_by_role("button", name="Next").focus()  # the bar is there for those who have no arrows
        page.keyboard.press("Enter")
        assert now()[0] == "8" and faults == []


def test_a_finger_turns_the_pages(browser, deck):
    with watched(browser, viewport={"width": 844, "height": 390}, has_touch=True) as (page, _):
        page.goto(deck.as_uri())
        swipe = """([from, to]) => {
          const touch = (x) => new Touch({ identifier: 1, target: document.body, clientX: x, clientY: 100 });
          dispatchEvent(new TouchEvent("touchstart", { touches: [touch(from)], changedTouches: [touch(from)] }));
          dispatchEvent(new TouchEvent("touchend", { touches: [], changedTouches: [touch(to)] }));
        }"""
        page.evaluate(swipe, [500, 200])
        assert page.evaluate("location.hash") == "#2"
        page.evaluate(swipe, [200, 500])
        assert page.evaluate("location.hash") == "#1"


def test_without_scripts_all_slides_and_notes_are_there(browser, deck):
    with watched(browser, java_script_enabled=False) as (page, _):
        page.goto(deck.as_uri())
        assert page.locator(".slide").nth(9).is_visible() and page.locator(".notes").nth(9).is_visible()


def test_printed_it_is_a_handout(browser, deck):
    with watched(browser) as (page, _):
        page.goto(deck.as_uri())
        page.emulate_media(media="print")
        assert page.locator(".slide").nth(9).is_visible() and page.locator(".notes").nth(9).is_visible()
        assert not page.locator("nav").is_visible()


def test_on_a_phone_a_tap_shows_the_bar_and_notes_have_the_whole_width(browser, deck):
    with watched(browser, viewport={"width": 390, "height": 844}, has_touch=True) as (page, faults):
        page.goto(deck.as_uri())
        page.touchscreen.tap(200, 300)
        page.wait_for_function("getComputedStyle(document.querySelector('nav')).opacity === '1'")
        page.locator('[data-do="noted"]').click()
        assert page.evaluate("document.querySelector('.now .notes p').getBoundingClientRect().width") > 330
        assert faults == []


def test_printed_no_note_is_cut(browser, deck):
    with watched(browser, viewport={"width": 700, "height": 990}) as (page, _):
        page.goto(deck.as_uri())
        page.emulate_media(media="print")
        page.evaluate("document.querySelector('.notes').insertAdjacentHTML('beforeend', '<p>much</p>'.repeat(30))")
        assert page.evaluate(
            "[...document.querySelectorAll('.frame')].every((it) => it.scrollHeight <= it.clientHeight + 1)"
        )
