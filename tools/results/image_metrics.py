"""Measure every shipped image model, from its file: do its digits read as asked, do they look real, are they as diverse?

    python -m tools.results.image_metrics [model ...]      results/image_metrics.json; a model whose file has not changed is kept

Fair means: as many images on both sides, and as many of each class. So the real images are halved class by class; half A against
half B is the floor; then A is replaced by generated images of A's classes. That is `frechet`, and it uses all real images. The
others, `frechet_held_out`, `precision` and `recall`, compare with the images on which neither the model nor the classifier was
trained; in their floor, training images take the place of generated ones. Floors have the spread of random halvings or choices,
the rest that of the seeds of the noise.
"""

import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lib import (
    Guided,
    frechet_distance,
    load_classifier,
    load_model,
    precision_recall,
    randn,
    sample,
    seeded,
    spread,
)
from lib.nets.classifier import CLASSES
from lib.samplers import rules
from lib.trained.config import DATA, config_of, decoder_of

RESULTS = Path(__file__).resolve().parents[2] / "results"
TARGET = RESULTS / "image_metrics.json"
SEEDS, HALVINGS, K = (0, 1, 2), 20, 3
SAMPLES = {"digits": 1000, "mnist_subset": 500}  # of a run and seed; the larger images take longer
NOISE = 1000  # starts that are drawn for a seed, of which a run takes the first
CHECK = 100  # of the first seed's samples: what a test draws again
RULES = {rule.__name__: rule for rule in rules()}


class Run(NamedTuple):
    """How samples are drawn."""

    rule: str
    calls: int
    scale: float = 1.0
    interval: tuple[float, float] | None = None

    def __str__(self) -> str:
        inside = "" if self.interval is None else " for sigma/alpha in {:g}-{:g}".format(*self.interval)
        return f"{self.rule}, {self.calls} calls, w = {self.scale:g}{inside}"


class Reference(NamedTuple):
    """The classifier, its features of all real images, and which of those are held out."""

    classifier: torch.nn.Module
    features: Tensor  # (N, d): training images first
    y: Tensor
    trained: int

    @property
    def held_out(self) -> tuple[Tensor, Tensor]:
        return self.features[self.trained :], self.y[self.trained :]


@torch.no_grad()
def seen(classifier, x: Tensor) -> Tensor:
    """The classifier's features of images x (N, 1, size, size), in float64."""
    return torch.cat([classifier.features(rows) for rows in x.split(500)]).double()


@cache
def reference(data: str) -> Reference:
    """What models of this data set are measured with."""
    classifier = load_classifier(classifier_of(data))
    (x, y), (x_held, y_held) = DATA[data].sides()
    return Reference(classifier, seen(classifier, torch.cat([x, x_held])), torch.cat([y, y_held]), len(x))


