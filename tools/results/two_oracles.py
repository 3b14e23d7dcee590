"""Nets trained on few points, beside two exact answers: that of the moons, and that of the points themselves.

    python -m tools.results.two_oracles        results/two_oracles.json, for chapter 15; forty minutes on one core

Nets of the book's small size learn flow matching on n points of the moons, for the same number of steps, from three seeds. On
the way we look how far the velocity is, in the mean square over t in [0.05, 0.95], from

    to_moons    the velocity of the moons, at fresh noisy points: what the net should have learned
    to_points   the velocity of the n points (EmpiricalOracle), at noisy points of theirs: what its loss asks for

and at `copied`, the share of 1,000 samples with a copy ratio below 1/3, of which one in nine is no copy. `halves` are two nets
that were trained on disjoint halves of 2 n points: the mean distance of their samples from the same noise. `control` are nets
whose target is the velocity of the n points itself, in the place of the pair's: no noise is left in the target.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from lib import (
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
from lib.training import minimise

TARGET = Path(__file__).resolve().parents[2] / "results" / "two_oracles.json"
SIZES, SEEDS = (50, 200, 800), (0, 1, 2)
STEPS, BATCH, RATE = 24_000, 256, 2e-3
LOOKS = (100, 200, 400, 800, 1600, 3200, 6400, 12_000, 24_000)
N = 1000  # samples that are judged
MOONS, PATH = two_moons_mixture(), LinearPath()
EXACT = Oracle(MOONS, PATH)


def points(n: int, generator: torch.Generator) -> Tensor:
    """n points of the moons."""
    return two_moons(n, generator=generator)[0]


def velocity(model, x_t: Tensor, t: Tensor) -> Tensor:
    """What a model says of the velocity, like x_t."""
    return model.estimate(x_t, t).velocity(model.path.coeffs(t, like=x_t))


def noisy(x: Tensor, generator: torch.Generator, low: float = 0.05, high: float = 0.95) -> tuple[Tensor, Tensor]:
    """x_t of every row of x at a time of its own in [low, high), and the time."""
    t, eps = low + (high - low) * rand(len(x), like=x, generator=generator), randn(x.shape, generator=generator)
    return PATH.coeffs(t, like=x).add_noise(x, eps), t


def apart(a: Tensor, b: Tensor) -> float:
    """The mean distance of points that belong together."""
    return round((a - b).norm(dim=1).mean().item(), 4)


def judged(model, x: Tensor, seed: int) -> dict:
    """How far the velocity is from both answers, and what becomes of the samples."""
    empirical = EmpiricalOracle(x, PATH)
    with torch.no_grad():
        fresh, t = noisy(points(4000, seeded(500 + seed)), seeded(600 + seed))
        known, s = noisy(x[torch.randint(len(x), (4000,), generator=seeded(700 + seed))], seeded(800 + seed))
        drawn = sample(model, randn((N, 2), generator=seeded(900 + seed)), 40, heun)
        return {
            "to_moons": (velocity(model, fresh, t) - velocity(EXACT, fresh, t)).square().mean().item(),
            "to_points": (velocity(model, known, s) - velocity(empirical, known, s)).square().mean().item(),
            "copied": (copy_ratio(drawn, x) < 1 / 3).double().mean().item(),
            "distance": sliced_wasserstein(drawn, points(4 * N, seeded(1000 + seed))),
        }


def trained(x: Tensor, seed: int, *, control: bool = False, looks=LOOKS) -> tuple[list[dict], FlowMatching]:
    """Train on the points x; what one sees after each of `looks` steps, and the net."""
    g, empirical, found = seeded(seed), EmpiricalOracle(x, PATH), []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FlowMatching(MLPDenoiser(t_scale=20))

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

    for done in minimise(
        loss, model.parameters(), rows(), max(looks), lr=RATE, schedule=lambda i, n: min(1.0, (i + 1) / 200)
    ):
        if done.step in looks:
            found.append({"step": done.step} | judged(model, x, seed))
    return found, model


def main() -> None:
    """Train what is missing; write after every net."""
    torch.set_num_threads(1)
    report = {
        "command": "python -m tools.results.two_oracles",
        "torch": torch.__version__.split("+")[0],
        "runs": {},
        "halves": {},
    }
    if TARGET.exists():
        old = json.loads(TARGET.read_text())
        report |= {"runs": old["runs"], "halves": old["halves"]}
    for n in SIZES:
        for seed in SEEDS:
            both = points(2 * n, seeded(100 * n + seed))
            for kind in ("pairs", "control"):
                name = f"{kind}, n = {n}, seed {seed}"
                if name in report["runs"]:
                    continue
                rows, model = trained(both[:n], seed, control=kind == "control")
                report["runs"][name] = [{key: round(v, 5) for key, v in row.items()} for row in rows]
                if kind == "pairs":
                    _, other = trained(both[n:], seed, looks=(STEPS,))
                    noise = randn((N, 2), generator=seeded(900 + seed))
                    with torch.no_grad():
                        ends = [sample(one, noise, 40, heun) for one in (model, other, EXACT)]
                    report["halves"][f"n = {n}, seed {seed}"] = {
                        "each_other": apart(ends[0], ends[1]),
                        "exact": apart(ends[0], ends[2]),
                    }
                print(name, report["runs"][name][-1], flush=True)
                put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
