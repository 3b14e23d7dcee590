"""What the tests ask of an explorer. Each check returns the faults it found, as text."""

import json
import random
import re
from collections.abc import Iterator

from playwright.sync_api import Page, TimeoutError

# Before any script of the page: write down every number that is none on its way to a canvas.
HOOK = """(() => {
  window.kxFaults = [];
  for (const type of [CanvasRenderingContext2D, Path2D]) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type.prototype))) {
      if (typeof value !== "function") continue;
      type.prototype[name] = function (...given) {
        const bad = given.some((it) => it === undefined || (typeof it === "number" && !Number.isFinite(it)));
        if (bad && window.kxFaults.length < 5) window.kxFaults.push(`${name}(${given.map(String)})`);
        return value.apply(this, given);
      };
    }
  }
})()"""

# The picture (or, without a canvas, what stands there), the values and numbers in words, and the state in the link.
LOOK = """(id) => {
  const figure = document.getElementById(id);
  const text = (selector) => [...figure.querySelectorAll(selector)].map((node) => node.textContent).join(" ");
  // A hash of the pixels (FNV-1a): pictures themselves are megabytes on their way to the test.
  const hash = (canvas) => {
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Uint32Array(data.buffer).reduce((sum, pixel) => Math.imul(sum ^ pixel, 16777619), width ^ (height << 16)) >>> 0;
  };
  const canvas = figure.querySelector("canvas");
  return {
    picture: canvas ? String(hash(canvas)) : figure.querySelector(".kx-body").innerHTML,
    values: text(".kx-values, output"),
    link: figure.querySelector("a.kx-link").getAttribute("href"),
    controls: [...figure.querySelectorAll(".kx-body :is(input, select)")].map((node) => node.value).join(),
  };
}"""

# Move what is there at random; after every move the page must answer, and no text may hold a number that is none.
FUZZ = """async ([id, draws]) => {
  const figure = document.getElementById(id);
  const faults = [];
  const frame = () => new Promise(requestAnimationFrame);
  // Long runs are interrupted after a while, as a reader would; the last one comes to its end.
  const idle = async (end) => { while (!figure.hasAttribute("data-idle") && performance.now() < end) await frame(); };
  const told = () => [...figure.querySelectorAll(".kx-body :is(p, output, label)")].map((node) => node.textContent).join(" ");
  for (const [move, [which, where]] of draws.entries()) {
    const controls = [...figure.querySelectorAll(".kx-body :is(input, select, button):not(:disabled)")];
    const control = controls[Math.floor(which * controls.length)];
    const [before, name] = [performance.now(), control.dataset.id ?? control.textContent];
    if (control.tagName === "BUTTON") control.click();
    else if (control.tagName === "SELECT") {
      const options = [...control.options].filter((option) => !option.disabled);
      control.value = options[Math.floor(where * options.length)].value;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      control.value = +control.min + Math.round(where * (control.max - control.min));
      control.dispatchEvent(new Event("input", { bubbles: true }));
      control.dispatchEvent(new Event("change", { bubbles: true }));
    }
    await frame();
    const waited = performance.now() - before;
    if (waited > 1000) faults.push(`no frame for ${waited.toFixed(0)} ms after ${name}`);
    if (move % 10 === 9) {
      const play = [...figure.querySelectorAll("button")].find((button) => button.textContent === "Pause");
      play?.click();
      await idle(move === draws.length - 1 ? Infinity : performance.now() + 500);
    }
    const wrong = told().match(/NaN|Infinity|undefined|null|\\[object/);
    if (wrong) faults.push(`${wrong[0]} shown after ${name}`);
    const canvas = figure.querySelector("canvas");
    if (canvas && move % 10 === 9) {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      if (!new Uint32Array(data.buffer).some((pixel, _, all) => pixel !== all[0])) faults.push(`blank after ${name}`);
    }
    if (!figure.classList.contains("kx-live") || faults.length > 3) break;
  }
  return figure.classList.contains("kx-live") ? faults : [...faults, "no longer live"];
}"""

SMALL = """(id) => {
  const width = document.documentElement.clientWidth;
  const figure = document.getElementById(id);
  const faults = figure.scrollWidth > figure.clientWidth ? [`the figure is ${figure.scrollWidth} wide`] : [];
  for (const node of figure.querySelectorAll(".kx-body :is(input, select, button, a, summary)")) {
    const box = node.getBoundingClientRect();
    const name = node.dataset.id ?? node.textContent;
    const inline = node.tagName === "A" && getComputedStyle(node).display === "inline"; // a link in a sentence may be small
    if (!inline && (box.width < 24 || box.height < 24)) faults.push(`${name} is ${box.width} x ${box.height}`);
    if (box.left < 0 || box.right > width) faults.push(`${name} stands out`);
  }
  return faults;
}"""


