"""What the engine of the playground does in Chromium, from `file://`: it writes results/bench_engine.json.

    python -m tools.bench.engine            five minutes
    python -m tools.bench.engine --quick    the speeds alone, and nothing is written
    python -m tools.bench.engine --tfjs     two moons here and in TensorFlow.js alone, added to what is written
    python -m tools.bench.engine --digits   ten digits of 28 x 28 pixels alone, added to what is written

Steps of training a second in a worker (width 64, depth 3, batch 256), with SIMD and with plain JavaScript, and the longest gap
between two frames of the page meanwhile; how far two moons are, in floors, and after how many seconds from a cold page; ten
digits at 20 calls, of the small net, and of that of 28 x 28 pixels, whose time is shown and promised to nobody; and, in Node, how
many of 500 digits the shipped classifier reads as asked, with float weights and with one byte a number.
"""

import argparse
import contextlib
import gzip
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import torch
from playwright.sync_api import Browser, Page, sync_playwright

from classroom.explorers import shipped
from classroom.explorers.figure import marks, moons
from lib.seeding import randn, seeded
from lib.trained.images import load_classifier, load_model
from tools.bench import tfjs
from tools.site import browser
from tools.site.explorers import ENGINE, NODE

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "results" / "bench_engine.json"
MODEL, MNIST = (ROOT / "results" / f"{name}_flow.safetensors" for name in ("digits", "mnist"))
PAGE = Path(__file__).with_name("engine.html")
POINTS, SEEDS = 600, 5
AGREED = 500  # images that the classifier reads
KB = 1000
BESIDE = "two moons, beside TensorFlow.js"
LARGE = "ten digits of 28 x 28, worker, SIMD"
# Where the engine runs: its settings, and whether SIMD is hidden from it.
KINDS = (("worker, SIMD", {}, False), ("worker, plain JavaScript", {}, True), ("page, SIMD", {"worker": False}, False))


def recipe(**more) -> dict:
    """The net whose speed is promised, on the two moons."""
    sizes = {"width": 64, "depth": 3, "embedDim": 64, "tScale": 1000, "classes": None}
    plan = {
        "sizes": sizes,
        "clock": {"path": "linear"},
        "target": "u",
        "data": moons(),
        "steps": 3000,
        "lr": 2e-3,
        "batch": 256,
    }
    return plan | more


def begin(page: Page, folder: Path, settings: dict | None = None, plain: bool = False, head: str = "") -> None:
    """Open a page from `file://` with an engine at work; without SIMD where `plain`. head: more of the page's head."""
    text = (ENGINE / "bundle.js").read_text()
    if plain:  # asked in the worker, too, which is made of the same text
        text = text.replace("WebAssembly.validate(", "!WebAssembly.validate(")
    (folder / "engine.js").write_text(text)
    (folder / "page.html").write_text(PAGE.read_text().replace("<body>", f"{head}<body>"))
    page.goto((folder / "page.html").as_uri())
    page.evaluate(
        "settings => { const hello = hear((it) => it.type === 'hello'); begin(settings); return hello }", settings or {}
    )


def busy() -> float:
    """The seconds of CPU that all workers of pages have had: what a step costs, also where the machine is busy."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, OSError):
            for thread in process.threads():
                if "Dedicated" in Path(f"/proc/{process.pid}/task/{thread.id}/comm").read_text():
                    total += thread.user_time + thread.system_time
    return total


def speed(page: Page, seconds: float) -> dict:
    """Train for so long: steps a second, by the clock and by the worker's time of CPU, and the longest gap between frames."""
    page.evaluate("() => { gaps.length = 0 }")
    page.wait_for_timeout(1000 * seconds)
    rest = page.evaluate("Math.max(...gaps)")
    page.evaluate("recipe => ask({type: 'reset', recipe}, 'ready')", recipe(steps=1_000_000))
    page.evaluate("() => { engine.send({type: 'start'}); }")
    page.wait_for_timeout(1000)  # until the code is hot
    spent = busy()
    page.evaluate("() => { heard.length = 0; gaps.length = 0 }")
    page.wait_for_timeout(1000 * seconds)
    spent = busy() - spent
    gap = page.evaluate("Math.max(...gaps)")
    told = page.evaluate("() => heard.filter((it) => it.type === 'progress').map((it) => [it.rate, it.losses.length])")
    rates, steps = [rate for rate, _ in told], sum(steps for _, steps in told)
    page.evaluate("() => ask({type: 'pause'}, 'progress', (it) => !it.running)")
    found = {
        "steps a second, best": max(rates),
        "median": statistics.median(rates),
        "longest gap of frames, ms": gap,
        "and at rest": rest,
    }
    return found | ({"steps a second of CPU": steps / spent} if spent else {})


