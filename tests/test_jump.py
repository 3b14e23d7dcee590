"""The explorer `jump`: the nets that it carries, and what it computes of them for a point and for the plane."""

import json
import math

import pytest
import torch

from classroom.explorers import jump
from classroom.explorers.shipped import restored
from lib import LinearPath, Oracle, sample, two_moons_mixture
from lib.flow_map import FlowMap, flow
from lib.trained.files import look
from tests.test_explorers import answer, parts
from tools.results import jump_nets as tool
from tools.results.few_steps import LONG, RECIPES, judges
from tools.site.gallery import RESULTS, explorer

MIXTURE = two_moons_mixture()
EXACT = Oracle(MIXTURE, LinearPath())


def shipped() -> dict:
    return jump.load(RESULTS / jump.FILE)


@pytest.fixture(scope="module")
def said() -> dict:
    return json.loads(look(RESULTS / jump.FILE, ("nets",), jump.HINT)[1]["nets"])


# ---- the file ------------------------------------------------------------------------------------------------------


def test_the_file_is_about_todays_recipes(said):
    assert list(said) == list(jump.NETS) == list(tool.RECIPE)
    for name, about in said.items():
        recipe = RECIPES[tool.RECIPE[name]]
        assert (about["t_scale"], about["steps"]) == (recipe.t_scale, LONG)
        assert {key: about[key] for key in tool.SHAPE} == tool.SHAPE
        assert jump.NETS[name] == (recipe.consistency is not None) == isinstance(shipped()[name], FlowMap)
    assert (RESULTS / jump.FILE).stat().st_size <= 300_000


@pytest.mark.parametrize("name", jump.NETS)
def test_the_distance_to_the_exact_end_is_that_of_the_file(name, said):
    """Of the float16 weights, and of the bytes that a page carries."""
    z, exact, _ = judges(tool.SEED)
    model = shipped()[name]
    for tolerance in (2e-4, 5e-3):  # seen between processors: 2e-5; between the two kinds of weights: 2.5e-3
        with torch.no_grad():
            apart = (model.sample((), 1, start=z) - exact).norm(dim=1)
            for weight in model.net.parameters():
                weight.copy_(restored(weight))
        assert apart.median().item() == pytest.approx(said[name]["apart"][0], abs=tolerance)
        assert apart.square().mean().sqrt().item() == pytest.approx(said[name]["apart"][1], abs=tolerance)


def test_who_is_nearer_to_the_exact_end(said):
    flow_matching, reflow, lagrangian, meanflow = (said[name]["apart"][0] for name in jump.NETS)
    assert reflow < 0.03 < lagrangian < 0.07 < meanflow < 0.15 < 1 < flow_matching
    # Four calls are not worse than one, by more than a sample's scatter.
    assert all(about["distance"][2] < about["distance"][0] + 0.004 for about in said.values())


def test_the_error_sits_where_the_boundary_is():
    """Noise from which a step of 0.2 leads to the other moon: a quarter of all points, and half of the mean square error or more.

    Not so of flow matching, whose one step ends between the moons from everywhere.
    """
    z, exact, _ = judges(tool.SEED)
    z, exact = z[:500], exact[:500]
    moon = on_upper(exact)
    ring = [0.2 * torch.tensor([math.cos(a), math.sin(a)]) for a in torch.arange(8).mul(math.pi / 4).tolist()]
    near = torch.stack([on_upper(flow(EXACT, z + step, steps=20)) != moon for step in ring]).any(0)
    assert 0.1 < near.float().mean() < 0.3
    for name, model in shipped().items():
        with torch.no_grad():
            square = (model.sample((), 1, start=z) - exact).square().sum(1)
        most = square[near].sum() > 0.45 * square.sum() and square[near].mean() > 2.5 * square[~near].mean()
        assert most == (name != "flow"), name


def on_upper(x: torch.Tensor) -> torch.Tensor:
    """Whether points of the data lie on the upper moon."""
    labels = [torch.full((len(x),), label) for label in (0, 1)]
    upper, lower = (MIXTURE.log_prob(x.double(), y=y) for y in labels)
    return upper > lower


def test_another_file_is_refused():
    with pytest.raises(ValueError, match=r"does not say its nets.*tools\.results\.jump_nets"):
        jump.load(RESULTS / "toy_flow.safetensors")


