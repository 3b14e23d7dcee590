"""Every kind of explorer in the built book, moved in Chromium: by keyboard alone, at random, on a phone, with damaged data.

That all of them live on their pages is seen where those are opened, in test_pages.
"""

import functools
import gzip
import io
import json
import math
import re
import statistics

import pytest
import torch
from PIL import Image, ImageChops
from playwright.sync_api import Page

from lib import (
    Coeffs,
    CosinePath,
    LinearPath,
    Oracle,
    ddim,
    euler,
    heun,
    randn,
    rk4,
    seeded,
    two_moons,
    two_moons_mixture,
    walk,
)
from lib.samplers import facts
from tests.browser.checks import HTML, frames, overflow, settle, watched
from tests.browser.explorers import HOOK, bears, begin, damages, fuzz, idle, keyboard, look, shows, small
from tests.browser.figures import EACH, MOVED, bundle_of, lives
from tools.site import explorers
from tools.site.gallery import LISTS, RESULTS, gallery, pictures

PAYLOAD = re.compile(r'<script type="application/json" class="kx-data">(.*?)</script>', re.DOTALL)

# Milliseconds of work, three times what is promised, because the machine may be busy: until the first picture, and of a
# move. Samplers are moved where they take 20 steps,
# by the slider that starts such a run.
FIRST, MOVE, SAMPLER = 3 * 100, 3 * 50, 3 * 200
SAMPLERS = {"reverse": "start", "flow": "t", "k-budget": "k3", "guidance": "w", "step": "x"}
DATA = 60_000  # bytes, gzip


def test_the_explorers_are_in_the_book():
    assert len(EACH) >= 9
    assert {figure.name for figure in MOVED} == {figure.name for figure in EACH}


@pytest.fixture(scope="module", params=EACH, ids=str)
def live(request, browser):
    """(page, id, name, what went wrong) of an explorer that has drawn its first picture."""
    figure = request.param
    with watched(browser, HOOK, formulas=False) as (page, faults):
        page.goto(figure.path.as_uri())
        settle(page)
        begin(page, figure.id)
        yield page, figure.id, figure.name, faults


def test_by_keyboard_alone(live):
    page, id, _, _ = live
    assert page.locator(f"#{id} canvas").count() == page.locator(f"#{id} canvas[role=img][aria-label*=' ']").count()
    assert keyboard(page, id) == []


def test_the_ink_follows_the_scheme(live):
    page, id, _, _ = live
    pictures = []
    for scheme in ("light", "dark", "light"):
        page.emulate_media(color_scheme=scheme)
        frames(page, 4)  # one brings the new scheme, the next the picture in it
        pictures.append(
            page.evaluate("id => getComputedStyle(document.getElementById(id)).color", id) + look(page, id)["picture"]
        )
    assert pictures[0] == pictures[2] != pictures[1]


def test_the_link_leads_back(live):
    page, id, _, _ = live
    page.evaluate(
        """id => { const all = [...document.querySelectorAll(`#${id} .kx-body :is(input, select, .kx-answers button)`)];
           for (const node of all.slice(0, 3)) {
             if (node.tagName === "BUTTON") return void node.click();
             if (node.tagName === "SELECT") node.selectedIndex = 1; else node.value = +node.min + 1;
             node.dispatchEvent(new Event(node.tagName === "SELECT" ? "change" : "input"));
           } }""",
        id,
    )
    seen = look(page, id)
    assert "?" in seen["link"]
    page.goto(page.url.split("#")[0] + seen["link"])
    page.reload()
    settle(page)
    begin(page, id)
    # The picture may keep what the reader has tried before; a link does not.
    assert look(page, id) | {"picture": ""} == seen | {"picture": ""}


def test_random_moves(live):
    page, id, _, _ = live
    assert fuzz(page, id) == []


@pytest.mark.parametrize("figure", [figure for figure in EACH if figure.name != "decision-tree"], ids=str)
def test_quick(figure, browser):
    """The best of several, since other work on the machine only adds to a time; the first that is good enough will do."""
    script = bundle_of(figure)
    limit = SAMPLER if figure.name in SAMPLERS else MOVE
    first, moves = [], []
    for _ in range(3):
        with watched(browser) as (page, _):
            page.set_content(f"<!doctype html>{figure.html}{script}")
            begin(page, figure.id)
            first += measured(page, f"kx:first:{figure.name}")
            slider = page.locator(f"#{figure.id} input[type=range]:not(:disabled)")
            if figure.name in SAMPLERS:
                slider = page.locator(f"#{figure.id} input[data-id={SAMPLERS[figure.name]}]")
            key = slider.first.evaluate("s => s.value === s.max ? 'ArrowLeft' : 'ArrowRight'")
            for _ in range(2):
                slider.first.press(key)
                idle(page, figure.id)
                moves += measured(page, f"kx:move:{figure.name}")[-1:]
        if min(first) <= FIRST and min(moves) <= limit:
            break
    assert len(moves) == 2 * len(first)
    assert min(first) <= FIRST
    assert min(moves) <= limit


