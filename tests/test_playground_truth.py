"""What the playground says of what it has measured: floors with their errors, digits, charts, words, and the rate of training."""

import pytest
import torch

from lib.data import two_moons_mixture
from lib.diffusion import DDPM, linear_betas
from lib.flow_matching import FlowMatching
from lib.mixture import GaussianMixture
from lib.prediction import Coeffs
from lib.seeding import rand, randn, seeded
from tests.explorers.playground import ask, spoilt

# ---- floors, and their errors ------------------------------------------------------------------------------------------------

AT = {"alpha": 0.6, "sigma": 0.7}
VARIANCE = """const y = given.y && Int32Array.from(given.y);
return posteriorVariance(core.twoMoonsMixture(), Float64Array.from(given.x), given.c, y);"""


@pytest.mark.parametrize("y", [None, [0, 1, -1] * 20])
def test_the_variance_that_is_left_is_the_slope_of_the_exact_answer(y):
    """Var[x_data | x_t] = sigma^2 / alpha dE[x_data | x_t] / dx_t on each axis, by autograd of lib's mixture."""
    x = (1.5 * randn((60, 2), generator=seeded(0))).double().requires_grad_()
    labels = None if y is None else torch.tensor(y)
    mean = two_moons_mixture().estimate(x, Coeffs(AT["alpha"], AT["sigma"]), labels).x0
    slopes = [torch.autograd.grad(mean[:, d].sum(), x, retain_graph=True)[0][:, d] for d in (0, 1)]
    left = AT["sigma"] ** 2 / AT["alpha"] * torch.stack(slopes).mean(0)
    found = torch.tensor(ask(VARIANCE, {"x": x.flatten().tolist(), "c": AT, "y": y}), dtype=torch.float64)
    assert torch.allclose(found, left.detach(), atol=1e-9)  # seen: 2e-15


FLOORS = """return given.map(([choices, more]) => {
  const state = stateOf(choices, more);
  const mixture = core.gaussianMixture(toMixture(shape("moons")).data);
  return [finish(lossFloor(state, mixture)), finish(askedFloor(state, mixture))];
});"""
WRONG = ("unscaled betas", "no standardisation", "x_data for x_t", "sign of v")


@pytest.fixture(scope="module")
def floors():
    cases = {"flow": [[], {}], "ddpm": [[["process", "ddpm"]], {}]}
    cases |= {name: [[["mistake", name]], {}] for name in WRONG}
    cases["x_data, u"] = [[["mistake", "x_data for x_t"]], {"target": "u"}]
    return dict(zip(cases, ask(FLOORS, list(cases.values())), strict=True))


def exact_loss(model, mixture, n=200_000):
    """The mean loss of lib's exact answer, as 1 + 1 or 1 less what it explains, and the standard error of that."""
    x, _ = mixture.sample(n, generator=seeded(1), dtype=torch.float64)
    t = model.path.times(rand(n, like=x, generator=seeded(3)))
    c = model.path.coeffs(t, like=x)
    found = mixture.estimate(c.alpha * x + c.sigma * randn(x.shape, like=x, generator=seeded(2)), c)
    explained = (found.velocity(c) if model.target == "u" else found.eps).square().mean(1)
    of = 1 + mixture.variance.mean().item() if model.target == "u" else 1
    return of - explained.mean().item(), explained.std().item() / n**0.5


def test_the_floor_is_exact_at_each_draw_so_that_it_scatters_little(floors):
    """Where the loss of a draw is averaged, the error is 0.013; the answer is within three errors of lib's, as it says."""
    moons = two_moons_mixture()
    for name, model in (("flow", FlowMatching(None)), ("ddpm", DDPM(None, linear_betas(1000)))):
        floor, asked = floors[name]
        right, error = exact_loss(model, moons)
        assert asked is None and 0 < floor["error"] < 0.0045
        assert abs(floor["mean"] - right) < 3 * (floor["error"] ** 2 + error**2) ** 0.5
    assert floors["ddpm"][0]["mean"] == pytest.approx(0.2287, abs=0.004)  # chapter 04 has it of a grid


