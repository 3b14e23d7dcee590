"""The transformer that runs in the page: nothing of it is loaded before it is asked for, every part can be switched, and what is
missing or damaged is said in a sentence."""

import functools
import json
import re
from contextlib import contextmanager

import pytest

from classroom.explorers.figure import traits
from tests.browser.checks import darken, frames, overflow, violations, watched
from tests.browser.explorers import HOOK, LOOK, idle, small
from tests.browser.test_live_engine import NO_WORKERS
from tools.site import live
from tools.site.gallery import pictures

ID = "explorer-attention-digits"  # the small digits, which are quick
PARTS = ("positions", "label", "block 1", "head 3 of block 3")

# In the page, once the net is there: what the engine itself draws.
ASK = """
  const half = (b) => {
    const [sign, exponent, fraction] = [b >> 15 ? -1 : 1, (b >> 10) & 31, (b & 1023) / 1024];
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
  };
  const rowsOf = (maps, N) => Array.from({ length: maps.length / N }, (_, i) => maps.slice(i * N, (i + 1) * N));
  const cut = (x) => Math.min(1, Math.max(-1, x));
  const knob = (name) => new Promise((resolve, reject) => {
    const engine = knobEngine.start((it) => {
      if (it.type === "loaded") resolve((message) => new Promise((done) => {
        const walk = { frames: [], maps: [] };
        hear = (one) => {
          if (one.type === "error") return reject(new Error(one.message));
          walk.frames.push([...one.x]);
          if (one.maps) walk.maps.push([...one.maps]);
          if (one.done) done(walk);
        };
        engine.send({ type: "draw", id: "t", frames: true, ...message });
      }));
      else if (it.id) hear(it);
    });
    let hear;
    engine.send({ type: "load", name, packed: knobWeights[name] });
  });
"""


@functools.cache
def figure(stem: str) -> str:
    return pictures("attention")[stem]()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder as the site has it: a page for each opening, and the folder live beside them."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("book", "live"):
        (folder / name).mkdir()
    for stem in pictures("attention"):
        (folder / "book" / f"{stem}.html").write_text(
            '<!doctype html><html lang="en" data-content_root="../"><meta charset="utf-8"><title>Digits</title>'
            '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">'
            "<style>:root { color-scheme: light dark } body { margin: 16px; max-width: 720px }</style>"
            f"<main><h1>Digits</h1>{figure(stem)}</main></html>"
        )
    for name, text in live.FILES.items():
        (folder / "live" / name).write_text(text())
    return folder


@contextmanager
def opened(browser, site, stem="attention-digits", at="", **options):
    """(page, the files of `live` that it has asked for) of an explorer with its first picture. Nothing may go wrong."""
    asked = []
    with watched(browser, **options) as (page, faults):
        page.on("request", lambda request: "/live/" in request.url and asked.append(request.url.rsplit("/", 1)[1]))
        page.goto(f"{(site / 'book' / f'{stem}.html').as_uri()}{at}")
        page.wait_for_selector("figure.kx-live[data-idle]", timeout=60_000)
        yield page, asked
    assert faults == []


def seen(page, id=ID) -> dict:
    page.wait_for_selector("figure.kx-live[data-idle]", timeout=60_000)
    return page.evaluate(LOOK, id)


def switch(page, part: str) -> None:
    page.locator("select[data-id=part]").select_option(label=part)
    page.locator("button[data-id=switch]").click()
    frames(page, 2)


def said(page) -> str:
    page.wait_for_selector("figure[data-idle]", timeout=60_000)
    return page.locator(".kx-values").text_content().strip()


def payload(stem: str) -> dict:
    return json.loads(re.search(r'class="kx-data">(.*?)</script>', figure(stem))[1])


def test_nothing_is_loaded_before_it_is_asked_for(browser, site):
    """The time moves a recorded walk; the first other control loads the engine and the net, once."""
    with opened(browser, site) as (page, asked):
        first = seen(page)
        slider = page.locator("input[data-id=t]")
        for key in ("Home", "ArrowRight"):
            slider.press(key)
            assert seen(page)["picture"] != first["picture"]
        page.locator("button[data-id=play]").click()
        page.wait_for_function("document.querySelector('output').textContent === '0.50'")
        seen(page)
        assert asked == [] and page.evaluate("typeof knobEngine + typeof knobWeights") == "undefinedundefined"
        switch(page, "block 1")
        assert "Off: block 1." in said(page)
        page.locator("button[data-id=noise]").click()
        frames(page, 2)
        said(page)
        assert asked == ["engine.js", "digits_flow.js"]


