"""Clip x0 to the range of pixels, and measure: nets for eps and for v on cosine betas, shipped models with guidance, latents.

    python -m tools.results.clipping [folder]      results/clipping.json, for chapters 05 and 11; 30 minutes on one core

The nets are those of `image_ablation` and differ in their target alone, three seeds each. They are kept in the folder
(runs/clipping), where a second run finds them; what stands in the file is not measured again.
"""

import json
import sys
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from lib import Clipped, Guided, ancestral, ddim, euler, frechet_distance, load_model, randn, sample, seeded
from lib.labels import NO_LABEL
from lib.prediction import Estimate, Model
from lib.trained.config import DATA, DIGITS, Config, decoder_of
from lib.trained.files import put
from lib.trained.image_metrics import against_held_out, seen
from lib.trained.loop import train
from lib.trained.shipped import RESULTS
from tools.results import image_ablation
from tools.results.image_metrics import floors, reference

TARGET = RESULTS / "clipping.json"
SEEDS, N, CHECK, QUANTILE = (0, 1, 2), 500, 100, 0.995
NET = {"process": "ddpm", "betas": "cosine", **image_ablation.NET}
LEVELS = (999, 949, 899, 799, 699, 499, 299, 99)  # times at which the answers are compared with held-out digits
RULES = {"ddim": ddim, "ancestral": ancestral, "euler": euler}


class Stale:
    """The mistake: x0 is clipped, and the noise beside it is still that of the unclipped x0."""

    def __init__(self, model: Model):
        self.model, self.path = model, model.path

    def estimate(self, x_t: Tensor, t, y: Tensor | None = None) -> Estimate:
        x0, eps = self.model.estimate(x_t, t, y)
        return Estimate(x0.clamp(-1, 1), eps)


class EachClipped:
    """The other order: both answers are clipped, each with its noise anew, and then guided. `Guided` refuses to."""

    def __init__(self, model: Model, scale: float):
        self.clipped, self.path, self.scale = Clipped(model), model.path, scale

    def estimate(self, x_t: Tensor, t, y: Tensor) -> Estimate:
        pair = (self.clipped.estimate(x_t, t, label) for label in (torch.full_like(y, NO_LABEL), y))
        return Estimate(*(torch.lerp(a, b, self.scale) for a, b in zip(*pair)))


class Relay:
    """`early` answers at t >= `until`, where there is more noise than signal, and `late` below."""

    def __init__(self, early: Model, late: Model, until: int = 500):
        self.early, self.late, self.until, self.path = early, late, until, late.path

    def estimate(self, x_t: Tensor, t, y: Tensor | None = None) -> Estimate:
        return (self.early if t >= self.until else self.late).estimate(x_t, t, y)


def plain(model: Model) -> Model:
    """As it is."""
    return model


def by_quantile(model: Model) -> Model:
    """Imagen's dynamic thresholding."""
    return Clipped(model, quantile=QUANTILE)


WAYS = {"plain": plain, "clipped": Clipped, "quantile": by_quantile, "stale": Stale}
SHIPPED = [  # model, rule, calls, weight of guidance, ways
    ("digits_ddpm", "ddim", 20, 1.0, ("plain", "clipped", "stale")),
    ("digits_ddpm", "ddim", 20, 2.0, ("plain", "clipped")),
    ("digits_ddpm", "ddim", 50, 4.0, ("plain", "clipped", "stale", "quantile", "each clipped")),
    ("digits_flow", "euler", 20, 2.0, ("plain", "clipped")),
    ("mnist_latent_flow", "euler", 20, 1.0, ("plain", "clipped")),
]
EARLY = "clipped, and v at t >= 500"


BOTH = [(way, rule, 20) for rule in ("ddim", "ancestral") for way in ("plain", "clipped")]
CASES = {  # target of the net: (way, rule, calls)
    "v": BOTH,
    "eps": [
        *BOTH,
        *((way, rule, 100) for way, rule, _ in BOTH),
        *((way, "ddim", 20) for way in ("quantile", "stale", EARLY)),
    ],
}


@torch.no_grad()
def drawn(model: Model, shape: tuple[int, ...], rule: str, calls: int, seed: int, n: int = N) -> tuple[Tensor, Tensor]:
    """n samples as the walk ends, and their labels, classes 0 ... 9 in turn."""
    y = torch.arange(n) % len(DIGITS)
    start = randn((n, *shape), generator=seeded(100 + seed))
    parts = zip(start.split(100), y.split(100))
    ends = [
        sample(model, x, calls, RULES[rule], labels, generator=seeded(1000 * (seed + 1) + i))
        for i, (x, labels) in enumerate(parts)
    ]
    return torch.cat(ends), y