def quality(chromium: Browser, folder: Path) -> dict:
    """Two moons from a cold page, for each seed: the seconds until the samples are there, and their distance in floors."""
    rows = []
    for seed in range(SEEDS):
        page = chromium.new_page()
        begin(page, folder)
        rows.append(page.evaluate("given => judge(...given)", [recipe(seed=seed), POINTS, seed]))
        page.close()
    floor = marks(POINTS)["floor"][0]
    return {
        "steps": recipe()["steps"],
        "seconds": [round(row["seconds"], 1) for row in rows],
        "floors": [round(row["distance"] / floor, 2) for row in rows],
    }


def load(page: Page, folder: Path, model: Path = MODEL) -> dict:
    """Load the weights of shipped digits by a script tag, and hand them to the engine, whose answer this is."""
    name = model.stem
    (folder / f"{name}.js").write_text(shipped.script(name, load_model(model)))
    page.evaluate("name => script(`${name}.js`)", name)
    return page.evaluate("name => ask({type: 'load', name, packed: knobWeights[name]}, 'loaded')", name)


def digits(page: Page, folder: Path, times: int, model: Path = MODEL) -> dict:
    """Seconds for ten digits at 20 calls, by the clock and of CPU, after a first time until the code is hot."""
    load(page, folder, model)
    page.evaluate("draw(0)")
    spent = busy()
    seconds = [page.evaluate("seed => draw(seed)", seed) for seed in range(1, times + 1)]
    return {"best": min(seconds), "median": statistics.median(seconds), "of CPU": (busy() - spent) / times}


def agreement() -> dict:
    """The share of 500 digits at 20 calls that the shipped classifier reads as asked, drawn in Node from the same noise."""
    model, classifier = load_model(MODEL), load_classifier(ROOT / "results" / "digit_classifier.safetensors")
    start, y = randn((AGREED, *model.shape), generator=seeded(0)), torch.arange(AGREED) % 10
    weights = dict(model.net.named_parameters())
    shares = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "weights").write_bytes(b"".join(w.contiguous().numpy().tobytes() for w in weights.values()))
        sizes = {key: getattr(model.net, key) for key in shipped.SIZES}
        case = {"sizes": sizes | {"tScale": sizes.pop("t_scale")}, "file": str(folder / "weights")}
        case |= {"names": [[key, w.numel()] for key, w in weights.items()], "out": str(folder / "x")}
        case |= {"start": start.flatten().tolist(), "labels": y.tolist()}
        for kind, packed in (("float", None), ("a byte a number", shipped.packed(model))):
            (folder / "case.json").write_text(json.dumps(case | {"packed": packed}))
            command = [
                NODE,
                Path(__file__).with_name("engine.mjs"),
                (ENGINE / "core.js").as_uri(),
                folder / "case.json",
            ]
            subprocess.run(command, check=True)
            x = torch.frombuffer(bytearray((folder / "x").read_bytes()), dtype=torch.float32).reshape(start.shape)
            shares[kind] = classifier.accuracy(x, y)
    return {"images": AGREED, "calls": 20} | shares


def rounded(value):
    """Numbers to three digits behind the point."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--digits", action="store_true", help="ten digits of 28 x 28 pixels")
    parser.add_argument("--tfjs", action="store_true", help="the comparison with TensorFlow.js, which npm fetches")
    asked = parser.parse_args()
    quick = asked.quick
    before = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    if asked.tfjs:
        beside = tfjs.beside(recipe(steps=2000, lr=5e-3), marks(POINTS)["floor"][0])
        TARGET.write_text(json.dumps(before | {BESIDE: rounded(beside)}, indent=1) + "\n")
        return
    if asked.digits:
        with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
            chromium = browser.launch(playwright)
            begin(page := chromium.new_page(), Path(name))
            found = rounded(digits(page, Path(name), 3, MNIST)) | {"load": os.getloadavg()[0]}
            chromium.close()
        print(f"{LARGE}: {found}")
        TARGET.write_text(json.dumps(before | {LARGE: found}, indent=1) + "\n")
        return
    found = {}

    def note(name: str, value) -> None:
        found[name] = rounded(value)
        print(f"{name}: {found[name]}", flush=True)

    note("script, kB gzip", len(gzip.compress((ENGINE / "bundle.js").read_bytes())) / KB)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder, chromium = Path(name), browser.launch(playwright)
        note("machine", {"cores": os.cpu_count(), "processor": platform.machine(), "chromium": chromium.version})
        for kind, settings, plain in KINDS:
            page = chromium.new_page()
            begin(page, folder, settings, plain)
            note(kind, speed(page, 1 if quick else 10))
            if not settings:
                note(f"ten digits, {kind}", digits(page, folder, 1 if quick or plain else 5))
            if not settings and not plain:
                note(LARGE, digits(page, folder, 1 if quick else 3, MNIST))
            page.close()
        if not quick:
            note("two moons, cold page", quality(chromium, folder))
        chromium.close()
    if not quick:
        note("digits read as asked", agreement())
        found |= {BESIDE: before[BESIDE]} if BESIDE in before else {}
        found["machine"] |= {"load": os.getloadavg()[0], "date": time.strftime("%Y-%m")}
        TARGET.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