def test_what_is_recorded_is_what_the_engine_draws(browser, site):
    """Up to the grey levels and bytes in which it travels; each row of attention sums to 1."""
    with opened(browser, site) as (page, _):
        switch(page, "label")
        said(page)
        data = payload("attention-digits")
        kept = data["first"]
        found = page.evaluate(
            f"""async (data) => {{ {ASK}
              const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
              const grey = [...bytes(data.frames)].flatMap((byte) => [byte >> 4, byte & 15]);
              const bits = new DataView(bytes(data.start).buffer);
              const noise = Array.from({{ length: 64 }}, (_, i) => half(bits.getUint16(2 * i, true)));
              const draw = await knob("digits_flow");
              const {{ K, w, digit, token }} = data.first;
              const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
              const start = (labels) => Float64Array.from(labels.flatMap(() => noise));
              const ten = await draw({{ labels: all, start: start(all), calls: K, rule: "euler", scale: w }});
              const one = await draw({{ labels: [digit], start: start([digit]), calls: K, rule: "euler", scale: w, look: 0 }});
              const pixels = ten.frames.flat();
              const rows = one.maps.slice(0, -1).flatMap((maps) => rowsOf(maps, 16).filter((_, i) => i % 16 === token).flat());
              const shares = bytes(data.shares);
              const sums = one.maps.flatMap((maps) => rowsOf(maps, 16).map((row) => row.reduce((a, b) => a + b)));
              return {{
                pixels: [pixels.length, grey.length, Math.max(...pixels.map((x, i) => Math.abs(cut(x) - (grey[i] / 7.5 - 1))))],
                shares: [rows.length, shares.length, Math.max(...rows.map((x, i) => Math.abs(x - shares[i] / 255)))],
                sums: [Math.min(...sums), Math.max(...sums)],
              }};
            }}""",
            data,
        )
        count, kept_count, worst = found["pixels"]
        assert count == kept_count == (kept["K"] + 1) * 640 and worst < 1 / 15 + 0.03  # of a level, and a byte a number
        count, kept_count, worst = found["shares"]
        assert count == kept_count == kept["K"] * 384 and worst < 0.02
        assert found["sums"] == pytest.approx([1, 1], abs=1e-5)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_switched_off_and_on_again(part, browser, site):
    with opened(browser, site) as (page, _):
        page.locator("select[data-id=part]").select_option(label=part)
        first = seen(page)
        for _ in range(2):
            page.locator("button[data-id=switch]").click()
            frames(page, 2)
            off = seen(page)
            assert (
                f"Off: {part}." in off["values"] and off["picture"] != first["picture"] and off["link"] != first["link"]
            )
            page.locator("button[data-id=switch]").click()
            frames(page, 2)
            assert seen(page) == first


def test_gates_and_several_parts_at_once(browser, site):
    with opened(browser, site) as (page, _):
        changes = []
        for value in ("0", "1"):
            page.locator("select[data-id=gates]").select_option(value)
            frames(page, 2)
            changes.append(float(re.search(r"whole net’s: (\d\.\d+),", said(page))[1]))
            assert f"Off: gates at {value}." in said(page)
        assert min(changes) > 0.5
        switch(page, "block 2")
        assert "Off: block 2, gates at 1." in said(page)
        page.locator("button[data-id=reset]").click()
        frames(page, 2)
        assert "All 6 blocks and their 24 heads are at work." in said(page)


def test_what_was_seen_lately_is_remembered(browser, site):
    """Twelve walks are kept, whole ones among them, however long ago they were drawn."""
    with opened(browser, site) as (page, _):
        page.locator("input[data-id=K]").press("Home")
        page.locator("button[data-id=noise]").click()
        frames(page, 2)
        said(page)
        for _ in range(9):  # each asks for two walks more, beside the whole net's first
            page.locator("select[data-id=part]").press("ArrowDown")
            page.locator("button[data-id=switch]").click()
            frames(page, 2)
            assert "Off: " in said(page)


