"""Nets trained on few points, beside two exact answers: that of the moons, and that of the points themselves.

    python -m tools.results.two_oracles        results/two_oracles.json, for chapter 15; 40 minutes on one core

Nets of the small size learn flow matching on n points of the moons, for the same number of steps, from three seeds. We look at
the average of their weights (EMA), and note on the way how far its velocity is, in the mean square over t in [0.05, 0.95), from

    to_moons    the velocity of the moons, at fresh noisy points: what the net should have learned
    to_points   the velocity of the n points (EmpiricalOracle), at noisy points of theirs: what its loss asks for

and at `copied`, the share of 1,000 samples with a copy ratio below 1/3, of which one in nine is no copy. `truth` says the same of
the exact velocity of the moons: once a net's to_points is below it, the net fits its own points better than the truth does.

`control`  nets whose target is the velocity of the n points itself, in the place of the pair's: no noise is left in the target
`halves`   two nets that were trained on disjoint halves of 2 n points, for fewer steps: how far apart their samples from the same
           noise are, and how far from the exact end, in the mean
"""

import json
from collections.abc import Callable

import torch
from torch import Tensor

from lib import (
    EMA,
    EmpiricalOracle,
    FlowMatching,
    LinearPath,
    MLPDenoiser,
    Oracle,
    heun,
    randn,
    sample,
    seeded,
    sliced_wasserstein,
    two_moons,
    two_moons_mixture,
)
from lib.memorisation import copy_ratio
from lib.seeding import rand
from lib.trained.files import put
from lib.trained.shipped import RESULTS
from lib.training import minimise

TARGET = RESULTS / "two_oracles.json"
SEEDS, BATCH, RATE, DECAY = (0, 1, 2), 256, 2e-3, 0.99
STEPS, SHORT = 51_200, 12_800
LOOKS = tuple(round(400 * 2 ** (k / 2)) for k in range(15))  # 400 ... 51,200
PLAN = {"pairs": (25, 50, 100, 200, 400, 800), "control": (50, 200), "halves": (50, 200, 800)}
N = 1000  # samples that are judged
MOONS, PATH = two_moons_mixture(), LinearPath()
EXACT = Oracle(MOONS, PATH)


def points(n: int, generator: torch.Generator) -> Tensor:
    """n points of the moons."""
    return two_moons(n, generator=generator)[0]


def halves(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """The training set of n points, and another one of as many."""
    both = points(2 * n, seeded(100 * n + seed))
    return both[:n], both[n:]


def velocity(model, x_t: Tensor, t: Tensor) -> Tensor:
    """What a model says of the velocity, like x_t."""
    return model.estimate(x_t, t).velocity(model.path.coeffs(t, like=x_t))


def noisy(x: Tensor, generator: torch.Generator, low: float = 0.05, high: float = 0.95) -> tuple[Tensor, Tensor]:
    """x_t of every row of x at a time of its own in [low, high), and the time."""
    t, eps = low + (high - low) * rand(len(x), like=x, generator=generator), randn(x.shape, generator=generator)
    return PATH.coeffs(t, like=x).add_noise(x, eps), t


def drawn(model, seed: int) -> Tensor:
    """N samples, from the same noise for every model of this seed."""
    return sample(model, randn((N, 2), generator=seeded(900 + seed)), 40, heun)


@torch.no_grad()
def judged(model, x: Tensor, seed: int) -> dict:
    """How far the velocity is from both answers, and what becomes of the samples."""
    empirical = EmpiricalOracle(x, PATH)
    fresh, t = noisy(points(4000, seeded(500 + seed)), seeded(600 + seed))
    known, s = noisy(x[torch.randint(len(x), (4000,), generator=seeded(700 + seed))], seeded(800 + seed))
    samples = drawn(model, seed)
    found = {
        "to_moons": (velocity(model, fresh, t) - velocity(EXACT, fresh, t)).square().mean(),
        "to_points": (velocity(model, known, s) - velocity(empirical, known, s)).square().mean(),
        "copied": (copy_ratio(samples, x) < 1 / 3).double().mean(),
        "distance": torch.as_tensor(sliced_wasserstein(samples, points(4 * N, seeded(1000 + seed)))),
    }
    return {name: round(value.item(), 5) for name, value in found.items()}


def trained(
    x: Tensor,
    seed: int,
    steps: int,
    look: Callable[[int, FlowMatching], None] = lambda *_: None,
    *,
    control: bool = False,
) -> FlowMatching:
    """The average of a net that has learned the points x; `look` sees it after every step of LOOKS."""
    g, empirical = seeded(seed), EmpiricalOracle(x, PATH)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FlowMatching(MLPDenoiser(t_scale=20))
    ema = EMA(model.net, DECAY)
    average = FlowMatching(ema.net)

    def loss(rows: Tensor) -> Tensor:
        if not control:
            return model.loss(rows, generator=g)
        x_t, t = noisy(rows, g, 0, 1)
        with torch.no_grad():
            target = velocity(empirical, x_t, t)
        return (velocity(model, x_t, t) - target).square().mean()

    def rows():
        while True:
            yield (x[torch.randint(len(x), (BATCH,), generator=g)],)

    def warm(step: int, _: int) -> float:
        return min(1.0, (step + 1) / 200)

    for done in minimise(loss, model.parameters(), rows(), steps, lr=RATE, schedule=warm, ema=ema):
        if done.step in LOOKS:
            look(done.step, average)
    return average


def curve(n: int, seed: int, *, control: bool = False) -> dict:
    """What one sees after each of LOOKS, and what the exact velocity of the moons would score."""
    x, found = halves(n, seed)[0], []

    def look(step: int, model: FlowMatching) -> None:
        found.append({"step": step} | judged(model, x, seed))

    trained(x, seed, STEPS, look, control=control)
    return {"truth": judged(EXACT, x, seed), "looks": found}


def pair(n: int, seed: int) -> dict:
    """Two nets of disjoint halves: the mean distance of their samples from the same noise, and that to the exact ends."""
    models = [*(trained(half, seed, SHORT) for half in halves(n, seed)), EXACT]
    with torch.no_grad():
        one, other, exact = (drawn(model, seed) for model in models)
    return {name: round((a - b).norm(dim=1).mean().item(), 4)
            for name, a, b in (("each_other", one, other), ("exact", one, exact))}  # fmt: skip


def main() -> None:
    """Train what is missing; write after every net."""
    torch.set_num_threads(1)
    report = {"command": "python -m tools.results.two_oracles", "torch": torch.__version__.split("+")[0]}
    report |= {kind: {} for kind in PLAN}
    if TARGET.exists():
        report |= {kind: rows for kind, rows in json.loads(TARGET.read_text()).items() if kind in PLAN}
    for seed in SEEDS:
        for kind, sizes in PLAN.items():
            for n in sizes:
                name = f"n = {n}, seed {seed}"
                if name in report[kind]:
                    continue
                found = pair(n, seed) if kind == "halves" else curve(n, seed, control=kind == "control")
                report[kind][name] = found
                print(kind, name, found["looks"][-1] if kind != "halves" else found, flush=True)
                put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
