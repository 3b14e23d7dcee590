"""What the explorers cost a reader, measured in Chromium: `make bench` prints a table and writes results/bench_explorers.json.

The stage of every explorer measures its own work in milliseconds: of the first picture, and of each move of a slider until the
picture of the new state is complete. Longer work is done in slices between frames, so none of these times blocks the page.
"""

import gzip
import json
import os
import random
import re
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.site import browser
from tools.site.gallery import LISTS, explorer, gallery

ROOT = Path(__file__).parents[2]
LOADS, MOVES = 5, 12  # fresh pages for the first picture, moves of each slider
# They run a sampler at a move: 200 ms where the others have 50.
SAMPLERS = {"reverse", "flow", "k_budget", "guidance", "step"}
KB, MB = 1000, 1_000_000


def work(page: Page, kind: str) -> list[float]:
    """The milliseconds that the stage has measured since the last look."""
    entries = "performance.getEntriesByType('measure').map(e => [e.name, e.duration])"
    found = [duration for name, duration in page.evaluate(entries) if name.startswith(f"kx:{kind}:")]
    page.evaluate("performance.clearMeasures()")
    return found


def open_page(chromium: Browser, name: str) -> Page:
    """The explorer alone on a page of the book's width, at rest."""
    page = chromium.new_page(viewport={"width": 736, "height": 900})
    page.set_content(f"<!doctype html>{explorer(name)}")
    page.wait_for_selector("figure[data-idle]", timeout=60_000)
    return page


def moves(page: Page) -> list[float]:
    """The work of single moves of every slider to random places; 20 steps where there is a number of steps."""
    rng, times = random.Random(0), []
    sliders = page.locator("figure input[type=range]")
    for i in range(sliders.count()):
        for _ in range(MOVES):
            slider = sliders.nth(i)
            to = rng.randint(0, int(slider.get_attribute("max")))
            page.evaluate("performance.clearMeasures()")
            slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input', {bubbles: true})) }", to)
            page.wait_for_selector("figure[data-idle]", timeout=60_000)
            steps = re.search(r"\d+", slider.evaluate("s => s.nextElementSibling.textContent"))
            if slider.get_attribute("data-id").lower().startswith("k") and (not steps or int(steps[0]) > 20):
                page.get_by_role("button", name="Reset").click()  # the budget is for 20 steps
                page.wait_for_selector("figure[data-idle]", timeout=60_000)
                continue
            times += work(page, "move")[-1:]
    return times


def measure(chromium: Browser, name: str) -> dict:
    """Everything about one explorer."""
    html = explorer(name)
    data, script = (
        re.findall(f"<script[^>]*{kind}[^>]*>(.*?)</script>", html, re.DOTALL) for kind in ("json", "module")
    )
    first = []
    for _ in range(LOADS):
        page = open_page(chromium, name)
        first += work(page, "first")
        page.close()
    page = open_page(chromium, name)
    times = sorted(moves(page))
    page.close()
    return {
        "script, kB": len(gzip.compress(script[0].encode())) / KB,
        "data, kB": len(gzip.compress(data[0].encode())) / KB,
        "first picture, ms": statistics.median(first),
        "move, ms, median": statistics.median(times),
        "move, ms, 95 %": times[int(0.95 * (len(times) - 1))],
    }


def page_weights() -> dict[str, float]:
    """Megabytes of each built page, compressed as a server would, with its own images."""
    weights = {}
    for path in sorted((ROOT / "_build" / "html").rglob("*.html")):
        text = path.read_text()
        images = {(path.parent / src).resolve() for src in re.findall(r'<img[^>]*src="([^":?#]+)"', text)}
        weights[path.stem] = (
            len(gzip.compress(text.encode())) + sum(i.stat().st_size for i in images if i.exists())
        ) / MB
    return weights


def main() -> None:
    """Measure, print, write."""
    rows = {}
    with sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        if chromium is None:
            sys.exit(f"bench: {browser.MISSING}")
        for name in gallery():
            if name in LISTS:  # no picture that is computed
                continue
            rows[name] = row = measure(chromium, name)
            bars = {"script, kB": 50, "data, kB": 60, "first picture, ms": 100}
            bars["move, ms, median"] = 200 if name in SAMPLERS else 50
            row["missed"] = [what for what, bar in bars.items() if row[what] > bar]
            cells = [f"{what} {value:.1f}" for what, value in row.items() if what != "missed"]
            print(
                f"{name:10}",
                ", ".join(cells),
                "MISSED: " + ", ".join(row["missed"]) if row["missed"] else "met",
                flush=True,
            )
        machine = {"cores": os.cpu_count(), "chromium": chromium.version, "load": os.getloadavg()[0]}
    pages = page_weights()
    print("pages without what they share, MB:", ", ".join(f"{name} {weight:.2f}" for name, weight in pages.items()))
    result = {"machine": machine, "explorers": rows, "pages without what they share, MB": pages}
    (ROOT / "results" / "bench_explorers.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