def test_what_chapter_10_says_of_its_net(browser, site):
    """The heads of block 3 are missed most; without the label all ten are one picture, without positions one grey texture."""
    with opened(browser, site, "attention") as (page, _):
        switch(page, "label")
        said(page)
        found = page.evaluate(
            f"""async () => {{ {ASK}
              const draw = await knob("mnist_flow");
              const {{ normals, generator }} = knobEngine.core;
              const labels = [1, 3, 5, 7];
              const noise = normals(784, generator(2));
              const start = Float64Array.from({{ length: labels.length * 784 }}, (_, i) => noise[i % 784]);
              const asked = {{ labels, start, calls: 6, rule: "euler", scale: 2 }};
              const run = async (parts) => (await draw({{ ...asked, parts }})).frames.at(-1).map(cut);
              const whole = await run({{}});
              const off = (x) => Math.sqrt(x.reduce((sum, value, i) => sum + (value - whole[i]) ** 2, 0) / x.length);
              const heads = [];
              for (let i = 0; i < 6; i++) heads.push(off(await run({{ heads: [0, 1, 2, 3].map((h) => [i, h]) }})));
              const alike = await run({{ label: false }}), grey = await run({{ positions: false }});
              const apart = (x) => Math.max(...x.map((value, i) => Math.abs(value - x[i % 784])));
              return {{ heads, alike: apart(alike), legible: Math.max(...whole), grey: Math.max(...grey.map(Math.abs)) }};
            }}"""
        )
        heads = found["heads"]
        assert max(heads) == heads[2] > 1.2 * sorted(heads)[-2]
        assert found["alike"] < 1e-4 and found["legible"] > 0.9 and found["grey"] < 0.6


def test_digits_move_while_they_are_drawn(browser, site):
    with opened(browser, site) as (page, _):
        count = """async () => {
          const [canvas, figure] = [document.querySelector("canvas"), document.querySelector("figure")];
          const seen = new Set();
          document.querySelector("button[data-id=NAME]").click();
          do {
            await new Promise(requestAnimationFrame);
            seen.add(canvas.toDataURL());
          } while (!figure.hasAttribute("data-idle"));
          return seen.size;
        }"""
        assert page.evaluate(count.replace("NAME", "play")) > 5  # of the 21 recorded states
        page.locator("select[data-id=rule]").select_option("rk4")
        said(page)
        assert page.evaluate(count.replace("NAME", "noise")) > 2


def test_arrow_keys_choose_a_patch(browser, site):
    with opened(browser, site) as (page, _):
        patch = page.locator("input[data-id=token] ~ output")
        page.locator("canvas").focus()
        assert patch.text_content() == "2, 3"
        places = []
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp", "a"):
            page.keyboard.press(key)
            places.append(patch.text_content())
        assert places == ["2, 4", "2, 4", "3, 4", "3, 3", "2, 3", "1, 3", "1, 3"]
        assert "row 1, column 3" in said(page) and page.evaluate("scrollY") == 0
        assert "Arrow keys choose a patch." in page.locator("canvas").get_attribute("aria-label")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.id") == "t"


@pytest.mark.parametrize("touch", [True, False], ids=["finger", "mouse"])
def test_the_picture_is_tapped(touch, browser, site):
    """A digit of the rows, a patch, the name of a block, a map, and the positions."""
    with opened(browser, site, viewport={"width": 390, "height": 844}, has_touch=touch) as (page, _):
        box = page.locator("canvas").bounding_box()
        large = 0.33 * box["width"]
        act = page.touchscreen.tap if touch else page.mouse.click

        def tap(x, y):
            act(box["x"] + x, box["y"] + y)
            frames(page, 2)
            return said(page)

        assert "patch of the 7" in tap(0.75 * box["width"], 30)
        left = large + 14
        cell = (box["width"] - large - 10) / 6
        top = page.evaluate("Math.round(17 + 2 * ((document.querySelector('canvas').clientWidth - 1) / 10) + 19 + 38)")
        assert "row 4, column 1" in tap(5, top + large - 6)
        assert "Off: block 2." in tap(left + cell + 4, top - 12)
        assert "Off: block 2, head 1 of block 4." in tap(left + 3 * cell + 4, top + 10)
        assert page.locator("select[data-id=part] option:checked").text_content() == "head 1 of block 4"
        assert "Off: positions, block 2, head 1 of block 4." in tap(10, top + large + 16)


def test_a_link_brings_a_state_and_nothing_else(browser, site):
    state = f"#{ID}?blocks=5&digit=7&w=3"
    with opened(browser, site, at=state) as (page, _):
        assert "patch of the 7" in said(page) and "Off: block 1, block 3." in said(page)
        assert seen(page)["link"] == f"#{ID}?w=3&digit=7&blocks=5"
    bad = ("blocks=64", "part=%3Cimg src=x onerror=alert(1)%3E", "heads1=-1", "told=1e9", "gates=constructor", "t=NaN")
    wrong = f"#{ID}?{'&'.join(bad)}&__proto__=1"
    with opened(browser, site, at=wrong) as (page, asked):
        assert "All 6 blocks" in said(page) and seen(page)["link"] == f"#{ID}" and asked == []


