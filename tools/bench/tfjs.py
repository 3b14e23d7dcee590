"""The net of the playground in its engine and in TensorFlow.js, in one Chromium: part of tools/bench/engine.py.

Same sizes, data, batches, rate and schedule; both train until their samples are within two floors of the moons, by the newest
weights. TensorFlow.js runs with each of its backends that starts here, webgl in software where Chromium has no GPU, and is
fetched from npm for this alone.
"""

import functools
import http.server
import shutil
import statistics
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tools.site import browser, vendor
from tools.site.explorers import ENGINE

PAGE = Path(__file__).with_suffix(".html")
BACKENDS = ("wasm", "cpu", "webgl")
FAR = 2  # floors
SEEDS = 3
PACKAGES = (
    vendor.Package(
        "@tensorflow/tfjs@4.22.0",
        "d13ac8ad7b3afdbec52e12d53667e1f126a1e8982304f1f8999f0919becd53a5"
        "96f9cc74d2a2b905c019c70ecd0b3c63e8df0c44021f1eafa835b3d4346e5502",
        folder="package/dist/",
        keep=("tf.es2017.min.js",),
        target="",
    ),
    vendor.Package(
        "@tensorflow/tfjs-backend-wasm@4.22.0",
        "fc862145e448a788e0ff0616d0ec1b6c9646f0e37cee66f3d0f82488fdc275c0"
        "02452bd437487caef0b43b761c0ed91342d15617fb5c5eafca9550f2578f7098",
        folder="package/dist/",
        keep=("tf-backend-wasm.es2017.min.js", "tfjs-backend-wasm"),
        target="",
    ),
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """TensorFlow.js fetches its WebAssembly, which from `file://` it cannot."""

    def log_message(self, *_):
        """Say nothing of requests."""


def reached(looks: list[dict], near: float) -> dict:
    """Of the looks of a run: the seconds until its samples were near, or None, and its steps a second."""
    last = looks[-1]
    return {"seconds": last["seconds"] if last["distance"] <= near else None, "rate": last["step"] / last["seconds"]}


def run(chromium: Browser, address: str, given: dict) -> dict | str:
    """One run on a page of its own; a backend that cannot start says why."""
    page = chromium.new_page()
    page.set_default_timeout(300_000)
    page.goto(f"{address}/tfjs.html")
    if "backend" not in given:
        found = reached(page.evaluate("here", given), given["near"])
    else:
        page.evaluate("() => script('tf.es2017.min.js')")
        page.evaluate("() => script('tf-backend-wasm.es2017.min.js')")
        looks = page.evaluate("given => there(given).catch((error) => error.message.split('\\n')[0])", given)
        found = looks if isinstance(looks, str) else reached(looks, given["near"])
    page.close()
    return found


def beside(recipe: dict, floor: float) -> dict:
    """Seconds to two moons here and in TensorFlow.js, over the seeds, and their ratio. `floor` is that of 600 points."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        for package in PACKAGES:
            (archives := folder / "archives").mkdir()
            vendor.unpack(package, vendor.pack(package, archives), folder)
            shutil.rmtree(archives)
        shutil.copy(ENGINE / "bundle.js", folder / "engine.js")
        shutil.copy(PAGE, folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=name))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address, chromium = f"http://127.0.0.1:{server.server_port}", browser.launch(playwright)
        runs = {kind: [] for kind in ("here", *BACKENDS)}
        for seed in range(SEEDS):
            for kind, so_far in runs.items():  # in turn, so that what else the machine does is shared
                if so_far and isinstance(so_far[-1], str):
                    continue
                given = {"recipe": recipe | {"seed": seed}, "near": FAR * floor} | (
                    {} if kind == "here" else {"backend": kind}
                )
                so_far.append(run(chromium, address, given))
                print(f"{kind}, seed {seed}: {so_far[-1]}", flush=True)
        found = {kind: one[-1] if isinstance(one[-1], str) else summary(one) for kind, one in runs.items()}
        chromium.close()
        server.shutdown()
    own = found["here"]
    times = {
        kind: round(one["seconds"] / own["seconds"], 1)
        for kind, one in found.items()
        if kind != "here" and not isinstance(one, str) and one["seconds"] and own["seconds"]
    }
    return {"seeds": SEEDS, "floors": FAR} | found | {"times as long": times}


def summary(runs: list[dict]) -> dict:
    """The median of the runs."""
    seconds = [one["seconds"] for one in runs]
    return {
        "seconds": None if None in seconds else round(statistics.median(seconds), 2),
        "steps a second": round(statistics.median(one["rate"] for one in runs), 1),
    }
