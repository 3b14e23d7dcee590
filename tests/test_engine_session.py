"""What the engine is asked by messages: guidance in an interval, as in lib, and a net that is put aside and taken back."""

import math

import pytest
import torch

from classroom.explorers import shipped
from lib.guidance import Guided
from lib.samplers import euler, heun, walk
from lib.seeding import randn, seeded
from lib.trained.images import load_model
from tests.explorers.engine import ROOT
from tests.explorers.playground import ask

# talk(messages, until): an engine on this thread; every answer, up to the one that fits.
TALK = """
const talk = () => {
  const [heard, waiting] = [[], []];
  const engine = knobEngine.start((it) => {
    heard.push(it);
    for (const one of waiting.filter(({ fits }) => fits(it))) (waiting.splice(waiting.indexOf(one), 1), one.done(it));
  }, { worker: false });
  const say = (message, fits) => new Promise((done) => {
    waiting.push({ fits: (it) => it.type === "error" || fits(it), done });
    engine.send(message);
  });
  return { say, heard, stop: () => engine.stop() };
};
"""

INTERVALS = {
    "everywhere": None,
    "the middle": (0.25, 0.75),
    "from the noise on": (0.0, 0.5),
    "to the data": (0.5, 1.0),
    "nowhere": (0.55, 0.6),
}
CALLS, SCALE = 4, 3


def levels(times: tuple | None) -> tuple | None:
    """The noise levels of times on the linear path, as the explorer sends them and lib takes them."""
    return times and tuple((1 - t) / t if t else math.inf for t in reversed(times))


@pytest.mark.parametrize("rule", [euler, heun], ids=lambda rule: rule.__name__)
def test_images_guided_in_an_interval_are_those_of_lib(rule):
    """Every state of the walk, with the same weights of a byte a number; the intervals differ from each other."""
    model = load_model(ROOT / "results" / "digits_flow.safetensors")
    packed = shipped.packed(model)
    with torch.no_grad():
        for weight in model.net.parameters():
            weight.copy_(shipped.restored(weight))
    x, y = randn((2, *model.shape), generator=seeded(4)), torch.tensor([3, 8])
    calls = CALLS * (2 if rule is heun else 1)
    asked = []
    for times in INTERVALS.values():
        ends = levels(times)
        asked.append(ends and [None if math.isinf(end) else end for end in ends])
    given = {"packed": packed, "x": x.flatten().tolist(), "y": y.tolist(), "intervals": asked}
    found = ask(
        f"""{TALK}
        const engine = talk();
        await engine.say({{ type: "load", name: "digits", packed: given.packed }}, (it) => it.type === "loaded");
        const all = [];
        for (const [i, ends] of given.intervals.entries()) {{
          const interval = ends && ends.map((end) => end ?? Infinity);
          const how = {{ calls: {calls}, rule: "{rule.__name__}", scale: {SCALE}, interval, frames: true }};
          const message = {{ labels: given.y, start: Float64Array.from(given.x), ...how }};
          engine.heard.length = 0;
          await engine.say({{ type: "draw", id: `${{i}}`, ...message }}, (it) => it.done);
          all.push(engine.heard.filter((it) => it.type === "image").map((it) => it.x));
        }}
        engine.stop();
        return all;""",
        given,
    )
    ends = []
    for (name, times), states in zip(INTERVALS.items(), found, strict=True):
        guided = Guided(model, SCALE, levels(times))
        with torch.no_grad():
            right = [state.x for state in walk(guided, x, model.path.grid(CALLS), rule, y)]
        assert len(states) == CALLS + 1
        for state, expected in zip(states, right, strict=True):
            assert (torch.tensor(state) - expected.flatten()).abs().max() < 1e-3, name
        ends.append(right[-1])
    for i, one in enumerate(ends):
        assert all((one - other).abs().max() > 0.02 for other in ends[:i])


RECIPE = """
const recipe = (seed, width = 16) => ({
  sizes: { width, depth: 1, embedDim: 16, tScale: 1000, classes: null },
  clock: { path: "linear" }, target: "u", batch: 32, steps: 60, seed,
  data: { weights: [0.5, 0.5], means: [-1, 0, 1, 0], variances: [0.1, 0.1, 0.1, 0.1], labels: [0, 1] },
});
const engine = talk();
const x = Float64Array.from([0.1, 0.2, -1, 0.5]);
const ready = (it) => it.type === "ready";
const learn = (steps) => engine.say({ type: "step", steps }, (it) => it.type === "progress" && !it.running);
const answer = async () =>
  (await engine.say({ type: "estimate", id: "e", x, t: 0.4, average: false }, (it) => it.type === "estimate")).x0;
"""


def test_a_net_that_was_put_aside_comes_back_and_trains_on():
    """As if it had never been away; the one that took its place is aside then."""
    found = ask(f"""{TALK}{RECIPE}
    await engine.say({{ type: "reset", recipe: recipe(0) }}, ready);
    await learn(20);
    const first = await answer();
    await engine.say({{ type: "reset", recipe: recipe(1, 8), keep: true }}, ready);
    await learn(5);
    const other = await answer();
    const back = await engine.say({{ type: "back" }}, ready);
    const again = await answer();
    await learn(20);
    const on = await answer();
    const swapped = await engine.say({{ type: "back" }}, ready);
    const others = await answer();
    await engine.say({{ type: "reset", recipe: recipe(0) }}, ready);
    await learn(40);
    const straight = await answer();
    const kept = await engine.say({{ type: "back" }}, ready);
    const still = await answer();
    engine.stop();
    return {{ first, other, again, on, others, straight, still, steps: [back.step, swapped.step, kept.step] }};""")
    assert found["steps"] == [20, 5, 40]
    assert found["again"] == found["first"] != found["other"] == found["others"]
    assert found["on"] == found["straight"] == found["still"] != found["first"]


def test_what_was_never_put_aside_cannot_come_back():
    found = ask(f"""{TALK}{RECIPE}
    await engine.say({{ type: "reset", recipe: recipe(0) }}, ready);
    const {{ type, message }} = await engine.say({{ type: "back" }}, ready);
    engine.stop();
    return [type, message];""")
    assert found == ["error", "No net has been put aside."]
