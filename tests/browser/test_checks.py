"""The checks of explorers can fail: a small explorer that passes them all, and one planted mistake at a time."""

import pytest

from tests.browser.checks import darken, overflow, violations, watched
from tests.browser.explorers import HOOK, bears, begin, damages, first_control, fuzz, idle, keyboard, look, shows, small

FIGURE = """<figure class="kx" id="toy" data-explorer="toy">
<img class="kx-poster" alt="A bar." width="40" height="40" src="data:,">
<script type="application/json" class="kx-data">{"size": 3, "list": [1, 2]}</script></figure>"""

SCRIPT = """<script type="module">
const figure = document.getElementById("toy");
try {
  const data = JSON.parse(figure.querySelector(".kx-data").textContent);
  if (![data.size, ...data.list].every(Number.isFinite)) throw new Error("damaged");
  figure.querySelector("img").hidden = true;
  figure.insertAdjacentHTML("beforeend", `<div class="kx-body">
    <canvas role="img" aria-label="A bar" width="90" height="20"></canvas>
    <p class="kx-values"></p><div>
    <input type="range" min="0" max="9" value="3" data-id="size" aria-label="Size" style="width: 90px; height: 30px">
    <select data-id="ink" aria-label="Ink" style="height: 30px"><option>red</option><option>blue</option></select>
    <button data-id="reset" style="height: 30px">Reset</button>
    <a class="kx-link" style="display: block; height: 30px">Link</a></div></div>`);
  const [canvas, values, size, ink, reset, link] = figure.querySelectorAll("canvas, p, input, select, button, a");
  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, 90, 20);
    pen.fillStyle = ink.value;
    pen.fillRect(0, 0, 1 + 9 * size.value, 10);
    values.textContent = `size ${size.value}`;
    link.setAttribute("href", size.value === "3" && ink.value === "red" ? "#toy" : `#toy?size=${size.value}&ink=${ink.value}`);
  };
  size.oninput = ink.onchange = draw;
  reset.onclick = () => { size.value = 3; ink.value = "red"; draw(); };
  draw();
  figure.classList.add("kx-live");
  figure.dataset.idle = "";
} catch {
  figure.insertAdjacentHTML("beforeend", `<p class="kx-problem" role="status">The data of this figure is damaged.</p>`);
}
</script>"""


def toy(old: str = "", new: str = "") -> str:
    """The explorer with one piece of its script exchanged."""
    assert old in SCRIPT
    return "<!doctype html><title>Toy</title><main>" + FIGURE + SCRIPT.replace(old, new, 1) + "</main>"


@pytest.fixture(scope="module")
def page(browser):
    with watched(browser, HOOK, viewport={"width": 320, "height": 640}) as (page, _):
        page.goto("about:blank")
        yield page


def show(page, html: str) -> None:
    """Load a page anew, so that the hook is fresh as well."""
    page.goto("about:blank")
    page.set_content(html)
    begin(page, "toy")


CHECKS = {
    "keyboard": lambda page: keyboard(page, "toy"),
    "fuzz": lambda page: fuzz(page, "toy", moves=40),
    "small": lambda page: small(page, "toy"),
    "overflow": lambda page: overflow(page),
    "first": lambda page: first_control(page, "toy"),
}


@pytest.mark.parametrize("check", CHECKS)
def test_a_good_explorer_passes(check, page):
    show(page, toy())
    assert CHECKS[check](page) == []


@pytest.mark.parametrize(
    ("check", "old", "new", "fault"),
    [
        ("keyboard", "size.oninput = ink", "ink", "size does not change the link"),
        ("keyboard", "pen.fillStyle = ink.value;", "", "ink changes nothing to see"),
        ("keyboard", '<button data-id="reset"', '<button data-id="reset" tabindex="-1"', "3 of 4 controls"),
        ("keyboard", 'size.value = 3; ink.value = "red"; draw', "size.value = 3; draw", "Reset does not undo ink"),
        ("first", "size.oninput = ink", "ink", "does not change the link"),
        ("fuzz", "`size ${size.value}`", "`size ${1 / (size.value - 5)}`", "Infinity shown"),
        ("fuzz", "1 + 9 * size.value, 10", "size.value > 5 ? NaN : 9, 10", "fillRect(0,0,NaN,10)"),
        ("fuzz", "pen.fillRect", "if (size.value < 2) pen.fillRect", "blank"),
        ("fuzz", "const pen", "for (const t = Date.now(); Date.now() < t + 1100; ); const pen", "no frame for"),
        ("small", "height: 30px", "height: 12px", "size is 90 x 12"),
        ("small", "width: 90px", "width: 400px", "size stands out"),
        ("overflow", "width: 90px", "width: 400px", "wide"),
    ],
)
def test_a_mistake_is_found(check, old, new, fault, page):
    show(page, toy(old, new))
    assert any(fault in line for line in CHECKS[check](page))


def test_a_change_of_the_picture_is_seen(page):
    show(page, toy())
    seen = look(page, "toy")
    assert look(page, "toy") == seen
    page.evaluate("document.querySelector('canvas').getContext('2d').fillRect(80, 15, 1, 1)")
    assert shows(look(page, "toy")) != shows(seen)
    idle(page, "toy")


def test_every_damage_is_borne(page):
    payload = '{"size": 3, "list": [1, 2]}'
    given = dict(damages(payload))
    assert len(given) == 5 + 2 * 3 and given["list.0 = 1e999"] == '{"size": 3, "list": [1e999, 2]}'
    assert [fault for text in given.values() for fault in bears(page, FIGURE, SCRIPT, text)] == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (".every(Number.isFinite)", ".every(Boolean)", "runs as if nothing were wrong"),
        ("The data of this figure is damaged.", "Error", "is no sentence"),
        ('<p class="kx-problem"', '<p hidden class="kx-problem"', "hidden"),
        ("} catch {", "} catch { figure.querySelector('img').hidden = true;", "no poster"),
        ("} catch {", "} catch { figure.append(document.createElement('canvas'));", "a canvas is left"),
    ],
)
def test_an_explorer_that_hides_the_damage_is_found(old, new, fault, page):
    assert old in SCRIPT
    faults = bears(page, FIGURE, SCRIPT.replace(old, new), '{"size": 3, "list": [1e999, 2]}')
    assert any(fault in line for line in faults), faults


FADING = """<!doctype html><html lang="en"><title>Fading</title><style>
p { background: #fff; color: #000; transition: all 2s -1s linear }
@media (prefers-color-scheme: dark) { p { background: #000; color: #fff } }</style><main><h1>It</h1><p>fades.</p></main></html>"""


def test_a_colour_between_two_themes_is_not_judged(browser):
    """Half-way the text is grey on grey; what is asked is whether it can be read once the theme has changed."""
    with watched(browser) as (page, _):
        page.set_content(FADING)
        assert violations(page) == []
        darken(page)
        assert violations(page) == []