def test_who_takes_the_playing_slider_stops_it(browser):
    noising = next(figure for figure in EACH if figure.name == "noising")
    with watched(browser) as (page, _):
        page.goto(
            f"{noising.path.as_uri()}#{noising.id}?u=%&T=50&path=nonsense"
        )  # values that do not exist are left out
        begin(page, noising.id)
        slider, button = (page.locator(f"#{noising.id} [data-id={name}]") for name in ("u", "play"))
        assert (
            page.locator(f"#{noising.id} [data-id=T]").evaluate("slider => slider.nextElementSibling.textContent")
            == "50"
        )
        button.press("Enter")
        assert button.text_content() == "Pause"
        page.locator(f"#{noising.id} [data-id=T]").press("ArrowRight")
        assert button.text_content() == "Pause"
        slider.press("ArrowRight")
        assert button.text_content() == "Play"


POSTERS = {stem: html for name in gallery() if name not in LISTS for stem, html in pictures(name).items()}
PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


# Of the explorers whose point is dragged, on a canvas that is narrow: the square picture of the plane shows [-reach, reach] both
# ways, takes this share of the width and at most so many pixels, and stands in the middle or at the left.
PLANES = {"posterior": [2.8, 1, 330, True], "velocities": [2.8, 1, 200, True], "step": [2.6, 0.5, 310, False]}
AT = """([reach, share, most, middle]) => {
  const box = document.querySelector("canvas").getBoundingClientRect();
  const [x, y] = [..."xy"].map((id) => document.querySelector(`input[data-id=${id}]`));
  const side = Math.min(share * box.width, most), place = (input) => (0.05 * input.value - 2.5 + reach) / (2 * reach) * side;
  return [box.left + (middle ? (box.width - side) / 2 : 0) + place(x), box.top + 22 + side - place(y)];
}"""  # where the point is on the page


def said(page: Page) -> str:
    return page.locator(".kx-values").text_content().replace("−", "-")


def dragged(browser, stem: str, state: str) -> tuple[list[float], str]:
    """Drag the point of an explorer by a finger: where it is then, and what is said of it. Elsewhere a finger scrolls."""
    id = f"explorer-{stem}"
    with watched(browser, viewport={"width": 390, "height": 700}, has_touch=True) as (page, faults):
        page.set_content(f"<!doctype html>{POSTERS[stem]()}<div style='height: 900px'></div>")
        begin(page, id)
        page.evaluate("(hash) => { location.hash = hash; }", f"{id}?{state}")
        frames(page, 20)
        idle(page, id)
        page.evaluate("scrollTo(0, 0)")
        finger = page.context.new_cdp_session(page)

        def drag(x, y, dx, dy):
            for kind, part in (("Start", 0), *(("Move", i / 8) for i in range(1, 9)), ("End", None)):
                points = [] if part is None else [{"x": x + part * dx, "y": y + part * dy}]
                finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
            frames(page, 20)
            idle(page, id)

        before = said(page)
        drag(*page.evaluate(AT, PLANES[stem]), -40, 30)
        text = said(page)
        assert text != before and page.evaluate("scrollY") == 0  # the point has moved, and the page has not
        place = [
            float(page.locator(f"input[data-id={axis}]").get_attribute("aria-valuetext").replace("−", "-"))
            for axis in "xy"
        ]
        x, y = page.evaluate(AT, PLANES[stem])
        drag(x, y + 120, 0, -200)
        assert said(page) == text and page.evaluate("scrollY") > 0
        assert faults == []
    return place, text


def decimals(text: str) -> list[float]:
    """The decimal numbers that a text says, in its order."""
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


def test_a_noisy_point_is_dragged_and_its_mean_is_that_of_lib(browser):
    (x, y), text = dragged(browser, "posterior", "sigma=0.5")
    told_x, told_y, mean_x, mean_y, *_ = decimals(text)
    exact = two_moons_mixture().estimate(torch.tensor([[x, y]]).double(), Coeffs(math.sqrt(0.75), 0.5)).x0
    assert (told_x, told_y) == (x, y)
    assert exact[0].tolist() == pytest.approx([mean_x, mean_y], abs=0.006)


