"""The lines of Python that the playground shows do what is on the screen."""

import contextlib
import io
import re

import pytest
import torch

from lib.flow_matching import FlowMatching
from lib.mixture import GaussianMixture
from lib.nets.mlp import MLPDenoiser
from lib.oracle import Oracle
from tests.explorers.playground import ask

STATES = {
    "moons": [[], {}],
    "wider moons": [[["kind", "moons"]], {"bandwidth": 0.3, "target": "x0", "path": "cosine"}],
    "checkerboard, VP": [[["kind", "checkerboard"], ["path", "vp"]], {"rule": "dpmpp_2m", "ema": 0}],
    "spiral, RK4": [[["kind", "spiral"]], {"rule": "rk4", "calls": 6, "target": "v", "stratified": False}],
    "gaussians, DDPM": [[["kind", "gaussians"], ["process", "ddpm"]], {}],
    "a word, guided": [[["kind", "letters"], ["scale", 3]], {"text": "HI", "labelDrop": 0.1}],
    "a class of DDPM": [[["process", "ddpm"], ["label", 1]], {"rule": "ddim", "eta": 0.5, "betas": "cosine", "labelDrop": 0}],
    "drawn": [[["kind", "drawn"]], {"cloud": {"x": [0, 1, 1, -1, 0.5, 2, 0.5, 2], "y": [1, 1, 1, 1]}, "classes": True}],
    "wrong sign": [[["mistake", "sign of v"], ["label", 0]], {}],
    "x_data": [[["process", "ddpm"], ["mistake", "x_data for x_t"]], {"stratified": False, "ema": 0.9}],
    "betas": [[["mistake", "unscaled betas"]], {}],
    "small": [[["mistake", "no standardisation"], ["kind", "gaussians"]], {}],
}  # fmt: skip
SOURCE = """
return given.map(([choices, more]) => {
  const state = stateOf(choices, { ...more, steps: 300, width: 16, depth: 2 });
  const { data } = toMixture(cloudOf(state));
  const { mean, error } = finish(lossFloor(state, core.gaussianMixture(data)));
  return { state, problem: problem(state), text: python(state, 50), data, unit: unitOf(state), mean, error,
    weights: core.learner(recipeOf(state, data).sizes, core.plain(Float32Array), 1).weights.length };
});
"""


@pytest.fixture(scope="module")
def shown():
    return dict(zip(STATES, ask(SOURCE, list(STATES.values())), strict=True))


@pytest.mark.parametrize("name", STATES)
def test_the_lines_run_and_make_what_is_on_the_screen(shown, name):
    """The same mixture, a net of the same size, the same floor of the loss; the samples are judged."""
    case = shown[name]
    assert case["problem"] is None
    lines = {"__name__": "reader"}
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(
            compile(case["text"].replace(", 300, lr=", ", 12, lr="), name, "exec"), lines
        )  # a few steps show that it trains
    assert lines["progress"].step == 12

    mixture = lines.get("meant", lines["mixture"])
    data = {key: torch.tensor(value, dtype=torch.float64) for key, value in case["data"].items()}
    page = GaussianMixture(
        data["weights"], data["means"].reshape(-1, 2), data["variances"].reshape(-1, 2), data["labels"].long()
    )
    x = torch.cartesian_prod(*[torch.linspace(-2, 2, 15, dtype=torch.float64)] * 2)
    assert torch.allclose(mixture.log_prob(x), page.log_prob(x), atol=1e-4) and mixture.classes == page.classes
    assert torch.allclose(lines["mixture"].means, mixture.means * case["unit"])

    net = lines["net"]
    state = case["state"]
    assert isinstance(net, MLPDenoiser) and sum(p.numel() for p in net.parameters()) == case["weights"]
    assert isinstance(lines["model"], FlowMatching) == (state["process"] == "flow")
    model, drop = lines["model"], state["labelDrop"] if state["classes"] else 0
    assert (model.target, model.label_drop) == (state["target"], 0 if drop == 0 else drop)
    assert (net.width, net.depth, net.t_scale) == (state["width"], state["depth"], state["tScale"])
    assert type(model.path).__name__.lower() in (f"{state['path']}path", "discreteschedule")
    assert ("ema" in lines) == (state["ema"] > 0) and ("ema" not in lines or lines["ema"].decay == state["ema"])
    assert case["text"].count(f"y = drop_labels(y, {drop})") == (drop > 0) * (1 + (state["mistake"] == "sign of v"))
    floor = float(re.search(r"at best ([\d.]+)", printed.getvalue())[1])
    assert floor == pytest.approx(case["mean"], abs=4 * case["error"] + 0.05 * case["mean"])
    assert re.search(r"net: \d.* of a perfect sample, .*\nexact: \d", printed.getvalue())


def test_data_that_is_not_standardised_is_judged_by_what_was_meant(shown):
    """The net's samples are made as large as the data again: those of the small data's exact answer then come near."""
    text = shown["small"]["text"].replace(", 300, lr=", ", 12, lr=")
    lines = {"__name__": "reader"}
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "small", "exec"), lines)
        assert lines["perfect"](4000, lines["generator"]).std().item() == pytest.approx(1, abs=0.1)
        lines["model"] = Oracle(lines["mixture"], lines["path"])
    tail = text[text.index("# Samples,") :].replace(", 20, euler", ", 60, euler")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tail, "small", "exec"), lines)
    net, exact = (float(found) for found in re.findall(r": ([\d.]+) times", printed.getvalue()))
    assert net < 3 and exact < 3  # of samples that stay as small as they are: seen 8


def test_with_few_steps_in_its_schedule_the_net_has_fewer_calls_than_the_exact_answer(shown):
    text = shown["betas"]["text"]
    assert 'calls = 10 if name == "net" else 20' in text and "start, calls, ddim" in text


def test_a_long_training_says_how_it_goes():
    text = ask("return python(stateOf([], {steps: 3000, width: 8, depth: 1}))")
    assert "if progress.step % 300 == 0:" in text
    few = text.replace(", 3000, lr=", ", 20, lr=").replace("% 300", "% 10")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(few, "long", "exec"), {"__name__": "reader"})
    assert re.findall(r"^step (\d+): loss [\d.]+$", printed.getvalue(), re.MULTILINE) == ["10", "20"]
    assert re.search(r"at best 1\.\d+ \(give or take 0\.0\d\)", printed.getvalue())


def test_the_lines_are_short_and_tidy(shown):
    for name, case in shown.items():
        assert max(map(len, case["text"].splitlines())) <= 100, name
        assert len(case["text"].splitlines()) < 100, name
        compile(case["text"], name, "exec")
        imported = re.search(r"from lib import (\([^)]*\)|.*)", case["text"])[1]
        for word in re.findall(r"\w+", imported):
            assert len(re.findall(rf"\b{word}\b", case["text"])) > 1, f"{name} imports {word} for nothing"


def test_what_cannot_be_trained_is_a_comment_that_says_so():
    text = ask("return python(stateOf([], {target: 'eps'}))")
    assert text.startswith("# There is nothing to run yet. At pure noise") and text.count("\n") == 1
