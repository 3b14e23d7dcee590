"""Train a small flow on two moons, and measure the held-out excess of its weights and of averages with many half-lives.

    python -m tools.results.weight_averages       results/weight_averages.json, for the explorer `ema`

Five seeds side by side, once with a constant learning rate (of which every shorter training is the beginning), and for each
length with a cosine that falls to 0 at its end. The settings are those of chapter 9. Two minutes on one core.
"""

import datetime
import json

import torch
from torch import Tensor

from lib import (
    EMA,
    Ensemble,
    FlowMatching,
    LinearPath,
    MLPDenoiser,
    Oracle,
    batches,
    each,
    fit,
    randn,
    seeded,
    two_moons,
    two_moons_mixture,
)
from lib.trained.shipped import RESULTS
from lib.training import stratified_uniform, warmup_cosine

TARGET = RESULTS / "weight_averages.json"
SEEDS, WIDTH, BATCH, RATE, WARMUP = (0, 1, 2, 3, 4), 64, 256, 1e-2, 50
LENGTHS, LOOKS = (250, 500, 1000, 2000), 25  # steps of training, and how often each is looked at
HALF_LIVES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)  # of the averages, in steps
HELD_OUT, MANY = 2000, 100_000  # draws for an excess, and for the floor


def decay(half_life: float) -> float:
    """The decay whose weights halve in so many steps."""
    return 0.5 ** (1 / half_life)


def constant(i: int, steps: int) -> float:
    """The factor on the learning rate: 1 after a short warm-up."""
    return min(1.0, (i + 1) / WARMUP)


SCHEDULES = {"constant": constant, "cosine": warmup_cosine}


def held_out(n: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """n noisy points that no training sees, their times, and the oracle's velocities."""
    generator, path = seeded(seed), LinearPath()
    x, eps = two_moons(n, generator=generator)[0], randn((n, 2), generator=generator)
    t = stratified_uniform(n, generator=generator)
    c = path.coeffs(t, like=x)
    x_t = c.add_noise(x, eps)
    return x_t, t, Oracle(two_moons_mixture(), path).estimate(x_t, t).velocity(c)


def floor(n: int = MANY) -> float:
    """The loss of the oracle, a mean over coordinates: 2 - E u^2, for data and noise of variance 1."""
    return 2 - held_out(n, seed=7)[2].square().mean().item()


def looks(schedule: str, length: int) -> list[int]:
    """The steps at which a training is measured: evenly over each length that it serves."""
    served = LENGTHS if schedule == "constant" else (length,)
    return sorted({n * k // LOOKS for n in served for k in range(1, LOOKS + 1) if n * k // LOOKS <= length})


def untrained(seed: int) -> MLPDenoiser:
    """A new net, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLPDenoiser(width=WIDTH, embed_dim=16, t_scale=20)


def train(schedule: str, length: int, until: int | None = None) -> dict[int, Tensor]:
    """Excess over the floor, (1 + half-lives, seeds), by step: of the weights, then of their averages."""
    x_t, t, u = held_out(HELD_OUT, seed=8)
    count = len(SEEDS)
    model = FlowMatching(Ensemble([untrained(seed) for seed in SEEDS]))
    averages = [EMA(model.net, decay(half_life)) for half_life in HALF_LIVES]
    stream = batches(two_moons(100_000, generator=seeded(0))[0], size=count * BATCH, generator=seeded(1))
    times, wanted, found = each(stratified_uniform, count), set(looks(schedule, length)), {}

    @torch.no_grad()
    def excess(net: Ensemble) -> Tensor:
        return (net(x_t.repeat(count, 1), t.repeat(count)).unflatten(0, (count, -1)) - u).square().mean((1, 2))

    for step, _ in fit(model, stream, length, lr=RATE, times=times, schedule=SCHEDULES[schedule], generator=seeded(2)):
        for average in averages:
            average.update()
        if step in wanted:
            found[step] = torch.stack([excess(net) for net in (model.net, *(a.net for a in averages))])
        if step == until:
            break
    return found


def listed(values: Tensor) -> list:
    """Excesses as they stand in the file: to four digits, two seeds differ by more than that."""
    return [float(f"{value:.4g}") for value in values.tolist()] if values.ndim == 1 else [listed(v) for v in values]


def main() -> None:
    """Train, measure, write."""
    torch.set_num_threads(1)
    report = {
        "command": "python -m tools.results.weight_averages",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "torch": torch.__version__.split("+")[0],
        "seeds": SEEDS,
        "batch": BATCH,
        "width": WIDTH,
        "learning_rate": RATE,
        "half_lives": HALF_LIVES,
        "lengths": LENGTHS,
        "looks": LOOKS,
        "floor": round(floor(), 4),
        "runs": {name: {} for name in SCHEDULES},
    }
    cosines = [("cosine", n, (n,)) for n in LENGTHS]
    for name, length, served in (("constant", LENGTHS[-1], LENGTHS), *cosines):
        found = train(name, length)
        for n in served:
            along = torch.stack([found[n * k // LOOKS] for k in range(1, LOOKS + 1)])  # (looks, 1 + half-lives, seeds)
            report["runs"][name][str(n)] = {
                "weights": listed(along[:, 0].T),  # (seeds, looks)
                "averages": listed(along[:, 1:].median(-1).values.T),  # (half-lives, looks), the median seed
                "end": listed(along[-1]),  # (1 + half-lives, seeds)
            }
            print(name, n, *(f"{v:.4f}" for v in along[-1].median(-1).values.tolist()), flush=True)
    TARGET.write_text(json.dumps(report, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