def test_what_a_dragged_point_hears_is_what_lib_draws(browser):
    """The mean is the oracle's velocity; the spread around it is that of pairs whose points lie close to this one."""
    (x, y), text = dragged(browser, "velocities", "t=0.5&x=0.9&y=0.7")
    told_x, told_y, t, *u, length, sd, square, field, left = decimals(text)[:10]
    assert (told_x, told_y, t) == (x, y, 0.5)
    at, path = torch.tensor([[x, y]]).double(), LinearPath()
    exact = Oracle(two_moons_mixture(), path).estimate(at, t).velocity(path.coeffs(t))[0]
    assert exact.tolist() == pytest.approx(u, abs=0.006) and length == pytest.approx(exact.norm().item(), abs=0.006)
    x_data = two_moons(400_000, generator=seeded(1), dtype=torch.float64)[0]
    eps = randn(x_data.shape, like=x_data, generator=seeded(2))
    near = ((path.coeffs(t).add_noise(x_data, eps) - at).norm(dim=1) < 0.1).nonzero().squeeze(1)
    heard = (x_data - eps)[near]
    assert len(near) > 300
    assert heard.var(0).mean().item() == pytest.approx(left, rel=0.12)
    assert sd**2 == pytest.approx(2 * left, rel=0.01) and square == pytest.approx(field + left, abs=0.011)
    assert field == pytest.approx(exact.square().mean().item(), abs=0.006)


@pytest.mark.parametrize(("path", "rule"), [("linear", heun), ("linear", rk4), ("cosine", euler), ("cosine", ddim)])
def test_a_step_of_a_dragged_particle_misses_as_in_lib(path, rule, browser):
    (x, y), text = dragged(browser, "step", f"path={path}&rule={rule.__name__}&t=0.3")
    model = Oracle(two_moons_mixture(), {"linear": LinearPath(), "cosine": CosinePath()}[path])
    start = torch.tensor([[x, y]]).double()

    def ends(h, rule, steps):
        grid = torch.linspace(0.3, 0.3 + h, steps + 1, dtype=torch.float64)
        *_, last = walk(model, start, grid, rule)
        return last.x

    miss, half = ((ends(h, rule, 1) - ends(h, rk4, 400)).norm().item() for h in (0.5, 0.25))
    told = [
        float(a) * 10 ** -int((b or "0").translate(PLAIN))
        for a, b in re.findall(r"by (\d+\.\d+)(?: × 10⁻(\S+))?[.,]", text)
    ]
    assert told == pytest.approx([miss, half], rel=0.06, abs=6e-4)
    order = math.log2(miss / half) - 1
    assert float(re.search(r"measured order (-?\d+\.\d)", text)[1]) == pytest.approx(order, abs=0.06)
    assert f"order {facts(rule).order}, {2 ** (facts(rule).order + 1)} times less" in text


def test_a_tap_chooses_a_part_of_the_dit_and_a_finger_that_moves_scrolls(browser):
    with watched(browser, viewport={"width": 390, "height": 844}, has_touch=True) as (page, faults):
        page.set_content(f"<!doctype html>{POSTERS['dit']()}<div style='height: 900px'></div>")
        begin(page, "explorer-dit")
        values, box = page.locator(".kx-values"), page.locator(".kx-canvas").bounding_box()
        page.touchscreen.tap(box["x"] + 80, box["y"] + box["height"] - 42)  # the last but one
        idle(page, "explorer-dit")
        assert values.text_content().startswith("Head. ") and "step 1" in values.text_content()
        assert "return unpatchify(self.head(" in page.locator(".kx-code").text_content()
        finger, top = page.context.new_cdp_session(page), page.evaluate("scrollY")
        for kind, dy in (("Start", 0), *(("Move", -20 * i) for i in range(1, 9)), ("End", None)):
            at = [] if dy is None else [{"x": box["x"] + 80, "y": box["y"] + 300 + dy}]
            finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
        frames(page, 20)
        assert values.text_content().startswith("Head. ") and page.evaluate("scrollY") > top
        assert faults == []


