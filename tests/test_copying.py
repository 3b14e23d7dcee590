"""The explorer `copying`: its denoiser, its samples and what the judges say of them are those of lib."""

import math
import re

import pytest
import torch

from lib import Oracle, sample, two_moons_mixture
from lib.flow_matching import LinearPath
from lib.memorisation import collapse, copy_ratio, perplexity
from lib.metrics import sliced_wasserstein
from lib.mixture import GaussianMixture
from lib.oracle import EmpiricalOracle
from lib.prediction import Coeffs
from lib.samplers import heun
from tests.test_explorers import answer, parts
from tools.site.gallery import explorer

PATH = LinearPath()

SCRIPT = """\
globalThis.matchMedia = () => ({});
const { default: copying } = await import("./classroom/explorers/copying.js");
const { LEVELS, WIDTHS, between, denoiser } = await import("./classroom/explorers/copies.js");
const { readFileSync } = await import("fs");
const [data, states, grid] = JSON.parse(readFileSync(0, "utf8"));
const world = copying.prepare(data);
const first = Object.fromEntries(copying.controls(world).map(({ id, value }) => [id, value]));
const plain = (value) => (value?.buffer ? [...value] : value);
const flat = (table) => Object.fromEntries(Object.entries(table).map(([key, value]) => [key, plain(value)]));
console.log(JSON.stringify({
  levels: LEVELS, widths: WIDTHS, unseen: [...world.unseen], target: [...world.marks.target], exact: world.exact,
  states: states.map((changes) => {
    const state = { ...first, ...changes };
    for (const step of copying.work(state, world));
    for (const step of copying.later(state, world));
    const { training, now, made } = world;
    const model = denoiser(training.points, state.h);
    const answers = grid.map(([x, y, t]) => flat(model.estimate(Float64Array.of(x, y), t)));
    return {
      state, answers, points: [...training.points], fresh: training.fresh, counts: training.counts, curve: training.nats,
      said: copying.say(state, world).map(([, line]) => line),
      now: { ...flat(now), way: now.way.map((at) => [...at]) },
      made: { ...flat(made), found: made.found },
      widened: LEVELS.map((level) => between(training.counts, level, state.h)),
    };
  }),
}));
"""
STATES = [
    {},
    {"n": 2, "h": 0.3, "level": 5, "x": -2, "y": 1.5},
    {"n": 20, "level": 1.6},
    {"n": 200, "h": 0.1, "level": 0.2, "x": 0.3, "y": 0.1, "set": 3},
    {"n": 800, "h": 0.05, "level": 0.05},
    {"n": 800},
    {"n": 200, "h": 0.6},
]
GRID = [(x, y, t) for x, y in ((0.4, -0.7), (1.3, 0.2)) for t in (0.0, 0.3, 0.8, 0.99)]


@pytest.fixture(scope="module")
def computed() -> dict:
    return answer(SCRIPT, [parts(explorer("copying"))[1], STATES, GRID])


def plane(flat: list[float]) -> torch.Tensor:
    return torch.tensor(flat, dtype=torch.float64).reshape(-1, 2)


def kernels(points: torch.Tensor, h: float) -> GaussianMixture:
    n = len(points)
    return GaussianMixture(torch.full((n,), 1 / n), points, torch.full((n, 2), h**2))


def denoiser(points: torch.Tensor, h: float):
    return Oracle(kernels(points, h), PATH) if h else EmpiricalOracle(points, PATH)


@pytest.fixture(params=range(len(STATES)), ids=lambda i: " ".join(f"{k} {v}" for k, v in STATES[i].items()) or "first")
def seen(request, computed) -> dict:
    return computed["states"][request.param]


# ---- the same as in lib -------------------------------------------------------------------------------------------------


def test_its_denoiser_is_the_oracle_of_its_kernels(seen):
    """And the empirical oracle where they have no width."""
    model = denoiser(plane(seen["points"]), seen["state"]["h"])
    for (x, y, t), found in zip(GRID, seen["answers"], strict=True):
        exact = model.estimate(torch.tensor([[x, y]], dtype=torch.float64), torch.tensor([t], dtype=torch.float64))
        torch.testing.assert_close(plane(found["x0"]), exact.x0, rtol=0, atol=1e-5)
        torch.testing.assert_close(plane(found["eps"]), exact.eps, rtol=0, atol=1e-4)


def test_what_is_said_of_the_noisy_point_is_so(seen):
    state, now, points = seen["state"], seen["now"], plane(seen["points"])
    x_t, t = torch.tensor([[state["x"], state["y"]]]).double(), 1 / (1 + state["level"])
    wide = Coeffs(t, math.hypot(1 - t, t * state["h"]))
    assert now["count"] == pytest.approx(perplexity(x_t, points, wide).item(), rel=1e-6)
    assert sum(now["r"]) == pytest.approx(1) and len(now["r"]) == len(points)
    mean = (torch.tensor(now["r"], dtype=torch.float64)[:, None] * points).sum(0)
    if not state["h"]:
        assert now["mean"] == pytest.approx(mean.tolist(), abs=1e-9)
    end = plane(now["way"][-1])
    assert now["ratio"] == pytest.approx(copy_ratio(end, points).item(), abs=1e-9)
    assert f"d₁/d₂ = {now['ratio']:.2f}" in seen["said"][0]
    level = collapse(len(points), 2)
    if state["h"] >= level:
        assert "decided at no noise level" in seen["said"][0]
    else:
        said = float(re.search(r"decided at σ/α = ([\d.]+);", seen["said"][0])[1])
        assert said == pytest.approx(math.sqrt(level**2 - state["h"] ** 2), rel=0.03)


