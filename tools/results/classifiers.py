"""Train the two classifiers of generated digits, and measure what is shipped on images they have never seen.

    python -m tools.results.classifiers      results/digit_classifier.safetensors, mnist_classifier.safetensors, classifiers.json

Trained on the training side of the book's split, every image shifted a little and noisy. Their weights are
averaged like those of any net here. Five minutes on one core.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from lib import EMA, batches, digits, mnist_subset, randn, seeded, split
from lib.nets.classifier import FEATURES, DigitClassifier
from lib.trained.images import load_classifier
from lib.trained.weights import save
from lib.training import minimise

RESULTS = Path(__file__).resolve().parents[2] / "results"
COMMAND = "python -m tools.results.classifiers"
SEED, BATCH, RATE, NOISE = 0, 128, 3e-3, 0.1


class Job(NamedTuple):
    """What one classifier is trained on."""

    data: Callable
    held_out: int
    size: int
    shift: int
    steps: int


JOBS = {"digit": Job(digits, 500, 8, 1, 1500), "mnist": Job(mnist_subset, 1000, 28, 2, 1500)}


def augmented(stream: Iterator, shift: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches, each image moved by up to `shift` pixels either way (black comes in) and a little noisy."""
    for x, y in stream:
        side = x.shape[-1]
        padded = F.pad(x, (shift,) * 4, value=-1.0)
        windows = padded.unfold(2, side, 1).unfold(3, side, 1)[:, 0]  # (B, 2 shift + 1, 2 shift + 1, side, side)
        row, column = torch.randint(2 * shift + 1, (2, len(x)), generator=generator)
        yield windows[torch.arange(len(x)), row, column][:, None] + NOISE * randn(x.shape, generator=generator), y


def train(job: Job) -> DigitClassifier:
    """A classifier with averaged weights."""
    (x, y), _ = split(*job.data(), job.held_out)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # the initial weights
        net = DigitClassifier(job.size)
    ema = EMA(net, decay=0.99)
    stream = augmented(batches(x, y, size=BATCH, generator=seeded(SEED + 1)), job.shift, seeded(SEED + 2))
    for _ in minimise(net.loss, net.parameters(), stream, job.steps, lr=RATE, ema=ema):
        pass
    return ema.net


def main() -> None:
    """Train, write, read back what was written, and measure that."""
    torch.set_num_threads(1)
    report = {"command": COMMAND, "features": FEATURES}
    for name, job in JOBS.items():
        _, held_out = split(*job.data(), job.held_out)
        net, path = train(job), RESULTS / f"{name}_classifier.safetensors"
        about = {
            "size": job.size,
            "data": f"split({job.data.__name__}(), {job.held_out}), training side",
            "seed": SEED,
            "steps": job.steps,
            "batch": BATCH,
            "lr": RATE,
            "shift": job.shift,
            "noise": NOISE,
            "accuracy": net.accuracy(*held_out),
            "command": COMMAND,
            "torch": torch.__version__.split("+")[0],
        }
        save(path, net, {key: str(value) for key, value in about.items()})
        about["accuracy"] = load_classifier(path).accuracy(*held_out)  # of the file's float16 weights
        report[name] = about
        print(f"{name}: {about['accuracy']:.2%} of {job.held_out} held-out images", flush=True)
    (RESULTS / "classifiers.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