def test_the_half_life_is_dragged_and_its_excess_is_that_of_the_file(browser):
    report = json.loads((RESULTS / "weight_averages.json").read_text())
    ends = report["runs"]["constant"]["1000"]["end"]
    with watched(browser, viewport={"width": 760, "height": 800}) as (page, faults):
        page.set_content(f"<!doctype html>{POSTERS['ema']()}")
        begin(page, "explorer-ema")
        box = page.locator(".kx-canvas").bounding_box()
        page.mouse.move(box["x"] + box["width"] - 160, box["y"] + 150)
        page.mouse.down()
        for x, half in ((box["width"] / 2 + 30, 1), (box["width"] - 20, 2000)):
            page.mouse.move(box["x"] + x, box["y"] + 150, steps=4)
            idle(page, "explorer-ema")
            text = page.locator(".kx-values").text_content()
            weights, average = (statistics.median(ends[i]) for i in (0, 1 + report["half_lives"].index(half)))
            assert f"weights {weights:.3f}; " in text and f") {average:.3f} (" in text
        page.mouse.up()
        assert faults == []


def test_the_water_is_dragged_by_its_surface(browser):
    """A finger on the surface moves it and not the page; elsewhere it scrolls. At the top of the chart nothing is in use."""
    with watched(browser, viewport={"width": 390, "height": 700}, has_touch=True) as (page, faults):
        page.set_content(f"<!doctype html>{POSTERS['water']()}<div style='height: 900px'></div>")
        begin(page, "explorer-water")
        page.evaluate("scrollTo(0, 0)")
        box, finger = page.locator(".kx-canvas").bounding_box(), page.context.new_cdp_session(page)

        def drag(y, dy):
            for kind, part in (("Start", 0), *(("Move", i / 8) for i in range(1, 9)), ("End", None)):
                place = [] if part is None else [{"x": box["x"] + 150, "y": box["y"] + y + part * dy}]
                finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": place})
            frames(page, 20)
            idle(page, "explorer-water")
            return page.locator(".kx-values").text_content()

        assert "Numbers in use: 10 of 16" in page.locator(".kx-values").text_content()
        assert "Numbers in use: 0 of 16, all 16 are noise alone. " in (text := drag(138, -95))
        assert page.evaluate("scrollY") == 0
        assert drag(340, -150) == text and page.evaluate("scrollY") > 0
        assert faults == []


@pytest.mark.parametrize("touch", [True, False], ids=["finger", "mouse"])
def test_two_taps_swap_the_data_of_two_pairs(touch, browser):
    """By hand, and as well by keyboard; a finger that moves scrolls."""
    with watched(browser, viewport={"width": 390, "height": 700}, has_touch=touch) as (page, faults):
        page.set_content(f"<!doctype html>{POSTERS['pairing']()}<div style='height: 900px'></div>")
        begin(page, "explorer-pairing")
        values = page.locator(".kx-values")
        page.locator("select[data-id=how]").select_option("hand")
        idle(page, "explorer-pairing")
        page.evaluate("scrollTo(0, 0)")
        box, side = (
            page.locator(".kx-canvas").bounding_box(),
            page.evaluate("(document.querySelector('canvas').clientWidth - 8) / 2"),
        )

        def tap(radius, turn):
            x, y = (2.5 + radius * math.cos(turn), 2.5 - radius * math.sin(turn))
            act = page.touchscreen.tap if touch else page.mouse.click
            act(box["x"] + x / 5 * side, box["y"] + 22 + y / 5 * side)
            frames(page, 4)
            idle(page, "explorer-pairing")
            return values.text_content()

        first = values.text_content()
        assert "Your pairs: mean square distance 3." in first
        inner, outer = (0.6, 2 * math.pi * 0.1 / 5), (1.6, 2 * math.pi * 3.3 / 11)  # noises 1 and 9
        assert "(pair 1 is taken)" in tap(*inner)
        swapped = tap(*outer)
        assert "taken" not in swapped and swapped != first
        page.locator("input[data-id=pair]").evaluate(
            "(node) => { node.value = 0; node.dispatchEvent(new Event('input')); }"
        )
        page.locator("button[data-id=take]").press("Enter")
        idle(page, "explorer-pairing")
        assert "(pair 1 is taken)" in values.text_content()
        assert tap(*outer) == first
        assert faults == []


@pytest.mark.parametrize("stem", POSTERS)
def test_the_poster_is_the_first_picture(stem, browser):
    """Up to fonts, which differ from machine to machine; `make explorers ARGS=--posters` draws them anew."""
    drawn = Image.open(io.BytesIO(explorers.poster(browser, POSTERS[stem]()))).convert("RGBA")
    committed = Image.open(explorers.EXPLORERS / "posters" / f"{stem}.png").convert("RGBA")
    assert drawn.size == committed.size
    assert differing(drawn, committed) < 0.02
    assert differing(drawn, committed.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) > 0.02


