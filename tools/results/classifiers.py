"""Train the classifiers of generated pictures, one a data set, and measure each on pictures that it has never seen.

    python -m tools.results.classifiers              those that are shipped, and results/classifiers.json
    python -m tools.results.classifiers fashion      results/fashion_classifier.safetensors, and its entry there

Trained on the training side of the book's split, every image shifted a little and noisy, and where left and right mean nothing
mirrored, one in two. Their weights are averaged like those of any net here.
"""

import json
import sys
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from lib import EMA, augment, batches, randn, seeded
from lib.nets.classifier import FEATURES, Classifier
from lib.trained.config import DATA
from lib.trained.images import load_classifier
from lib.trained.shipped import RESULTS
from lib.trained.weights import save
from lib.training import minimise

TARGET = RESULTS / "classifiers.json"
COMMAND = "python -m tools.results.classifiers"
SEED, BATCH, RATE, NOISE = 0, 128, 3e-3, 0.1


class Job(NamedTuple):
    """What one classifier is trained on."""

    data: str  # its name in DATA
    shift: int
    steps: int
    flip: bool = False
    border: float = -1.0  # what comes in where an image was shifted away: black, or 1 for white
    width: int = 32


JOBS = {
    "digit": Job("digits", 1, 1500),
    "mnist": Job("mnist_subset", 2, 1500),
    "fashion": Job("fashion", 1, 6000, width=48),  # 13 epochs; every shoe points to the left
    "emoji": Job("emoji", 2, 2000, flip=True, border=1.0),
    "faces": Job("faces", 2, 1000, flip=True, border=1.0),
    "cifar10": Job("cifar10", 4, 12_000, flip=True, width=64),  # wants a network for the data
}


def augmented(stream: Iterator, job: Job, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches, each image mirrored or not, moved by up to `shift` pixels either way, and a little noisy."""
    for x, y in stream:
        shift, side = job.shift, x.shape[-1]
        flipped = augment(x, flip=True, generator=generator) if job.flip else x
        padded = F.pad(flipped, (shift,) * 4, value=job.border)
        windows = padded.unfold(2, side, 1).unfold(3, side, 1)  # (B, C, 2 shift + 1, 2 shift + 1, side, side)
        row, column = torch.randint(2 * shift + 1, (2, len(x)), generator=generator)
        yield windows[torch.arange(len(x)), :, row, column] + NOISE * randn(x.shape, generator=generator), y


def train(job: Job) -> Classifier:
    """A classifier with averaged weights."""
    data = DATA[job.data]
    (x, y), _ = data.sides()
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # the initial weights
        net = Classifier(data.shape[-1], job.width, channels=data.shape[0], classes=len(data.classes))
    ema = EMA(net, decay=0.99)
    stream = augmented(batches(x, y, size=BATCH, generator=seeded(SEED + 1)), job, seeded(SEED + 2))
    for _ in minimise(net.loss, net.parameters(), stream, job.steps, lr=RATE, ema=ema):
        pass
    return ema.net


def main(names: list[str]) -> None:
    """Train, write, read back what was written, and measure that."""
    torch.set_num_threads(1)
    report = json.loads(TARGET.read_text())
    if unknown := [name for name in names if name not in JOBS]:
        sys.exit(f"There is no recipe for {unknown[0]}: choose of {', '.join(JOBS)}.")
    for name in names or [name for name in JOBS if name in report]:
        job, path = JOBS[name], RESULTS / f"{name}_classifier.safetensors"
        _, held_out = DATA[job.data].sides()
        net = train(job)
        about = {
            "size": net.size,
            "data": f"{job.data}, training side",
            "seed": SEED,
            "steps": job.steps,
            "batch": BATCH,
            "lr": RATE,
            "shift": job.shift,
            "flip": job.flip,
            "noise": NOISE,
            "accuracy": net.accuracy(*held_out),
            "command": f"{COMMAND} {name}",
            "torch": torch.__version__.split("+")[0],
        }
        save(path, net, {key: str(value) for key, value in about.items()})
        about["accuracy"] = load_classifier(path).accuracy(*held_out)  # of the file's float16 weights
        report[name] = about
        print(f"{name}: {about['accuracy']:.2%} of {len(held_out[0]):,} held-out images", flush=True)
        TARGET.write_text(json.dumps(report | {"command": COMMAND, "features": FEATURES}, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