def test_a_mistake_that_asks_something_else_has_a_floor_of_its_own(floors):
    moons = two_moons_mixture()
    small = moons.rescaled(torch.zeros(2).double(), torch.full((2,), 10.0).double())
    short = DDPM(None, linear_betas(10, rescale=False))
    for name, model, data in (
        ("unscaled betas", short, moons),
        ("no standardisation", FlowMatching(None), small),
    ):
        meant, asked = floors[name]
        right, error = exact_loss(model, data)
        assert abs(asked["mean"] - right) < 3 * (asked["error"] ** 2 + error**2) ** 0.5 + 1e-3 * right
        assert abs(meant["mean"] / asked["mean"] - 1) > 0.5
    assert floors["sign of v"][1] is None  # it is asked the same
    assert floors["x_data for x_t"][1]["mean"] == 0  # it is shown what it is asked for
    assert floors["x_data, u"][1]["mean"] == pytest.approx(1)  # and of u = x_data - eps all but the noise


def test_numbers_have_the_digits_that_their_error_bears():
    cases = [
        [1.3898, 0.0037], [1.3898, 0.0131], [1.3898, 0.00041], [0.2287, 0.0012], [0.00012, 0.00003],
        [0.0000123, None], [1.3898, None], [0, 0], [2, 0], [12345, 30], [0.3, 2],
    ]  # fmt: skip
    found = ask("return given.map(([mean, error]) => [figure(mean, error), measured({mean, error})])", cases)
    assert found == [
        ["1.39", "1.39 ± 0.01"], ["1.4", "1.4 ± 0.1"], ["1.390", "1.390 ± 0.001"], ["0.23", "0.23 ± 0.01"],
        ["0.0001", "0.0001 ± 0.0001"], ["0.0000123", "0.0000123"], ["1.39", "1.39"], ["0", "0"], ["2.000", "2.000"],
        ["12345", "12345 ± 60"], ["0.3", "0.3 ± 4.0"],
    ]  # fmt: skip


def test_a_loss_below_its_floor_says_whether_chance_explains_it():
    text = "return given.map(([loss, error]) => standing({mean: loss, error}, {mean: 1.39, error: 0.004}))"
    above, chance, alone, mistake = ask(text, [[1.4, 0.01], [1.37, 0.01], [1.2, None], [1.3, 0.01]])
    assert above == "" and chance == alone == "below the floor within its error" and "only a mistake" in mistake
    steps = ask(
        "return [recent([]), recent([2]), recent(Array.from({length: 300}, (_, i) => (i < 200 ? 9 : 1 + i % 2)))]"
    )
    assert steps[0] is None and steps[1] == {"mean": 2, "error": None}
    assert steps[2] == {"mean": 1.5, "error": pytest.approx(0.05, rel=0.02)}


# ---- the charts --------------------------------------------------------------------------------------------------------------

LOSSES = """
const g = core.generator(4);
const losses = Float64Array.from({length: given.n}, (_, i) => (1.4 + 8 * Math.exp(-i / 20)) * Math.exp(given.noise * g.normal()));
"""


