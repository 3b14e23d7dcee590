"""What the tests ask of a page in the browser. Each check returns the faults it found, as text."""

import collections
import functools
import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route

from tools.checks.passed import never_skip

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
AXE = ROOT / "vendor" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ELSEWHERE = re.compile(r"^(?!file:|data:|blob:|about:|(http|ws)://(127\.0\.0\.1|localhost)[:/])")

FORMULAS = re.compile("/mathjax/")

# Waits for the transitions that are under way, two seconds at most.
AT_REST = """() => {
  const ends = document.getAnimations().filter((it) => it.effect.getComputedTiming().endTime < Infinity);
  return Promise.race([Promise.allSettled(ends.map((it) => it.finished)), new Promise((resolve) => setTimeout(resolve, 2000))]);
}"""

# Waits for what a page does by itself after loading: formulas, fonts, what is under way (an endless spinner aside), and two
# frames, in which layout, observers and what they ask for have run.
SETTLED = f"""async () => {{
  const frame = () => new Promise(requestAnimationFrame);
  if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
  await document.fonts.ready;
  await frame();
  await ({AT_REST})();
  await frame();
}}"""

# axe's colour-contrast takes most of its time, and says the same of all text that looks the same: same ink and size, same
# backgrounds behind it. It is asked of three texts of every look, of those that it can judge: seen, enabled, longer than a
# letter. What it has measured and found good on pages before counts: `met` keeps the numbers of looks the same on all pages.
LOOKS = """([met, known, most]) => {
  const numbers = new Map(met.map((it, i) => [it, i]));
  const number = (...parts) => numbers.get(parts.join()) ?? numbers.set(parts.join(), numbers.size).get(parts.join());
  const seen = new Map(known);
  const visit = (node, behind) => {
    node.removeAttribute("data-look");
    const s = getComputedStyle(node);
    if (s.display === "none") return;
    const paper = [s.backgroundColor, s.backgroundImage, s.backgroundClip, s.opacity, s.filter, s.mixBlendMode, s.position];
    const own = paper.join() === "rgba(0, 0, 0, 0),none,border-box,1,none,normal,static" ? behind : number(behind, ...paper);
    const text = [...node.childNodes].map((it) => (it.nodeType === Node.TEXT_NODE ? it.data : "")).join("").trim();
    const shown = () => node.checkVisibility({ visibilityProperty: true }); // also not what a closed box holds
    if ((text || node.matches("input, select, textarea")) && shown()) {
      const off = node.closest(":disabled, [aria-disabled=true], [inert]") || node.closest("label")?.control?.disabled;
      const ink = [s.color, s.webkitTextFillColor, s.fontSize, s.fontWeight, s.textShadow];
      const look = number(own, ...ink, Boolean(off), /\\w\\W*\\w/.test(text), node.tagName === "A");
      seen.set(look, (seen.get(look) ?? 0) + 1);
      if (seen.get(look) <= most) node.setAttribute("data-look", look);
    }
    for (const child of node.children) if (child.tagName !== "MJX-CONTAINER") visit(child, own);
  };
  visit(document.documentElement, -1);
  return [...numbers.keys()];
}"""

# The looks of this run: what each number stands for, and how many texts of it were found good.
MET: list[str] = []
KNOWN: collections.Counter[int] = collections.Counter()

# axe lists every element of a page before it judges any. Most of them are of no meaning to it: those of a formula, which is
# hidden from it; the formula's MathML, which it is not asked about; the words of a listing, each in a span of its own, whose
# looks are known. An empty box of the same size stands for a formula meanwhile, nothing for its MathML, and plain text for
# the words. Returned: the faults, and the looks of the texts whose contrast was measured and is good.
JUDGED = """async ([context, options]) => {
  const kept = [];
  const replace = (node, ...children) => {
    kept.push([node, node.getAttribute("style"), [...node.childNodes]]);
    node.replaceChildren(...children);
  };
  const formulas = [...document.querySelectorAll("mjx-container > mjx-math[aria-hidden=true]")];
  const boxes = formulas.map((node) => node.getBoundingClientRect());
  for (const [i, node] of formulas.entries()) {
    replace(node);
    node.style.cssText += `; display: inline-block; width: ${boxes[i].width}px; height: ${boxes[i].height}px`;
  }
  for (const node of document.querySelectorAll("mjx-assistive-mml")) replace(node);
  const plain = (it) => it.tagName === "SPAN" && [...it.attributes].every(({ name }) => name === "class");
  const word = (it) => it.nodeType === Node.TEXT_NODE || [it, ...(it.querySelectorAll?.("*") ?? [])].every(plain);
  for (const node of document.querySelectorAll("pre:has(span)")) {
    const parts = [];
    for (const child of node.childNodes) {
      if (!word(child)) parts.push(child);
      else if (typeof parts.at(-1) === "string") parts.push(parts.pop() + child.textContent);
      else parts.push(child.textContent);
    }
    replace(node, ...parts);
  }
  const reporter = (results, _, done) => done({
    faults: results.flatMap(({ id, violations }) => violations.slice(0, 3).map(({ node }) => [id, node.selector, node.source])),
    good: results.filter(({ id }) => id === "color-contrast").flatMap(({ passes }) => passes)
      .filter((it) => it.any[0].data?.contrastRatio).map(({ node }) => Number(node.element.dataset.look)),
  });
  try {
    return await axe.run(context, { ...options, reporter });
  } finally {
    for (const [node, style, children] of kept.reverse()) {
      style === null ? node.removeAttribute("style") : node.setAttribute("style", style);
      node.replaceChildren(...children);
    }
  }
}"""