def begin(page: Page, figure: str) -> None:
    """Scroll to the figure and wait for its first picture."""
    page.locator(f"#{figure}").scroll_into_view_if_needed()
    idle(page, figure)


def idle(page: Page, figure: str) -> None:
    """Wait until the figure has nothing to do."""
    page.wait_for_selector(f"#{figure}.kx-live[data-idle]", timeout=20_000)


def look(page: Page, figure: str) -> dict[str, str]:
    """What the figure shows, once it has nothing to do."""
    idle(page, figure)
    return page.evaluate(LOOK, figure)


def shows(seen: dict[str, str]) -> tuple[str, str]:
    """What a reader can see of it, apart from the controls."""
    return seen["picture"], seen["values"]


# --- by keyboard alone -----------------------------------------------------------------------------------------------


def keyboard(page: Page, figure: str) -> list[str]:
    """Tab to every control and use it: the state in the link changes, and so does what is shown; Reset undoes it all."""
    first, faults = look(page, figure), []
    held = page.locator(f"#{figure} .kx-body :is(input, select, button, a.kx-link):not(:disabled)").count()
    page.evaluate("id => { const node = document.getElementById(id); node.tabIndex = -1; node.focus(); }", figure)
    seen = 0
    while seen < held:
        page.keyboard.press("Tab")
        at = page.evaluate(
            "id => { const at = document.activeElement; return document.querySelector(`#${id} .kx-body`).contains(at)"
            " ? [at.tagName, at.dataset.id ?? at.textContent, at.matches(':is(input, select, button, a.kx-link)')] : null; }",
            figure,
        )
        if at is None:
            return [*faults, f"{seen} of {held} controls are reached by Tab"]
        tag, name, counts = at
        seen += counts
        if not counts or tag == "A" or name == "reset":
            continue
        faults += matters(page, figure, tag, name, first)
        if not page.evaluate("document.activeElement.matches('.kx-body *')"):
            return [*faults, f"{name} loses the focus"]
        if tag == "BUTTON" and not page.locator(f"#{figure} canvas").count():
            break  # its buttons change with the state
        # Its picture is looked at in the end only: a control used now interrupts what Reset has begun to compute.
        page.evaluate(
            "id => [...document.querySelectorAll(`#${id} button`)].find((b) => b.textContent === 'Reset').click()",
            figure,
        )
        if any(page.evaluate(LOOK, figure)[part] != first[part] for part in ("link", "controls")):
            return [*faults, f"Reset does not undo {name}"]
    page.locator(f"#{figure} button", has_text="Reset").focus()
    page.keyboard.press("Enter")
    return faults if look(page, figure) == first else [*faults, "Reset is not the beginning"]


def matters(page: Page, figure: str, tag: str, name: str, first: dict[str, str]) -> list[str]:
    """Use the control that has the focus; some matter only in another state, which is then sought."""
    faults = used(page, figure, tag, name, first)
    for numbers in range(5):
        if not faults:
            break
        control = page.evaluate_handle("document.activeElement")
        fuzz(page, figure, moves=10, seed=numbers)
        control.as_element().focus()
        if page.evaluate("document.activeElement === document.body"):
            continue  # disabled in that state
        faults = used(page, figure, tag, name, look(page, figure))
    return faults


def used(page: Page, figure: str, tag: str, name: str, before: dict[str, str]) -> list[str]:
    """Use the control that has the focus, in the state that looked like `before`."""
    tries = []
    if tag == "BUTTON":
        page.keyboard.press("Space" if len(name) % 2 else "Enter")
        if name == "play":
            plays(page, figure)
            page.keyboard.press("Space")
    elif tag == "SELECT":
        if page.evaluate("document.activeElement.querySelectorAll('option:not(:disabled)').length") < 2:
            return []  # nothing to choose from, such as a model where the page brings one only
        last = page.evaluate("!document.activeElement.matches(':has(option:checked ~ option:not(:disabled))')")
        page.keyboard.press("ArrowUp" if last else "ArrowDown")
    else:
        full = page.evaluate("document.activeElement.value === document.activeElement.max")
        page.keyboard.press("ArrowLeft" if full else "ArrowRight")
        tries = ["Home", "End"]
    after = look(page, figure)
    if after["link"] == before["link"]:
        return [f"{name} does not change the link"]
    for key in tries:  # a small step may be too small to see
        if shows(after) == shows(before):
            page.keyboard.press(key)
            after = look(page, figure)
    return [] if shows(after) != shows(before) else [f"{name} changes nothing to see"]