@pytest.mark.parametrize(("n", "noise"), [(1, 0), (7, 0.3), (100, 0.06), (900, 0.3), (3000, 0.06), (10_000, 0.3)])
def test_the_line_of_the_losses_lies_in_its_band(n, noise):
    fills, line = ask(f"""{LOSSES}
    const it = paper();
    paintLoss(new View(it.canvas), {{x: 0, y: 0, w: 460, h: 200}}, {{losses, floor: {{mean: 1.39, error: 0.004}}, steps: 3000}});
    return [it.fills, it.strokes.find(({{width}}) => width === 2.2).points];""", {"n": n, "noise": noise})  # fmt: skip
    band = fills[0]["points"][1:]
    upper, lower = band[: len(band) // 2], band[len(band) // 2 :][::-1]
    assert len(line) == len(upper) == len(lower) <= 80
    for (x, y), (left, top), (right, bottom) in zip(line, upper, lower, strict=True):
        assert x == left == right and top - 1e-6 <= y <= bottom + 1e-6


CHARTS = """
const {wide, steps, loss, floor, asked, near, net, missing} = given;
const made = [];
const [gaussian, nothing] = (near ? [1.7, 1.9] : [3.8, 4.4]).map((times) => ({times}));
const around = {floor: {mean: 1}, spread: [0.5, 1.5], gaussian, nothing};
const point = (step, times, how) => ({step, times, how});
for (const kind of ["loss", "distance"]) {
  const it = paper();
  const losses = loss ? Float64Array.from({length: steps}, (_, i) => loss * (1 + 1 / (1 + i))) : [];
  const history = net ? [point(1, 4, "a"), point(Math.ceil(steps / 2), 2 * net, "a"), point(steps, net, "b")] : [];
  const [view, box] = [new View(it.canvas), {x: 0, y: 0, w: wide, h: 200}];
  if (kind === "loss") paintLoss(view, box, {losses, floor, asked, steps, missing});
  else paintDistance(view, box, {history, exact: {times: near ? net ?? 1 : 0.8}, marks: around, steps, missing});
  made.push(it.texts);
}
return made;
"""
FLOOR = {"mean": 1.39, "error": 0.004}
SEEN = {
    "at the start": {"steps": 3000},
    "in training": {"steps": 3000, "loss": 1.4, "floor": FLOOR, "net": 1.2},
    "at its end": {"steps": 10_000, "loss": 1.4, "floor": FLOOR, "net": 0.9, "near": True},
    "two floors": {"steps": 3000, "loss": 0.16, "floor": FLOOR, "asked": {"mean": 0.15, "error": 0.001}, "net": 4.2},
    "two floors that are near": {"steps": 300, "loss": 1.4, "floor": FLOOR, "asked": {"mean": 1.3, "error": 0.01}},
    "a floor of nothing": {"steps": 1000, "loss": 0.00002, "floor": FLOOR, "asked": {"mean": 0, "error": 0}, "net": 30},
    "tiny losses": {"steps": 1000, "loss": 0.0000015, "floor": {"mean": 0.000001, "error": 1e-8}, "net": 1.7, "near": True},
    "no data": {"steps": 3000, "floor": FLOOR, "missing": "There is no data yet. Draw a point, or choose a shape."},
}  # fmt: skip


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("wide", [130, 175, 300, 460, 700])
def test_no_label_is_cut_or_stands_on_another(name, wide):
    case = dict.fromkeys(("loss", "floor", "asked", "near", "net", "missing")) | SEEN[name] | {"wide": wide}
    for texts in ask(CHARTS, case):
        assert len(texts) > 4
        for it in texts:
            assert it["x"] >= 0 and it["x"] + it["w"] <= wide and 0 <= it["y"] and it["y"] + it["h"] <= 200, it
        for i, a in enumerate(texts):
            for b in texts[:i]:
                apart = (
                    a["x"] >= b["x"] + b["w"]
                    or b["x"] >= a["x"] + a["w"]
                    or a["y"] >= b["y"] + b["h"]
                    or b["y"] >= a["y"] + a["h"]
                )
                assert apart, (a["text"], b["text"])


def test_both_floors_are_drawn_and_named_and_what_is_missing_is_said():
    blank = dict.fromkeys(("loss", "floor", "asked", "near", "net", "missing"))
    loss, _ = ask(CHARTS, blank | SEEN["two floors"] | {"wide": 460})
    words = [it["text"] for it in loss]
    assert "floor of what was meant: 1.39 ± 0.01" in words and "floor of what this net is asked: 0.150 ± 0.002" in words
    for texts in ask(CHARTS, blank | SEEN["no data"] | {"wide": 460}):
        words = [it["text"] for it in texts]
        assert "There is no data yet. Draw a point, or choose a shape." in words
        assert not {"Press Train.", "measuring …"} & set(words) and not any("floor" in word for word in words)


# ---- words -------------------------------------------------------------------------------------------------------------------

SAID = """
const losses = Float64Array.from({length: 200}, (_, i) => given.loss * (1 + 0.02 * (i % 2 - 0.5)));
const net = {step: 3000, steps: 3000, rate: 0, running: false, losses};
const state = stateOf(given.choices ?? [], {show: given.show});
const judged = {times: 0.84, off: 0.012, lost: 0.021, note: null};
const world = {state, cloud: {y: [0, 1]}, mixture: {}, floor: {mean: 1.39, error: 0.004}, asked: given.asked, marks: null,
  exact: {walk: {}, judged}, net: {walk: {step: 3000}, judged, error: 0.12}};
const [lab, missing] = [{world, net}, given.missing];
return {progress: progress(lab, missing), captions: captions(lab, missing), spoken: spoken(lab), key: scoreKey(600)};
"""
QUIET = {"loss": 1.4, "show": "samples", "asked": None, "missing": None}


def test_the_score_says_what_is_lost_and_what_its_words_mean():
    said = ask(SAID, QUIET)
    assert said["captions"]["exact"] == "20 calls: 0.8× perfect, 1\u00a0% off, 2\u00a0% lost"
    assert said["captions"]["net"] == "step 3,000: 0.8× perfect, 1\u00a0% off, 2\u00a0% lost"
    assert all(
        word in said["key"]
        for word in ("600 points", "distance of the samples from the data", "nearly zero", "no sample near it")
    )
    assert said["progress"] == "Step 3,000 of 3,000. Loss 1.40, exact floor 1.39 ± 0.01."


def test_field_and_error_say_what_is_to_be_seen():
    field = ask(SAID, QUIET | {"show": "field"})["captions"]
    assert field["exact"] == "Where the exact field leads each point." and "net's field leads" in field["net"]
    assert (
        ask(SAID, QUIET | {"show": "error"})["captions"]["net"] == "Orange: its field is off, by 12\u00a0% on average."
    )


def test_a_loss_below_the_floor_and_two_floors_are_said():
    assert ask(SAID, QUIET | {"loss": 1.385})["progress"].endswith(
        "exact floor 1.39 ± 0.01: below the floor within its error."
    )
    two = ask(SAID, QUIET | {"loss": 0.15, "asked": {"mean": 0.149, "error": 0.0004}})
    assert "floor of what was meant 1.39 ± 0.01, of what this net is asked 0.149" in two["progress"]
    assert two["progress"].endswith("only a mistake leads.") and "only a mistake leads" in two["spoken"]
    assert "Loss 0.00001" in ask(SAID, QUIET | {"loss": 0.0000123})["progress"]


def test_where_something_is_missing_nothing_else_is_said():
    said = ask(SAID, QUIET | {"missing": "There is no data yet."})
    assert said["progress"] == "There is no data yet."
    assert said["captions"]["net"] == said["captions"]["exact"] == "not with these settings"


def test_the_exact_answer_has_the_calls_that_were_chosen_and_the_net_those_of_its_schedule():
    """With betas that are not scaled: what was meant is at the data, and the net, with all its ten steps, is not."""
    said = ask(SAID, QUIET | {"choices": [["process", "ddpm"], ["mistake", "unscaled betas"]]})["captions"]
    assert said["exact"].startswith("50 calls: ") and said["net"].startswith("step 3,000, 10 calls: ")
    times = ask("""
    const state = stateOf([["process", "ddpm"], ["mistake", "unscaled betas"]]);
    const mixture = core.twoMoonsMixture();
    const {judge} = finish(marks(mixture, 400));
    const wrong = core.oracle(mixture, trainedOn(state)); // the best that any net can be
    const [right, noise] = [modelOf(state, mixture), core.normals(800, core.generator(1))];
    return [judge(core.sample(right, noise, gridOf(state, right.path), ruleOf(state))).times,
      judge(core.sample(wrong, noise, wrong.path.grid(netCallsOf(state)), ruleOf(state))).times];""")  # fmt: skip
    assert times[0] < 1.5 and times[1] > 2.5


# ---- challenges, and the rate ------------------------------------------------------------------------------------------------


def test_the_first_challenge_is_not_won_with_samples_off_the_data():
    """The exact answer comes below a tenth with one rule, so it is no wall; a net that is near, with a fifth off, has not won."""
    near, won, off, goal = ask("""
    const {start, met, goal} = CHALLENGES[0];
    const state = withChoice(start(), "rule", "dpmpp_2m");
    const mixture = core.gaussianMixture(toMixture(cloudOf(state)).data);
    const model = modelOf(state, mixture);
    const x = core.sample(model, core.normals(800, core.generator(1)), gridOf(state, model.path), ruleOf(state));
    const net = finish(marks(mixture, 400)).judge(x);
    return [met({state, net: {times: 1.1, off: 0.28, lost: 0.02}}), met({state, net}), net.off, goal];""")  # fmt: skip
    assert near is False and won is True and off < 0.06 and "10 % of the samples off" in goal


def test_the_rate_does_not_jump_where_the_machine_does():
    """A clock that runs five times as fast, or slowly, every third of a second: told once in two seconds, the rate stays."""
    rates = ask("""
    let clock = 0;
    performance.now = () => (clock += Math.floor(clock / 330) % 2 ? 15 : 3);
    const state = stateOf([], {width: 8, depth: 1, batch: 16, steps: 3000});
    const {data} = toMixture(cloudOf(state));
    const rates = [];
    await new Promise((resolve) => {
      const engine = startEngine((it) => {
        if (it.type === "ready") engine.send({type: "start"});
        if (it.type === "progress") rates.push(it.rate);
        if (it.type === "progress" && !it.running) resolve(engine.stop());
      }, {worker: false});
      engine.send({type: "reset", recipe: recipeOf(state, data)});
    });
    return rates;""")  # fmt: skip
    late = rates[len(rates) // 3 :]
    assert len(rates) > 60 and max(late) < 1.5 * min(late)  # told of every tenth of a second they differ five times


HERE, BETAS = "core.twoMoonsMixture()", "['mistake', 'unscaled betas']"


@pytest.mark.parametrize(
    ("file", "right", "wrong", "source"),
    [
        ("variance", "(expects(k) - mean) ** 2", "0", f"posteriorVariance({HERE}, [0, 0], {{alpha: 0.5, sigma: 0.5}})"),
        ("floor", "(a - (b * c.alpha)", "(a + (b * c.alpha)", f"finish(lossFloor(clean({{}}), {HERE}, 500)).mean"),
        ("recipe", "Math.min(callsOf(state), stepsOf(state))", "callsOf(state)", f"netCallsOf(stateOf([{BETAS}]))"),
        ("figures", "Math.floor(-Math.log10(error))", "Math.ceil(-Math.log10(error))", "figure(1.3898, 0.0037)"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_code_changes_what_is_compared(tmp_path, file, right, wrong, source):
    folder = spoilt(tmp_path, file, right, wrong)
    assert ask(f"return {source}") != ask(f"return {source}", explorers=folder)


def test_a_class_of_equal_points_has_a_floor_with_no_error():
    """One Gaussian leaves the same variance everywhere: then all digits are borne, and nothing is divided by nothing."""
    floor = ask(
        "return finish(lossFloor(clean({}), core.gaussianMixture(toMixture({x: [1, 1], y: [0]}, 0.2).data), 500))"
    )
    mixture = GaussianMixture(torch.ones(1).double(), torch.zeros(1, 2).double(), torch.ones(1, 2).double())
    right, _ = exact_loss(FlowMatching(None), mixture, 20_000)
    assert floor["error"] < 1e-9 and floor["mean"] == pytest.approx(right, rel=0.03)  # seen: 2e-17