# ---- what the script computes ----------------------------------------------------------------------------------------

SCRIPT = """\
globalThis.matchMedia = () => ({});
const { default: jump } = await import("./classroom/explorers/jump.js");
const { readFileSync } = await import("fs");
const [data, states] = JSON.parse(readFileSync(0, "utf8"));
const world = jump.prepare(data);
const first = Object.fromEntries(jump.controls(world).map(({ id, value }) => [id, value]));
console.log(JSON.stringify(states.map((changes) => {
  const state = { ...first, ...changes };
  for (const step of jump.work(state, world));
  for (const step of jump.later(state, world));
  const { n, sure, apart } = world.plane;
  return { n, sure: [...sure], apart: [...apart], said: jump.say(state, world), state };
})));
"""
STATES = [
    {},
    {"map": "exact"},
    {"map": "reflow", "jumps": 4},
    {"map": "meanflow", "s": 0.2, "t": 0.7, "jumps": 2},
    {"map": "flow", "t": 0.5},
    {"map": "exact", "s": 0.5, "t": 0.5},
]


@pytest.fixture(scope="module")
def planes() -> list[dict]:
    return answer(SCRIPT, [parts(explorer("jump"))[1], STATES])


def cells(n: int) -> torch.Tensor:
    """The centres of the cells of the plane, the first row at the top."""
    at = ((torch.arange(n, dtype=torch.float64) + 0.5) / n * 2 - 1) * 2.8
    y, x = torch.meshgrid(-at, at, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1)


@pytest.mark.parametrize("i", range(len(STATES)))
def test_the_plane_is_that_of_lib(planes, i):
    """On which moon the chosen map lands the points of each cell, and how far from where the exact flow does."""
    seen, (n, state) = planes[i], (planes[i]["n"], planes[i]["state"])
    assert n == 36
    start, s, t = cells(n), float(state["s"]), float(state["t"])
    exact = flow(EXACT, start, s, t, steps=20)
    landed = exact if state["map"] == "exact" else thrown(state["map"], start, s, t, state["jumps"])
    x, c = landed.double(), LinearPath().coeffs(t)
    upper, lower = (MIXTURE.log_prob(x, c, torch.full((n * n,), label)) for label in (0, 1))
    sure, apart = ((upper - lower) / 2).tanh(), (landed - exact).norm(dim=1)
    for name, own in (("sure", sure), ("apart", apart)):
        off = (torch.tensor(seen[name]) - own).abs() > 0.02
        assert off.float().mean() < 0.004, name  # on the boundary a hair decides; seen: 2 of 1,296 cells
    assert (apart.max() == 0) == (state["map"] == "exact")


def thrown(name: str, x: torch.Tensor, s: float, t: float, jumps: int) -> torch.Tensor:
    """Where a net lands points in so many jumps, by the weights of a page."""
    model = shipped()[name]
    with torch.no_grad():
        for weight in model.net.parameters():
            weight.copy_(restored(weight))
        return sample(model, x.float(), jumps, model.rule, grid=torch.linspace(s, t, jumps + 1))


def test_before_a_time_has_passed_nothing_is_decided(planes):
    """The identity shows what the place alone says, and reflow's way is said to be its own."""
    assert "at time 0.50 the exact flow has reached, at time 0.50, (−1.40, −1.20)" in planes[-1]["said"]
    assert ["paths of its own" in plane["said"] for plane in planes] == [False, False, False, True, True, False]


def test_a_missing_or_damaged_net_is_refused():
    _, data = parts(explorer("jump"))
    script = SCRIPT.replace("const world = jump.prepare(data);", """
      const refusal = (broken) => { try { jump.prepare(broken); } catch (error) { return error.message; } return null; };
      console.log(JSON.stringify(states.map(refusal))); process.exit(0);""")  # fmt: skip
    nets = data["nets"]
    flat = {**nets["meanflow"], "data": nets["meanflow"]["data"][:-8]}
    broken = [{**data, "nets": {k: v for k, v in nets.items() if k != "flow"}}, {"nets": {**nets, "meanflow": flat}}]
    missing, damaged, whole = answer(script, [data, [*broken, data]])
    assert missing and "weights are damaged" in damaged and whole is None