@pytest.mark.parametrize("refused", NO_WORKERS)
def test_where_workers_are_refused_it_runs_on_the_page(refused, browser, site):
    with opened(browser, site, script=NO_WORKERS[refused]) as (page, _):
        page.locator("input[data-id=K]").press("ArrowLeft")
        switch(page, "block 1")
        assert "Off: block 1." in said(page)


DAMAGES = {
    "engine.js is missing": ("engine.js", None, "The file live/engine.js could not be loaded"),
    "the net is missing": ("digits_flow.js", None, "The file live/digits_flow.js could not be loaded"),
    "the net is empty": ("digits_flow.js", "", "The file live/digits_flow.js is damaged."),
    "another net": ("digits_flow.js", "globalThis.knobWeights = { other: {} };", "The file live/digits_flow.js is damaged."),
    "no sizes": ("digits_flow.js", "globalThis.knobWeights = { digits_flow: {} };", "The file live/digits_flow.js is damaged."),
    "cut short": ("digits_flow.js", r's/(.*"data": *")[^"]*/\1AAAA/', "The weights are damaged: 3 bytes instead of"),
    "no numbers": ("digits_flow.js", r's/"width":96/"width":100/', "The net needs"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", DAMAGES)
def test_what_is_missing_or_damaged_is_said(wrong, browser, site, tmp_path):
    """In a sentence, while the recorded walk is still there; once the file is right, the next move finds it."""
    name, text, sentence = DAMAGES[wrong]
    own = tmp_path / "site"
    for part in ("book", "live"):
        (own / part).mkdir(parents=True)
    (own / "book" / "attention-digits.html").write_text((site / "book" / "attention-digits.html").read_text())
    for file in (site / "live").iterdir():
        (own / "live" / file.name).symlink_to(file)
    path = own / "live" / name
    right = path.read_text()
    path.unlink()
    if text is not None:
        made = re.sub(*text[2:-1].split("/"), right, count=1) if text.startswith("s/") else text
        assert made != right
        path.write_text(made)
    with watched(browser) as (page, faults):
        page.goto((own / "book" / "attention-digits.html").as_uri())
        first = seen(page)
        switch(page, "block 1")
        told = said(page)
        assert sentence in told and told.endswith("Reset brings the recorded walk back.")
        assert page.locator(".kx-note").is_visible()
        page.locator("button[data-id=reset]").click()
        frames(page, 2)
        assert seen(page) == first
        path.unlink(missing_ok=True)
        path.write_text(right)
        if "globalThis" not in (text or "") and not (text or "").startswith("s/"):
            switch(page, "block 1")
            assert "Off: block 1." in said(page)
    assert [fault for fault in faults if "live/" not in fault and "ERR_FILE_NOT_FOUND" not in fault] == []


def test_without_the_site_the_recorded_walk_moves(browser):
    with watched(browser) as (page, faults):
        page.set_content(f"<!doctype html>{figure('attention')}")
        idle(page, "explorer-attention")
        assert "run the net, which lies beside the pages of the book" in page.locator(".kx-hint").text_content()
        able = page.locator(".kx-body :is(input, button):not(:disabled)")
        able = able.evaluate_all("all => all.map((it) => it.dataset.id)")
        assert able == ["t", "play", "reset"]
        assert page.locator("select[data-id=gates] option:not(:disabled)").count() == 1
        before = seen(page, "explorer-attention")
        page.locator("canvas").click(position={"x": 40, "y": 300})
        page.locator("input[data-id=t]").press("Home")
        assert seen(page, "explorer-attention")["values"] != before["values"] and "0 of 10 calls" in said(page)
        page.evaluate("location.hash = 'explorer-attention?w=5&blocks=3'")
        frames(page, 4)
        assert "All 6 blocks" in said(page)
        assert faults == []


@pytest.mark.parametrize("width", [390, 1200])
def test_axe_finds_nothing_in_light_and_dark(width, browser, site):
    options = {"viewport": {"width": width, "height": 844}, "has_touch": width < 500, "script": HOOK}
    with opened(browser, site, **options) as (page, _):
        switch(page, "head 1 of block 2")
        said(page)
        assert violations(page) == [] == small(page, ID) + overflow(page)
        darken(page)
        assert violations(page) == [] and page.evaluate("window.kxFaults") == []


def test_figure_and_controls_are_in_sight_together(browser, site):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}
    with opened(browser, site, "attention", **phone) as (page, _):
        page.evaluate("document.querySelector('figure').scrollIntoView()")
        canvas, board = (page.locator(part).bounding_box() for part in ("canvas", ".kx-board"))
        assert canvas["height"] < 330 and canvas["y"] >= 0
        assert canvas["y"] + canvas["height"] <= board["y"] + 1 and board["y"] + board["height"] <= 845


def test_its_traits_are_those_of_the_figure():
    shown = type("Shown", (), {"data": figure("attention")})
    assert traits(shown)["data"] == payload("attention") and traits(shown)["explorer"] == "attention"


def test_the_time_and_the_calls_that_are_said_are_those_of_the_picture(browser, site):
    """With one step there is nothing between noise and end; a rule of four calls makes four with a budget of one."""
    with opened(browser, site, at=f"#{ID}?K=1&t=0.5") as (page, _):
        assert said(page).startswith("t = 1.00, after 1 of 1 call. In the last step, from t = 0.00, the outlined patch")
        assert page.locator("input[data-id=t] ~ output").text_content() == "1.00"
        page.locator("input[data-id=t]").press("Home")
        assert said(page).startswith("t = 0.00, after 0 of 1 call. The outlined patch")
        page.locator("select[data-id=rule]").select_option("rk4")
        frames(page, 2)
        told = said(page)
        assert told.startswith("t = 0.00, after 0 of 4 calls. RK4 makes 4 calls a step, so K = 1 is 4 calls.")
        assert page.locator("input[data-id=K] ~ output").text_content() == "1, makes 4"
        page.locator("input[data-id=K]").press("End")
        page.locator("input[data-id=t]").press("End")
        assert said(page).startswith("t = 1.00, after 20 of 20 calls. In the last step, from t = 0.80,")


def test_gates_at_zero_are_explained_and_true(browser, site):
    """No patch hears of another: a change of one changes no other."""
    with opened(browser, site) as (page, _):
        page.locator("select[data-id=gates]").select_option("0")
        frames(page, 2)
        assert "With all gates at 0 no block adds anything: each patch is drawn from its own pixels" in said(page)
        changed = page.evaluate(
            f"""async () => {{ {ASK}
              const draw = await knob("digits_flow");
              const {{ normals, generator }} = knobEngine.core;
              const start = normals(64, generator(1)), other = start.slice();
              other[0] += 1; // a pixel of the first patch
              const run = async (x, parts) => (await draw({{ labels: [3], start: x, calls: 4, parts }})).frames.at(-1);
              const apart = async (parts) => {{
                const [a, b] = [await run(start.slice(), parts), await run(other.slice(), parts)];
                return a.map((value, i) => Math.abs(value - b[i]));
              }};
              return [await apart({{ gates: 0 }}), await apart({{}})];
            }}"""
        )
        first = {0, 1, 8, 9}
        alone, heard = (max(off for i, off in enumerate(all_of_them) if i not in first) for all_of_them in changed)
        assert alone == 0 < heard
        page.locator("select[data-id=gates]").select_option("1")
        frames(page, 2)
        assert "no block adds anything" not in said(page)


def test_guidance_holds_between_two_times(browser, site):
    with opened(browser, site) as (page, _):
        slider = {name: page.locator(f"input[data-id={name}]") for name in ("from", "to", "w")}
        first = seen(page)
        for _ in range(3):
            slider["from"].press("ArrowRight")
        begins = seen(page)
        assert (
            "Guidance holds from t = 0.3 to 1.0, in 14 of 20 calls; the others take the label alone" in begins["values"]
        )
        for _ in range(9):
            slider["to"].press("ArrowLeft")
        assert "from t = 0.3 to 0.4, in 3 of 20 calls" in said(page)  # it ends after it has begun
        few = seen(page)
        slider["from"].press("End")
        assert "from t = 0.9 to 1.0, in 2 of 20 calls" in said(page)
        assert len({it["picture"] for it in (first, begins, few)}) == 3
        while slider["w"].get_attribute("aria-valuetext") != "1":
            slider["w"].press("ArrowLeft")
        assert "Guidance holds" not in said(page)
