"""The engine of the playground in Chromium, from `file://`: in a worker, and on the page where workers are refused."""

import statistics

import pytest
import torch

from classroom.explorers import shipped
from classroom.explorers.figure import marks
from lib.samplers import euler, sample
from lib.trained.images import load_model
from tests.browser.checks import watched
from tools.bench.engine import MODEL, begin, load, recipe

SMALL = recipe(batch=64, steps=400, lr=4e-3) | {"sizes": recipe()["sizes"] | {"width": 32, "depth": 2}}
GAP = 50  # milliseconds between two frames, at most in three quarters of all: more may be due to what else the machine does
NO_WORKERS = {
    "refused at once": "window.Worker = class { constructor() { throw new DOMException('no', 'SecurityError'); } };",
    "refused later": """const Real = Worker;
      window.Worker = function (url) { return new Real(URL.createObjectURL(new Blob(['throw new Error("no")']))); };""",
}
POLICY = """<meta http-equiv="Content-Security-Policy" content="worker-src 'none'">"""
WHERES = ("worker", "page", *NO_WORKERS, "forbidden")


@pytest.fixture(scope="module", params=WHERES)
def live(request, browser, tmp_path_factory):
    """(page, where the engine should run, its folder) of a page with an engine; at the end nothing has gone wrong."""
    folder = tmp_path_factory.mktemp("engine")
    with watched(browser, NO_WORKERS.get(request.param)) as (page, faults):
        begin(page, folder, {"worker": request.param != "page"}, head=POLICY if request.param == "forbidden" else "")
        yield page, "worker" if request.param == "worker" else "page", folder
    assert [
        fault for fault in faults if "worker-src" not in fault
    ] == []  # the browser says so where a page forbids workers


def ask(page, message: dict, type: str, fits: str = "true") -> dict:
    """The answer to a message, without its arrays' types."""
    return page.evaluate(
        f"""async ([message, type]) => {{
          const answer = await ask(message, type, (it) => {fits});
          const plain = (value) => (ArrayBuffer.isView(value) ? [...value] : value);
          return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, plain(value)]));
        }}""",
        [message, type],
    )


def told(page) -> list[float]:
    """The losses of all reports."""
    return page.evaluate("() => heard.filter((it) => it.type === 'progress').flatMap((it) => [...it.losses])")


def test_it_runs_where_it_should(live):
    page, where, _ = live
    assert page.evaluate("engine.where()") == where
    assert page.evaluate("heard[0]") == {"type": "hello", "kernels": "WebAssembly SIMD, single"}


def test_steps_are_counted_and_repeat_after_a_reset(live):
    """Reset, single steps, the rest; the same seed gives the same losses, wherever it runs."""
    page, _, _ = live
    losses = []
    for _ in range(2):
        ready = ask(page, {"type": "reset", "recipe": SMALL}, "ready")
        assert ready["steps"] == 400 and ready["weights"] == 32 * 66 + 32 + 32 * 32 + 32 + 2 * 32 + 2
        page.evaluate("() => { heard.length = 0 }")
        assert ask(page, {"type": "step", "steps": 3}, "progress", "!it.running")["step"] == 3
        assert ask(page, {"type": "step"}, "progress", "!it.running")["step"] == 4
        losses.append(told(page))
    assert losses[0] == losses[1] and len(losses[0]) == 4 and 1 < losses[0][0] < 5


