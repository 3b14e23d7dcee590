"""Measure every shipped image model, from its file: do its digits read as asked, do they look real, are they as diverse?

    python -m tools.results.image_metrics [model ...]      results/image_metrics.json; a model whose file has not changed is kept

The metrics are those of lib/trained/image_metrics.py: `frechet` is against halves of all real images, the others,
`frechet_held_out`, `precision` and `recall`, against the held-out ones. Floors have the spread of random halvings or choices, the
rest that of the seeds of the noise. `python -m lib.trained.evaluate` measures a model of your own.
"""

import json
import sys
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from lib import Guided, frechet_distance, load_model, randn, sample, seeded, spread
from lib.samplers import rules
from lib.trained.config import DATA, config_of, decoder_of
from lib.trained.files import mark, put
from lib.trained.image_metrics import (
    K,
    Reference,
    against_halves,
    against_held_out,
    agreement,
    classifier_file,
    classifier_for,
    halves,
    seen,
)
from lib.trained.shipped import RESULTS

TARGET = RESULTS / "image_metrics.json"
SEEDS, HALVINGS = (0, 1, 2), 20
# Pictures of a run and seed; the larger ones take longer.
SAMPLES = {"digits": 1000, "mnist_subset": 500, "fashion": 1000, "emoji": 500, "faces": 150}
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


@cache
def reference(data: str) -> Reference:
    """What models of this data set are measured with."""
    classifier = classifier_for(data)
    (x, y), (x_held, y_held) = DATA[data].sides()
    return Reference(classifier, seen(classifier, torch.cat([x, x_held])), torch.cat([y, y_held]), len(x))


@cache
def floors(data: str) -> dict[str, list[float]]:
    """Mean and sd of every metric where real images stand in for generated ones."""
    b, most, found = reference(data), SAMPLES[data] // len(DATA[data].classes), []
    for seed in range(HALVINGS):
        order = torch.randperm(b.trained, generator=seeded(seed))
        found.append(against_held_out(b, b.features[order], b.y[order], most))
    one_class, n = b._replace(y=torch.zeros_like(b.y)), len(halves(b.y, 0, most)[0])
    return {
        "agreement": [round(agreement(b.classifier, *b.held_out), 4)],
        "frechet": rounded(spread(against_halves(b, most=most, halvings=HALVINGS))),
        # with whatever classes they have: easier
        "frechet_of_any_halves": rounded(spread(against_halves(one_class, most=n, halvings=HALVINGS))),
        **{name: rounded(spread([row[name] for row in found])) for name in found[0]},
    }


@cache
def nothing(data: str) -> dict[str, float]:
    """What the starting noise of the first seed scores in the place of pictures: the mark that a model has to be far from."""
    n = SAMPLES[data]
    x = randn((n, *DATA[data].shape), generator=seeded(SEEDS[0])).clamp(-1, 1)
    return {name: round(value, 4) for name, value in scores(x, torch.arange(n) % len(DATA[data].classes), data).items()}


def scores(x: Tensor, y: Tensor, data: str) -> dict[str, float]:
    """Every metric of SAMPLES pictures x and of what was asked for, y."""
    b = reference(data)
    features, most = seen(b.classifier, x), SAMPLES[data] // len(DATA[data].classes)
    found = {"agreement": agreement(b.classifier, features, y)} | against_held_out(b, features, y)
    return found | {"frechet": spread(against_halves(b, features, y, most, halvings=HALVINGS)).mean}


def rounded(values) -> list[float]:
    """As it stands in the file."""
    return [round(value, 4) for value in values]


def generate(model, run: Run, seed: int, n: int = NOISE, decode=None) -> tuple[Tensor, Tensor]:
    """The first n of NOISE images, the classes in turn. The noise of an image depends on the seed alone.

    decode: what makes images of the model's samples, where they are not images already.
    """
    y = torch.arange(NOISE) % model.net.classes
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
    return checked(*generate(model, run, SEEDS[0], CHECK, decode), data)


def checked(x: Tensor, y: Tensor, data: str) -> dict[str, float]:
    """The numbers of CHECK pictures x and of what was asked for, y."""
    b = reference(data)
    features, (real, _) = seen(b.classifier, x), b.held_out
    found = {"agreement": b.classifier.accuracy(x, y), "frechet": frechet_distance(features, real[:CHECK])}
    return {name: round(value, 3) for name, value in found.items()}


def measure(model, run: Run, data: str, decode=None) -> dict:
    """Every metric of a run, for each seed."""
    n = SAMPLES[data]
    rows = [scores(*generate(model, run, seed, n, decode), data) for seed in SEEDS]
    values = {name: rounded([row[name] for row in rows]) for name in rows[0]}
    return run._asdict() | {"samples": n} | values | {"check": check(model, run, data, decode)}


def marks(name: str, data: str) -> list[str]:
    """Short hashes of the files that the numbers of a model are made from."""
    files = RESULTS / f"{name}.safetensors", classifier_file(data)
    return [mark(path) for path in files]


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
    "fashion_flow": [Run("euler", 20, 1.5), Run("euler", 50), Run("euler", 50, 2.0, WHERE)],
    "fashion_ddpm": [Run("ddim", 20, 1.5), Run("ddim", 50), Run("ddim", 50, 2.0, WHERE)],
    "fashion_unet": [Run("euler", 20, 1.5), Run("euler", 50)],
    "emoji_flow": [Run("euler", 50, 2.0), Run("euler", 50)],
    "faces_flow": [Run("euler", 50)],
}


def main(names: list[str]) -> None:
    """Measure what has changed, write after every run."""
    torch.set_num_threads(1)
    parts = {"floors": {}, "nothing": {}, "models": {}}
    report = {"command": "python -m tools.results.image_metrics", "seeds": SEEDS, "k": K} | parts
    if TARGET.exists():
        report |= {key: json.loads(TARGET.read_text()).get(key, {}) for key in parts}
    for name in names or RUNS:
        path = RESULTS / f"{name}.safetensors"
        if not path.exists():
            print(f"{name} is not there yet", flush=True)
            continue
        model, decode, data = load_model(path), decoder_of(path), config_of(path).data
        old, files = report["models"].get(name, {}), marks(name, data)
        kept = old["runs"] if old.get("files") == files else {}
        report["floors"][data], report["nothing"][data] = floors(data), nothing(data)
        entry = {"data": data, "files": files, "torch": torch.__version__.split("+")[0], "runs": {}}
        report["models"][name] = entry
        for run in RUNS[name]:
            entry["runs"][str(run)] = kept.get(str(run)) or measure(model, run, data, decode)
            print(
                f"{name}: {run}", {k: v for k, v in entry["runs"][str(run)].items() if isinstance(v, list)}, flush=True
            )
            put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1:])