def judged(x: Tensor, y: Tensor, data: str, decode) -> dict[str, float]:
    """Root mean square of the samples as they are; and, as pictures in [-1, 1], the metrics of `image_metrics`."""
    b, images = reference(data), decode(x).clamp(-1, 1)
    found = {"rms": x.square().mean().sqrt().item(), "agreement": b.classifier.accuracy(images, y)}
    found |= against_held_out(b, seen(b.classifier, images), y)
    return rounded(found)


@cache
def net(target: str, seed: int, folder: Path):
    """The model around the averaged weights of a run, made where it is not there."""
    return train(Config(**NET, target=target, seed=seed), folder / f"{target}_{seed}", resume=True, quiet=True)


def trained(target: str, seed: int, case: tuple[str, str, int], folder: Path) -> dict[str, float]:
    """A trained net sampled in one way."""
    way, rule, calls = case
    model = net(target, seed, folder)
    wrapped = Relay(net("v", seed, folder), Clipped(model)) if way == EARLY else WAYS[way](model)
    return judged(*drawn(wrapped, model.shape, rule, calls, seed), "digits", plain)


@torch.no_grad()
def error(target: str, seed: int, folder: Path) -> dict[str, float]:
    """Mean square error of a trained net's clipped x0 for held-out digits, at each of LEVELS."""
    model = Clipped(net(target, seed, folder))
    _, (x, y) = DATA["digits"].sides()
    eps, found = randn(x.shape, generator=seeded(0)), {}
    for t in LEVELS:
        x_t = model.path.coeffs(t).add_noise(x, eps)
        found[str(t)] = (model.estimate(x_t, t, y).x0 - x).square().mean().item()
    return rounded(found)


def held_out() -> dict[str, float]:
    """Of the held-out digits: their root mean square, and the square error of the training digits' mean in x0's place."""
    (x, _), (x_held, _) = DATA["digits"].sides()
    return rounded(
        {
            "rms": x_held.square().mean().sqrt().item(),
            "error_of_the_mean": (x_held - x.mean(0)).square().mean().item(),
        }
    )


def guided(name: str, scale: float, way: str) -> Model:
    """A shipped model, guided and then clipped."""
    model = load_model(RESULTS / f"{name}.safetensors")
    if way == "each clipped":
        return EachClipped(model, scale)
    return WAYS[way](model if scale == 1 else Guided(model, scale))


def shipped(name: str, rule: str, calls: int, scale: float, way: str) -> dict[str, float]:
    """A shipped model sampled in one way."""
    file, data = RESULTS / f"{name}.safetensors", "digits" if "digits" in name else "mnist_subset"
    x, y = drawn(guided(name, scale, way), load_model(file).shape, rule, calls, SEEDS[0])
    return judged(x, y, data, decoder_of(file))


def check(way: str) -> dict[str, float]:
    """The numbers of CHECK samples of the shipped DDPM at weight 4, cheap enough to be computed again."""
    b = reference("digits")
    x, y = drawn(guided("digits_ddpm", 4.0, way), (1, 8, 8), "ddim", 20, SEEDS[0], CHECK)
    found = {
        "rms": x.square().mean().sqrt().item(),
        "agreement": b.classifier.accuracy(x.clamp(-1, 1), y),
        "frechet": frechet_distance(seen(b.classifier, x.clamp(-1, 1)), b.held_out[0][:CHECK]),
    }
    return rounded(found)


def rounded(found: dict[str, float]) -> dict[str, float]:
    """As it stands in the file."""
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def main(folder: Path) -> None:
    """Train what is missing, measure what is missing, write after every number."""
    torch.set_num_threads(1)
    report = {
        "command": "python -m tools.results.clipping",
        "torch": torch.__version__.split("+")[0],
        "net": NET,
        "samples": N,
        "floor": floors("digits")["frechet_held_out"],
        "held_out": held_out(),
        "check": {way: check(way) for way in ("plain", "clipped", "stale")},
        "nets": {},
        "error": {},
        "shipped": {},
    }
    if TARGET.exists() and (before := json.loads(TARGET.read_text()))["net"] == NET:
        report |= {key: before[key] for key in ("nets", "error", "shipped")}

    def keep(rows: dict, key: str, measure, *arguments) -> None:
        if key not in rows:
            rows[key] = measure(*arguments)
            print(key, rows[key], flush=True)
        put(TARGET, (json.dumps(report, indent=1) + "\n").encode())

    for target, cases in CASES.items():
        for seed in SEEDS:
            rows = report["nets"].setdefault(target, {}).setdefault(str(seed), {})
            for case in cases:
                keep(rows, ", ".join(map(str, case)), trained, target, seed, case, folder)
            keep(report["error"].setdefault(target, {}), str(seed), error, target, seed, folder)
    for name, rule, calls, scale, ways in SHIPPED:
        rows = report["shipped"].setdefault(f"{name}, {rule}, {calls} calls, w = {scale:g}", {})
        for way in ways:
            keep(rows, way, shipped, name, rule, calls, scale, way)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/clipping"))