def differing(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that are visibly different."""
    bands = ImageChops.difference(one, other).split()
    worst = functools.reduce(ImageChops.lighter, bands).histogram()
    return sum(worst[64:]) / sum(worst)


def measured(page: Page, name: str) -> list[float]:
    """The milliseconds under this name."""
    return page.evaluate("name => performance.getEntriesByName(name).map((entry) => entry.duration)", name)


def test_no_text_names_the_rule_before_while_another_runs(browser):
    """The live region says at once what is being sampled, and the chart's words are the present run's."""
    with watched(browser) as (page, faults):
        page.set_content(f"<!doctype html>{POSTERS['k-budget']()}")
        begin(page, "explorer-k-budget")
        said = page.evaluate(
            """async () => {
              const [figure] = document.querySelectorAll("figure.kx");
              const said = [];
              const rule = figure.querySelector("select[data-id=rule]");
              rule.value = "ddim";
              rule.dispatchEvent(new Event("change", { bubbles: true }));
              do {
                await new Promise(requestAnimationFrame);
                said.push(figure.querySelector(".kx-values").textContent);
              } while (!figure.hasAttribute("data-idle"));
              return said;
            }"""
        )
        assert all(text.startswith("DDIM (DDPM, linear betas)") for text in said[1:])
        assert said[1].endswith("sampling …") and "about 1" in said[-1]
        assert faults == []


def test_nothing_went_wrong(live):
    _, _, _, faults = live
    assert faults == []


@pytest.mark.parametrize("figure", EACH, ids=str)
def test_on_a_phone_with_reduced_motion(figure, browser):
    id = figure.id
    phone = {"viewport": {"width": 320, "height": 640}, "device_scale_factor": 2, "has_touch": True}
    with watched(browser, HOOK, formulas=False, reduced_motion="reduce", **phone) as (page, faults):
        page.goto(figure.path.as_uri())
        settle(page)
        begin(page, id)
        assert small(page, id) + overflow(page, f"#{id}") == []
        seen = shows(look(page, id))
        frames(page, 12)  # what moved would be drawn every 50 ms, which is every third
        assert shows(look(page, id)) == seen
        play = page.locator(f"#{id} button", has_text="Play")
        if play.count():
            play.click()
            assert len(set(pictures_of(page, id))) <= 4, "Play moves smoothly"
        assert faults + page.evaluate("window.kxFaults") == []


@pytest.mark.parametrize("stem", POSTERS)
def test_picture_and_controls_are_on_a_phone_together(stem, browser):
    """At the top of the screen, all controls are in sight, and of the picture at least 300 pixels, or all of it."""
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}
    with watched(browser, **phone) as (page, _):
        page.set_content(
            '<!doctype html><meta name="viewport" content="width=device-width">'
            f"<style>figure {{ margin: 0 16px 2000px !important }}</style>{POSTERS[stem]()}"
        )
        id = f"explorer-{stem}"
        begin(page, id)
        canvas, board = (page.locator(f"#{id} {part}").bounding_box() for part in (".kx-canvas", ".kx-board"))
        assert 0 <= canvas["y"] < 60
        assert board["y"] + board["height"] <= 845
        assert board["y"] >= min(canvas["y"] + canvas["height"], 300 + canvas["y"])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def pictures_of(page, id: str, seconds: float = 1) -> list[str]:
    """Where the sliders stand in every frame of some time."""
    return page.evaluate(
        """async ([id, seconds]) => {
          const seen = [];
          for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
            await new Promise(requestAnimationFrame);
            seen.push([...document.querySelectorAll(`#${id} input`)].map((node) => node.value).join());
          }
          return seen;
        }""",
        [id, seconds],
    )


@pytest.mark.parametrize("path", sorted({figure.path for figure in EACH}), ids=lambda path: path.stem)
def test_every_kind_lives_from_a_server(path, browser, server):
    """All other tests open files."""
    with watched(browser, formulas=False) as (page, faults):
        page.goto(f"{server}/{path.relative_to(HTML).as_posix()}")
        settle(page)
        assert lives(page, [figure for figure in EACH if figure.path == path]) == []
        assert faults == []


@pytest.mark.parametrize("figure", [figure for figure in EACH if PAYLOAD.search(figure.html)], ids=str)
def test_bears_damaged_data(figure, browser):
    script = bundle_of(figure)
    payload = PAYLOAD.search(figure.html)[1]
    assert len(gzip.compress(payload.encode())) <= DATA
    with watched(browser) as (page, faults):
        found = {wrong: bears(page, figure.html, script, text) for wrong, text in damages(payload)}
        assert {wrong: lines for wrong, lines in found.items() if lines} == {}
        assert faults == []