def test_its_path_ends_where_many_small_steps_do(seen):
    state, points = seen["state"], plane(seen["points"])
    model, start = denoiser(points, state["h"]), torch.tensor([[state["x"], state["y"]]]).double()
    levels = state["level"] * (1e-4 / state["level"]) ** torch.linspace(0, 1, 601, dtype=torch.float64)
    near = sample(model, start, 1200, heun, grid=1 / (1 + levels))
    end = model.estimate(near, torch.tensor([1 / (1 + 1e-4)], dtype=torch.float64)).x0
    torch.testing.assert_close(plane(seen["now"]["way"][-1]), end, rtol=0, atol=0.01)  # seen: 0.002
    assert seen["now"]["way"][0] == [state["x"], state["y"]]
    if not state["h"]:
        assert seen["now"]["ratio"] < 1e-9  # a training point; seen: 4e-16


def test_the_judges_of_its_samples_are_those_of_lib(seen, computed):
    state, made, points = seen["state"], seen["made"], plane(seen["points"])
    samples, target = plane(made["samples"]), plane(computed["target"])
    ratios = copy_ratio(samples, points)
    assert made["accused"] == (ratios < 1 / 3).tolist()
    assert made["share"] == pytest.approx((ratios < 1 / 3).double().mean().item())
    assert seen["fresh"] == pytest.approx((copy_ratio(target, points) < 1 / 3).double().mean().item())
    assert made["found"]["distance"] == pytest.approx(sliced_wasserstein(samples, target), abs=1e-9)
    if h := state["h"]:
        mixture = kernels(points, h)
        held, own = (mixture.log_prob(x).mean().item() for x in (plane(computed["unseen"]), points[:300]))
        assert [made["nats"]["held"], made["nats"]["own"]] == pytest.approx([held, own], rel=1e-6)
        assert f"of held-out points {held:.2f} " in seen["said"][1].replace("−", "-")
    else:
        assert (
            made["nats"] is None
            and "held-out points minus infinity, of training points plus infinity" in seen["said"][1]
        )
    assert computed["exact"] == pytest.approx(two_moons_mixture().log_prob(plane(computed["unseen"])).mean().item())


def test_its_samples_are_those_of_its_kernels(seen):
    """About a training point, at the width h."""
    points, samples, h = plane(seen["points"]), plane(seen["made"]["samples"]), seen["state"]["h"]
    nearest = torch.cdist(samples, points, compute_mode="donot_use_mm_for_euclid_dist").min(1).values
    if h == 0:
        assert nearest.max() == 0
    if len(points) == 2 and h:  # far from each other: |h z|^2 has the mean 2 h^2
        assert nearest.square().mean().item() == pytest.approx(2 * h**2, rel=0.25)


def test_the_curve_by_bandwidth_is_the_curve_at_a_higher_noise(seen, computed):
    """Between its levels it is off by 3 % at most. Where it is 1, the copy is decided."""
    h, counts, points = seen["state"]["h"], seen["counts"], plane(seen["points"])
    assert counts[0] <= len(points) and counts == pytest.approx(sorted(counts, reverse=True), rel=0.05)
    for level, found in zip(computed["levels"], seen["widened"], strict=True):
        place = 10 * (0.7 - math.log10(min(5.01, math.hypot(level, h))))
        low, high = counts[math.floor(place)], counts[min(len(counts) - 1, math.ceil(place))]
        assert min(low, high) * 0.999 <= found <= max(low, high) * 1.001


# ---- what a reader is to find ------------------------------------------------------------------------------------------


def of(computed: dict, **changes) -> dict:
    return computed["states"][STATES.index(changes)]


def test_all_are_copies_and_the_distance_does_not_see_it(computed):
    for seen in (of(computed), of(computed, n=800)):
        assert seen["made"]["share"] == 1
        assert "about 1 × a perfect sample's" in seen["said"][1]


def test_honest_samples_are_accused_too(computed):
    for seen in (of(computed), of(computed, n=800)):
        assert seen["fresh"] == pytest.approx(1 / 9, abs=0.03)
    assert of(computed, n=800, h=0.05, level=0.05)["made"]["share"] == pytest.approx(0.12, abs=0.04)


def test_unseen_points_have_a_best_bandwidth_and_training_points_have_not(computed):
    """The best is smaller the more points there are."""
    best = []
    for seen in (of(computed, n=20, level=1.6), of(computed), of(computed, n=800)):
        held, own = ([nats[who] for nats in seen["curve"]] for who in ("held", "own"))
        assert own == sorted(own, reverse=True) and max(held) < computed["exact"]
        best.append(computed["widths"][held.index(max(held))])
    assert 0.02 < best[2] < best[1] < best[0] < 0.6


def test_with_more_points_the_copy_is_decided_later(computed):
    """The noise level where two points are left, which lies near the predicted one and follows it."""
    levels = []
    for n, changes in ((20, {"n": 20, "level": 1.6}), (200, {}), (800, {"n": 800})):
        counts = of(computed, **changes)["counts"]
        levels.append(next(level for level, count in zip(computed["levels"], counts, strict=True) if count < 2))
        assert 0.25 < levels[-1] / collapse(n, 2) < 1.2  # seen: 0.45 to 0.7, for the moons are thinner than a Gaussian
    assert levels[0] > 3 * levels[1] and levels[1] > 1.5 * levels[2]
