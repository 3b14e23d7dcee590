"""Knobs of earlier chapters turned on pictures: target, time scale, patch, net, average on Fashion-MNIST, betas on emoji.

    python -m tools.results.image_knobs [most runs]      results/image_knobs.json, for chapter 12; three hours

All runs of a data set have the same steps, batches and seed, and short trainings: they say what a knob is worth early on, where
one tries it, and with one training each. A run is measured with its averaged and with its newest weights. What
stands in the file is not made again.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import torch

from lib import Clipped
from lib.trained.config import Config
from lib.trained.evaluate import evaluate
from lib.trained.files import put
from lib.trained.image_metrics import classifier_for
from lib.trained.loop import held_out_loss, images, train
from lib.trained.sampling import RULES, Source
from lib.trained.shipped import RESULTS
from lib.trained.stack import to_bytes
from tools.results.image_ablation import newest
from tools.results.image_k import first

TARGET = RESULTS / "image_knobs.json"
N, CALLS, SPLITS = 500, 50, 10
FASHION = {"data": "fashion", "patch": 4, "width": 128, "steps": 1000, "batch": 64, "ema": 0.99}
EMOJI = {"data": "emoji", "process": "ddpm", "patch": 4, "width": 128, "steps": 3000, "batch": 64, "ema": 0.995,
         "flip": True, "shift": 2}  # fmt: skip
RUNS = {
    "u": FASHION,
    "v": FASHION | {"target": "v"},
    "x0": FASHION | {"target": "x0"},
    "t_scale 1": FASHION | {"t_scale": 1.0},
    "patch 2": FASHION | {"patch": 2},
    "U-Net": {name: value for name, value in FASHION.items() if name != "patch"} | {"net": "unet", "width": 24},
    "cosine betas": EMOJI | {"betas": "cosine"},
    "linear betas": EMOJI | {"betas": "linear"},
}


def drawn(model, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """N pictures as bytes, and their classes, without guidance; by DDIM, which on the straight path is Euler's rule."""
    classes = tuple(range(model.net.classes))
    found = Source(Clipped(model), model.shape, None, classes, RULES["ddim"], CALLS, seed)
    x, y = first(found, N)
    return to_bytes(x), y


def measured(model, data: str) -> dict:
    """Each metric, mean and spread over three seeds of the noise, and its floor."""
    stacks = [drawn(model, seed) for seed in range(3)]
    report = evaluate(stacks, data, classifier_for(data), pictures=N, splits=SPLITS, quiet=True)
    return {name: report[name] for name in ("over_stacks", "floor", "held_out", "halves")}


def run(config: Config) -> dict:
    """One training, measured."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        averaged = train(config, Path(folder) / "run", save_every=config.steps, quiet=True)
        seconds = time.perf_counter() - begun
        late = newest(averaged, Path(folder) / "run")
    held_out = [part[:1000] for part in images(config)[1]]
    return {
        "seconds": round(seconds),
        "weights": sum(weight.numel() for weight in averaged.net.parameters()),
        "held_out_loss": round(held_out_loss(averaged, *held_out), 4),
        "averaged": measured(averaged, config.data),
        "newest": measured(late, config.data),
    }


def main(most: int) -> None:
    """Train, measure, write after every run."""
    report = {
        "command": "python -m tools.results.image_knobs",
        "torch": torch.__version__.split("+")[0],
        "pictures": N,
        "calls": CALLS,
        "settings": RUNS,
        "runs": {},
    }
    if TARGET.exists() and (before := json.loads(TARGET.read_text()))["settings"] == RUNS:
        report["runs"] = before["runs"]
    for name in [name for name in RUNS if name not in report["runs"]][:most]:
        found = report["runs"][name] = run(Config(**RUNS[name]))
        print(name, found["seconds"], found["averaged"]["over_stacks"], flush=True)
        put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else len(RUNS))