def halves(y: Tensor, seed: int, most: int) -> tuple[Tensor, Tensor]:
    """Rows of two random halves with the same number of each class, at most `most` images of it."""
    order = torch.randperm(len(y), generator=seeded(seed))
    a, b = [], []
    for label in range(CLASSES):
        rows = order[y[order] == label]
        n = min(len(rows) // 2, most)
        a, b = [*a, rows[:n]], [*b, rows[n : 2 * n]]
    return torch.cat(a), torch.cat(b)


def matching(labels: Tensor, y: Tensor) -> Tensor:
    """Rows of y with the classes of `labels`, the first ones of each class. ValueError where y has too few."""
    rows = []
    for label in range(CLASSES):
        found, n = (y == label).nonzero()[:, 0], int((labels == label).sum())
        if len(found) < n:
            raise ValueError(f"{n} images of class {label} are needed, and there are {len(found)}.")
        rows.append(found[:n])
    return torch.cat(rows)


def against_halves(
    b: Reference, features: Tensor | None = None, y: Tensor | None = None, most: int = 100
) -> list[float]:
    """Frechet distance to a random half of the real images, of the other half or of generated images of its classes."""
    found = []
    for seed in range(HALVINGS):
        one, other = halves(b.y, seed, most)
        fake = b.features[one] if features is None else features[matching(b.y[one], y)]
        found.append(frechet_distance(fake, b.features[other]))
    return found


def against_held_out(b: Reference, features: Tensor, y: Tensor) -> dict[str, float]:
    """Frechet distance, precision and recall of as many images of the same classes, compared with the held-out ones.

    Where a class has more held-out images than were generated, the first ones are taken.
    """
    real, y_real = b.held_out
    most = min(int((y == label).sum()) for label in range(CLASSES))
    chosen = torch.cat([(y_real == label).nonzero()[:most, 0] for label in range(CLASSES)])
    real, y_real = real[chosen], y_real[chosen]
    fake = features[matching(y_real, y)]
    precision, recall = precision_recall(real, fake, K)
    return {"frechet_held_out": frechet_distance(fake, real), "precision": precision, "recall": recall}


def floors(data: str) -> dict[str, list[float]]:
    """Mean and sd of every metric where real images stand in for generated ones."""
    b, most = reference(data), SAMPLES[data] // CLASSES
    found = []
    for seed in range(HALVINGS):
        order = torch.randperm(b.trained, generator=seeded(seed))
        rows = order[matching(torch.arange(CLASSES).repeat_interleave(most), b.y[: b.trained][order])]
        found.append(against_held_out(b, b.features[rows], b.y[rows]))
    plain, n = [], len(halves(b.y, 0, most)[0])
    for seed in range(HALVINGS):
        order = torch.randperm(len(b.y), generator=seeded(seed))
        plain.append(frechet_distance(b.features[order[:n]], b.features[order[n : 2 * n]]))
    real, y = b.held_out
    agreement = (b.classifier.head(real.float()).argmax(1) == y).double().mean().item()
    return {
        "agreement": [round(agreement, 4)],
        "frechet": rounded(spread(against_halves(b, most=most))),
        "frechet_of_any_halves": rounded(spread(plain)),  # with whatever classes they have: easier
        **{name: rounded(spread([row[name] for row in found])) for name in found[0]},
    }


def rounded(values) -> list[float]:
    """As it stands in the file."""
    return [round(value, 4) for value in values]


def generate(model, run: Run, seed: int, n: int = NOISE, decode=None) -> tuple[Tensor, Tensor]:
    """The first n of NOISE images, classes 0 ... 9 in turn. The noise of an image depends on the seed alone.

    decode: what makes images of the model's samples, where they are not images already.
    """
    y = torch.arange(NOISE) % CLASSES
    start = randn((NOISE, *model.shape), generator=seeded(seed))
    guided = model if run.scale == 1 else Guided(model, run.scale, run.interval)
    images = []
    with torch.no_grad():
        for i in range(0, n, 100):  # small batches, each with noise of its own: an image must not depend on n
            g = seeded(1000 * (seed + 1) + i)
            x, labels = start[i : i + 100], y[i : i + 100]
            drawn = sample(guided, x[: n - i], run.calls, RULES[run.rule], labels[: n - i], generator=g)
            images.append(decode(drawn) if decode else drawn)
    return torch.cat(images).clamp(-1, 1), y[:n]


def check(model, run: Run, data: str, decode=None) -> dict[str, float]:
    """The numbers of the first CHECK samples of the first seed, cheap enough to be computed again."""
    b, (x, y) = reference(data), generate(model, run, SEEDS[0], CHECK, decode)
    features, (real, _) = seen(b.classifier, x), b.held_out
    found = {"agreement": b.classifier.accuracy(x, y), "frechet": frechet_distance(features, real[:CHECK])}
    return {name: round(value, 3) for name, value in found.items()}


def measure(model, run: Run, data: str, decode=None) -> dict:
    """Every metric of a run, for each seed."""
    b, rows, n = reference(data), [], SAMPLES[data]
    for seed in SEEDS:
        x, y = generate(model, run, seed, n, decode)
        features = seen(b.classifier, x)
        row = {"agreement": b.classifier.accuracy(x, y)} | against_held_out(b, features, y)
        rows.append(row | {"frechet": spread(against_halves(b, features, y, n // CLASSES)).mean})
    values = {name: rounded([row[name] for row in rows]) for name in rows[0]}
    return run._asdict() | {"samples": n} | values | {"check": check(model, run, data, decode)}


def classifier_of(data: str) -> Path:
    """The file of the classifier for a data set."""
    return RESULTS / f"{'digit' if data == 'digits' else 'mnist'}_classifier.safetensors"


def marks(name: str, data: str) -> list[str]:
    """Short hashes of the files that the numbers of a model are made from."""
    files = RESULTS / f"{name}.safetensors", classifier_of(data)
    return [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files]


BUDGETS = (1, 2, 5, 10, 20, 100)
WHERE = (0.5, 1.0)  # guiding at these noise levels alone keeps most of the diversity
RUNS = {  # model: the runs that are measured; the first is the one of the book's bars
    "digits_flow": [
        Run("euler", 20, 2.0, WHERE),
        Run("euler", 20, 1.0),
        Run("euler", 20, 2.0),
        Run("euler", 20, 4.0),
        Run("euler", 20, 4.0, WHERE),
        Run("heun", 20, 2.0, WHERE),
        Run("dpmpp_2m", 20, 2.0, WHERE),
        *(Run("euler", k) for k in BUDGETS if k != 20),
    ],
    "digits_ddpm": [
        Run("ddim", 20, 2.0, WHERE),
        Run("ddim", 20, 1.0),
        Run("ddim", 20, 2.0),
        *(Run("ddim", k) for k in BUDGETS if k != 20),
        Run("ancestral", 20),
    ],
    "mnist_flow": [Run("euler", 20, 2.0, WHERE), Run("euler", 20, 1.0)],
    "mnist_latent_flow": [Run("euler", 20, 2.0, WHERE), Run("euler", 20, 1.0)],
}


def main(names: list[str]) -> None:
    """Measure what has changed, write after every run."""
    torch.set_num_threads(1)
    report = {"command": "python -m tools.results.image_metrics", "seeds": SEEDS, "k": K, "floors": {}, "models": {}}
    if TARGET.exists():
        report |= {key: json.loads(TARGET.read_text())[key] for key in ("floors", "models")}
    for name in names or RUNS:
        path = RESULTS / f"{name}.safetensors"
        if not path.exists():
            print(f"{name} is not there yet", flush=True)
            continue
        model, decode, data = load_model(path), decoder_of(path), config_of(path).data
        old, files = report["models"].get(name, {}), marks(name, data)
        kept = old["runs"] if old.get("files") == files else {}
        report["floors"][data] = floors(data)
        entry = {"data": data, "files": files, "torch": torch.__version__.split("+")[0], "runs": {}}
        report["models"][name] = entry
        for run in RUNS[name]:
            entry["runs"][str(run)] = kept.get(str(run)) or measure(model, run, data, decode)
            print(
                f"{name}: {run}", {k: v for k, v in entry["runs"][str(run)].items() if isinstance(v, list)}, flush=True
            )
            draft = TARGET.with_suffix(".draft")
            draft.write_text(json.dumps(report, indent=1) + "\n")
            draft.replace(TARGET)


if __name__ == "__main__":
    main(sys.argv[1:])