# What stands out to the right, except inside a box that scrolls, or outside any box of the page.
OVERFLOW = """(root) => {
  const width = document.documentElement.clientWidth;
  const scrolls = (node) => ["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(node).overflowX);
  const boxed = (node) => node && node !== document.body && (scrolls(node) || boxed(node.parentElement));
  const out = [...document.querySelectorAll(`${root} *`)].filter((node) => {
    const box = node.getBoundingClientRect();
    const beyond = box.width > 0 && (box.right > width + 1 || box.left < -1);
    return beyond && node.checkVisibility({ visibilityProperty: true }) && !boxed(node.parentElement);
  });
  const whole = document.documentElement.scrollWidth;
  const page = whole > width ? [`the page is ${whole} wide`] : [];
  return [...page, ...out.slice(0, 5).map((node) => `${node.tagName}.${node.className} stands out`)];
}"""


@contextmanager
def watched(
    browser: Browser, script: str | None = None, formulas: bool = True, **options
) -> Iterator[tuple[Page, list[str]]]:
    """A page of a new context, and the list of what goes wrong in it; requests to other machines are blocked.

    formulas: False where they do not matter; setting those of a chapter takes seconds.
    """
    options = {"viewport": {"width": 1200, "height": 900}} | options
    with browser.new_context(service_workers="block", **options) as context:
        faults = []

        def block(route: Route) -> None:
            faults.append(f"request: {route.request.url}")
            route.abort()

        context.route(ELSEWHERE, block)
        if not formulas:
            context.route(FORMULAS, lambda route: route.fulfill(body="", content_type="text/javascript"))
        context.route_web_socket(ELSEWHERE, lambda socket: faults.append(f"request: {socket.url}"))
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
        page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
        page.on("response", lambda r: r.status >= 400 and faults.append(f"{r.status}: {r.url}"))
        yield page, faults


def frames(page: Page, count: int) -> None:
    """Let the browser draw so often."""
    page.evaluate("async (n) => { while (n-- > 0) await new Promise(requestAnimationFrame); }", count)


def settle(page: Page) -> None:
    """Wait until the page has set its formulas and fonts."""
    page.evaluate(SETTLED)


def darken(page: Page) -> None:
    """Let the system turn dark, and wait until the theme has followed: a colour half-way between two themes is nobody's.

    A page that is not drawn does not move either, so the wait has an end.
    """
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => (document.documentElement.dataset.theme ?? 'dark') === 'dark'")
    page.evaluate(AT_REST)


def violations(page: Page, rules: list[str] = RULES) -> list[str]:
    """What axe finds: rule and element. Contrast is asked of three texts of every look; in CI and with ALL=1, of every text."""
    all_of_them = never_skip()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
        if not all_of_them:
            page.evaluate("axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-look]' }] })")
    MET[:] = page.evaluate(LOOKS, [MET, [] if all_of_them else list(KNOWN.items()), 1e9 if all_of_them else 3])
    # Without preload: axe would fetch the style sheets a second time, which a page from a file may not.
    options = {"runOnly": rules, "preload": False}
    # Formulas are MathJax's own. axe does not read their MathML, and takes a table's header that is a formula for an empty one.
    context = {"exclude": [["mjx-container"], ["th:has(mjx-container)"]]}
    found = page.evaluate(JUDGED, [context, options])
    KNOWN.update(found["good"])
    return [f"{rule}: {element} {html[:120]}" for rule, element, html in found["faults"]]


def overflow(page: Page, root: str = "main") -> list[str]:
    """What is wider than the screen."""
    return page.evaluate(OVERFLOW, root)


def weight(*parts: bytes) -> int:
    """Bytes on the wire, each part compressed for itself."""
    return sum(map(_compressed, parts))


@functools.cache
def _compressed(part: bytes) -> int:
    """Kept, for most of what a page loads every page loads."""
    return len(gzip.compress(part))