def test_training_ends_and_the_page_stays_quick(live):
    page, _, _ = live
    ask(page, {"type": "reset", "recipe": SMALL}, "ready")
    page.evaluate("() => { heard.length = 0; gaps.length = 0 }")
    end = ask(page, {"type": "start"}, "progress", "!it.running")
    gaps = sorted(page.evaluate("gaps"))
    losses, reports = told(page), page.evaluate("heard.filter((it) => it.type === 'progress').length")
    assert end["step"] == 400 and len(losses) == 400 and reports < 100
    assert sum(losses[-100:]) < 0.85 * sum(losses[:20]) * 5
    assert gaps[3 * len(gaps) // 4] < GAP


def test_a_pause_is_answered_and_start_goes_on(live):
    page, _, _ = live
    ask(page, {"type": "reset", "recipe": SMALL | {"steps": 100_000}}, "ready")
    ask(page, {"type": "start"}, "progress")
    paused = ask(page, {"type": "pause"}, "progress", "!it.running")
    page.wait_for_timeout(300)
    assert page.evaluate("heard.at(-1).step") == paused["step"] > 0
    again = ask(page, {"type": "start"}, "progress", f"it.step > {paused['step']}")
    assert again["running"]
    sampled = ask(page, {"type": "sample", "id": "a", "points": 50, "calls": 4, "frames": True}, "sample", "it.done")
    assert sampled["i"] == sampled["calls"] == 4 and len(sampled["x"]) == 100 and sampled["step"] >= again["step"]
    frames = page.evaluate("heard.filter((it) => it.id === 'a').map((it) => it.t)")
    assert frames == [0, 0.25, 0.5, 0.75, 1]
    ask(page, {"type": "pause"}, "progress", "!it.running")


def test_a_net_with_classes_is_trained_and_guided_on_ddpms_clock(live):
    page, _, _ = live
    betas = (0.02 * torch.linspace(0.05, 1, 100) * 10).tolist()
    sizes = SMALL["sizes"] | {"classes": 2, "tScale": 1}
    plan = SMALL | {"sizes": sizes, "clock": {"betas": betas}, "target": "v", "labelDrop": 0.2}
    ask(page, {"type": "reset", "recipe": plan}, "ready")
    ask(page, {"type": "start"}, "progress", "!it.running")
    guided = {
        "type": "sample",
        "id": "g",
        "points": 200,
        "calls": 20,
        "rule": "ddim",
        "options": {"eta": 0},
        "scale": 2,
    }
    heights = [
        statistics.mean(ask(page, guided | {"label": label}, "sample", "it.done")["x"][1::2]) for label in (0, 1)
    ]
    assert heights[0] > 0.4 and heights[1] < -0.4  # the upper moon, and the lower


def test_the_field_can_be_asked_for(live):
    page, _, _ = live
    ask(page, {"type": "reset", "recipe": SMALL}, "ready")
    found = page.evaluate(
        """async () => {
          const x = new Float64Array([1, 2, 3, 4]);
          const { x0, eps } = await ask({ type: "estimate", id: "e", x, t: 0.5 }, "estimate");
          return [...x0].map((value, i) => value / 2 + eps[i] / 2);
        }"""
    )
    assert found == pytest.approx([1, 2, 3, 4], abs=1e-6)  # alpha x0 + sigma eps = x_t


def test_bad_messages_are_answered_with_a_sentence(live):
    page, _, _ = live
    said = {
        "The engine knows no message of type fly.": {"type": "fly"},
        "The engine knows no message of type constructor.": {"type": "constructor"},
        "There is no mistake toString.": {"type": "reset", "recipe": SMALL | {"mistake": "toString"}},
        "There is no path zigzag.": {"type": "reset", "recipe": SMALL | {"clock": {"path": "zigzag"}}},
        "Make a net first: reset.": {"type": "start"},
        "Take a smaller one, or a smaller batch.": {"type": "reset", "recipe": SMALL | {"batch": 10_000_000}},
        "Unknown target 'w'. Choose one of 'eps', 'x0', 'v', 'u'.": {
            "type": "reset",
            "recipe": SMALL | {"target": "w"},
        },
    }
    for sentence, message in said.items():
        if message["type"] == "reset" and message["recipe"]["target"] == "w":
            ask(page, message, "ready")
            message = {"type": "step"}
        assert sentence in ask(page, message, "error")["message"]
    ask(page, {"type": "reset", "recipe": SMALL}, "ready")
    for more, sentence in (({"rule": "leap"}, "There is no step rule leap."), ({"label": 1}, "built without classes")):
        assert sentence in ask(page, {"type": "sample", "id": "b"} | more, "error")["message"]
    assert ask(page, {"type": "step"}, "progress", "!it.running")["step"] == 1  # and it still works


def test_a_mistake_of_the_recipe_is_made(live):
    """With x_data in the place of x_t the net sees half of what it is asked for, and the loss is lower. With the wrong sign of v
    the loss is as low as ever, for that is as easy to learn; the samples are others."""
    page, _, _ = live
    losses, samples = {}, {}
    for mistake in (None, "x_data for x_t", "sign of v"):
        ask(page, {"type": "reset", "recipe": SMALL | {"target": "v", "mistake": mistake}}, "ready")
        page.evaluate("() => { heard.length = 0 }")
        ask(page, {"type": "start"}, "progress", "!it.running")
        losses[mistake] = sum(told(page)[-100:]) / 100
        samples[mistake] = ask(page, {"type": "sample", "id": "m", "points": 64, "calls": 8}, "sample")["x"]
    assert losses["x_data for x_t"] < 0.9 * losses[None] and losses["sign of v"] == pytest.approx(losses[None], rel=0.1)
    off = {name: sum(abs(a - b) for a, b in zip(x, samples[None])) / 128 for name, x in samples.items()}
    assert off["x_data for x_t"] > 0.2 and off["sign of v"] > 0.2


def test_the_shipped_digits_are_drawn_as_in_lib(live):
    """Weights by a script tag, one byte a number: the same samples as lib's from the same noise, with attention on request."""
    page, _, folder = live
    assert load(page, folder)["sizes"]["depth"] == 6
    model = load_model(MODEL)
    with torch.no_grad():
        for weight in model.net.parameters():
            weight.copy_(shipped.restored(weight))
    drawn = page.evaluate(
        """async () => {
          const start = knobEngine.core.normals(3 * 64, knobEngine.core.generator(5));
          const wanted = { labels: [3, 7, 0], calls: 5, start, look: 1, frames: true };
          const image = await ask({ type: "draw", id: "d", ...wanted }, "image", (it) => it.done);
          return [[...start], [...image.x], [...image.maps], heard.filter((it) => it.type === "image").length];
        }"""
    )
    start, found, maps, count = drawn
    with torch.no_grad():
        right = sample(model, torch.tensor(start).reshape(3, 1, 8, 8), 5, euler, torch.tensor([3, 7, 0]))
    assert (torch.tensor(found) - right.flatten()).abs().max() < 1e-4 and count == 6
    shares = torch.tensor(maps).reshape(6, 4, 16, 16).sum(-1)
    assert (shares - 1).abs().max() < 1e-5


def test_two_moons_are_learned(browser, tmp_path):
    """From a cold page in 2,000 steps, which a quiet machine does in eight seconds: at most two floors. 1.5 are seen."""
    with watched(browser) as (page, faults):
        begin(page, tmp_path)
        found = page.evaluate("given => judge(...given)", [recipe(steps=2000), 600, 0])
    assert faults == []
    assert found["distance"] < 2 * marks(600)["floor"][0]
