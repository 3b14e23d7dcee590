"""Nets that jump, by five recipes and five seeds: how good are 1, 2, 4 and 8 network calls on two moons, and what do they cost?

    python -m tools.results.few_steps        results/few_steps.json, for chapter 14; half an hour on one core

Every net is the book's small one (width 128, depth 3), told two times, and sees as many batches of as many points. `distance` is
the sliced Wasserstein distance of 2,000 samples to a reference of 8,000, `off` the share of points off the moons in per cent;
`apart` are the median and the root mean square of the distances between the ends of one jump and the exact ends of the same
noise. `excess` is what the velocity v(x; t, t) is off, in the mean square. Rows that stand in the file are not made again.
"""

import json
import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from lib import (
    EMA,
    FlowMatching,
    LinearPath,
    MLPDenoiser,
    Oracle,
    fit,
    randn,
    seeded,
    share_off,
    sliced_wasserstein,
    two_moons,
    two_moons_mixture,
    yardsticks,
)
from lib.data import batches
from lib.flow_map import FlowMap, eulerian, flow, improved, lagrangian, shortcut, two_times
from lib.trained.files import put
from lib.trained.shipped import RESULTS
from lib.training import minimise

TARGET = RESULTS / "few_steps.json"
SEEDS, CALLS = (0, 1, 2, 3, 4), (1, 2, 4, 8)
STEPS, LONG, BATCH, PAIRS = 3000, 9000, 512, 20_000
RATE = 1e-2  # at 1e-3 no recipe has learned after 3,000 steps: one jump ends twice as far from the exact end
N, TIMES = 2000, 4  # points of a sample; the reference has so many times as many
MIXTURE = two_moons_mixture()
EXACT = Oracle(MIXTURE, LinearPath())


class Recipe(NamedTuple):
    """How a net is trained."""

    consistency: Callable | None = None  # None: no jumps, flow matching
    teacher: str | None = None  # reflow: whose pairs it learns from, "exact" or a recipe; None: independent ones
    t_scale: float = 4.0
    power: float = 0.0
    steps: int = STEPS
    width: int = 128
    embed_dim: int = 64


RECIPES = {
    "flow matching": Recipe(t_scale=20),
    "reflow on exact pairs": Recipe(teacher="exact"),
    "reflow on a net's pairs": Recipe(teacher="flow matching"),
    "shortcut": Recipe(shortcut),
    "Lagrangian": Recipe(lagrangian),
    "MeanFlow": Recipe(eulerian),
    "MeanFlow, the net's tangent": Recipe(improved),
    "MeanFlow, power 1": Recipe(eulerian, power=1),
    "MeanFlow, t_scale 1000": Recipe(eulerian, t_scale=1000),
    "Lagrangian, t_scale 1000": Recipe(lagrangian, t_scale=1000),
    "shortcut, t_scale 1000": Recipe(shortcut, t_scale=1000),
    "Lagrangian, 9,000 steps": Recipe(lagrangian, steps=LONG),
}


def draw(n: int, generator: torch.Generator) -> Tensor:
    """n points of the moons."""
    return two_moons(n, generator=generator)[0]


def net_of(recipe: Recipe, seed: int) -> MLPDenoiser:
    """A new net; the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLPDenoiser(width=recipe.width, embed_dim=recipe.embed_dim, t_scale=recipe.t_scale)


def trained(recipe: Recipe, seed: int) -> tuple[FlowMatching | FlowMap, float]:
    """A trained model, and the CPU seconds that it took (with those of reflow's pairs, and of the net that made them)."""
    generator, start = seeded(seed), time.process_time()
    x = draw(PAIRS, generator)
    if recipe.consistency:
        model = FlowMap(two_times(net_of(recipe, seed)), consistency=recipe.consistency, power=recipe.power)
    else:
        model = FlowMatching(net_of(recipe, seed))
    ema = EMA(model.net, 0.99)
    more = {"lr": RATE, "ema": ema}
    if recipe.teacher:
        teacher = EXACT if recipe.teacher == "exact" else trained(RECIPES[recipe.teacher], seed)[0]
        eps = randn(x.shape, generator=generator)
        with torch.no_grad():
            ends = flow(teacher, eps)
        loss = lambda x, eps: model.loss(x, eps=eps, generator=generator)  # noqa: E731
        pairs = batches(torch.stack([ends, eps], 1), size=BATCH, generator=generator)
        steps = minimise(loss, model.parameters(), (both.unbind(1) for both, _ in pairs), recipe.steps, **more)
    else:
        steps = fit(model, batches(x, size=BATCH, generator=generator), recipe.steps, generator=generator, **more)
    try:
        for _ in steps:
            pass
    except FloatingPointError:
        pass  # a recipe that diverges is judged as it is
    return model.with_net(ema.net.requires_grad_(False)), time.process_time() - start


@cache
def judges(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """The noise of a seed's samples, where the exact flow takes it, and the reference."""
    z = randn((N, 2), generator=seeded(100 + seed))
    return z, flow(EXACT, z), draw(TIMES * N, seeded(200 + seed))


def judged(model: FlowMatching | FlowMap, seed: int) -> dict:
    """What its samples score; where it stands beside the exact flow."""
    z, exact, reference = judges(seed)
    found = {"distance": [], "off": []}
    with torch.no_grad():
        for calls in CALLS:
            x = model.sample((), calls, start=z)
            found["distance"].append(sliced_wasserstein(x, reference))
            found["off"].append(100 * share_off(x, MIXTURE))
            if calls == 1:
                apart = (x - exact).norm(dim=1)
        t = torch.linspace(0.05, 0.95, N)
        c = model.path.coeffs(t, like=z)
        x_t = c.add_noise(draw(N, seeded(300 + seed)), z)
        excess = (model.estimate(x_t, t).velocity(c) - EXACT.estimate(x_t, t).velocity(c)).square().mean().item()
    apart = [apart.median().item(), apart.square().mean().sqrt().item()]
    return {name: [round(value, 4) for value in row] for name, row in found.items()} | {
        "apart": [round(value, 4) for value in apart],
        "excess": round(excess, 5),
    }


def marks() -> dict:
    """What the exact map scores on these draws, a perfect sample, the best Gaussian and N(0, I)."""
    exact = [round(sliced_wasserstein(*judges(seed)[1:]), 4) for seed in SEEDS]
    found = yardsticks(sliced_wasserstein, draw, N, m=TIMES * N)
    return {"exact": exact} | {name: [round(value, 4) for value in mark] for name, mark in found._asdict().items()}


def main() -> None:
    """Train and judge what is missing, write after every net."""
    torch.set_num_threads(1)
    report = {"command": "python -m tools.results.few_steps", "calls": CALLS, "rows": {}}
    if TARGET.exists():
        report |= {"rows": json.loads(TARGET.read_text())["rows"]}
    report["torch"], report["marks"] = torch.__version__.split("+")[0], marks()
    for name, recipe in RECIPES.items():
        rows = report["rows"].setdefault(name, {})
        for seed in SEEDS:
            if str(seed) in rows:
                continue
            model, seconds = trained(recipe, seed)
            rows[str(seed)] = judged(model, seed) | {"seconds": round(seconds)}
            print(name, seed, rows[str(seed)], flush=True)
            put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