def plays(page: Page, figure: str) -> None:
    """Wait until Play has moved the controls on five times. Where it does not, the link will tell."""
    script = """async ([id, most]) => {
      const now = () => [...document.querySelectorAll(`#${id} :is(input, select)`)].map((node) => node.value).join();
      const seen = new Set();
      for (const end = performance.now() + most; seen.size < 6 && performance.now() < end; seen.add(now()))
        await new Promise(requestAnimationFrame);
    }"""
    page.evaluate(script, [figure, 3000])


def first_control(page: Page, figure: str) -> list[str]:
    """Use the first control there is."""
    control = page.locator(f"#{figure} .kx-body :is(input, .kx-answers button):not(:disabled)").first
    control.focus()
    return used(page, figure, control.evaluate("node => node.tagName"), "the first control", look(page, figure))


# --- bad weather -----------------------------------------------------------------------------------------------------


def fuzz(page: Page, figure: str, moves: int = 200, seed: int = 0) -> list[str]:
    """Random moves, the same ones every time. Where a frame is late, once more: other work on the machine makes it late, too."""
    random_numbers = random.Random(seed)
    draws = [[random_numbers.random(), random_numbers.random()] for _ in range(moves)]
    faults = page.evaluate(FUZZ, [figure, draws])
    if faults and all(fault.startswith("no frame") for fault in faults):
        faults = page.evaluate(FUZZ, [figure, draws])
    return [*faults, *page.evaluate("window.kxFaults")]


def small(page: Page, figure: str) -> list[str]:
    """What is out of reach or too small for a finger."""
    return page.evaluate(SMALL, figure)


def damages(payload: str) -> Iterator[tuple[str, str | None]]:
    """(what is wrong, the payload with that wrong), one number or list at a time; None stands for no payload at all."""
    yield "missing", None
    yield "empty", ""
    yield "cut off", payload[: len(payload) // 2]
    yield "null", "null"
    yield "an empty table", "{}"
    data = json.loads(payload)

    def places(node: object, path: tuple) -> Iterator[tuple]:
        if isinstance(node, dict):
            for key in node:
                yield from places(node[key], (*path, key))
        elif isinstance(node, list) and node:
            yield from places(node[0], (*path, 0))
        elif isinstance(node, int | float) and not isinstance(node, bool):
            yield path

    for path in places(data, ()):
        *way, last = path
        holder = data
        for key in way:
            holder = holder[key]
        kept = holder[last]
        # 1e999 is JSON, and Infinity once it is read
        for wrong in ("null", '"x"', "1e999"):
            holder[last] = "@"
            text = json.dumps(data).replace('"@"', wrong, 1)
            yield f"{'.'.join(map(str, path))} = {wrong}", text
        holder[last] = kept


def bears(page: Page, figure_html: str, script: str, payload: str | None) -> list[str]:
    """Give the explorer a damaged payload: its poster stays, and one sentence says why."""
    given = "" if payload is None else f'<script type="application/json" class="kx-data">{payload}</script>'
    html = re.sub(r'<script type="application/json".*?</script>', lambda _: given, figure_html, flags=re.DOTALL)
    page.set_content(f"<!doctype html><body>{html}{script}", wait_until="load")
    try:
        page.wait_for_selector(".kx-problem, figure[data-idle]", state="attached", timeout=5000)
    except TimeoutError:
        return ["nothing happens"]
    problems = page.locator(".kx-problem").all_text_contents()
    if len(problems) != 1:
        return ["runs as if nothing were wrong"]
    faults = [] if re.fullmatch(r"[A-Z][^.!?]{20,}\.", problems[0]) else [f"is no sentence: {problems[0]}"]
    faults += [] if page.locator(".kx-problem[role=status]").is_visible() else ["the sentence is hidden"]
    faults += [] if page.locator(".kx-poster").is_visible() else ["no poster"]
    return faults + (["a canvas is left"] if page.locator("figure canvas").count() else [])
