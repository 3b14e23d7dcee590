"""Train one small DiT on digits in three ways, with several seeds: flow matching, DDPM with cosine and with linear betas.

    python -m tools.results.image_ablation [most runs]   results/image_ablation.json, for chapter 12; fifteen minutes on one core

The net, its first weights, the data, the batches and the steps are the same. Each run is measured half-way, where the learning
rate is still high, and at its end, where it is 0, with the averaged weights and with the newest ones. What stands in the
file is not made again.
"""

import copy
import json
import sys
import tempfile
from pathlib import Path

import torch

from lib import ddim, randn, sample, seeded, spread
from lib.trained.config import Config
from lib.trained.files import put
from lib.trained.image_metrics import against_halves, against_held_out, seen
from lib.trained.loop import train
from lib.trained.shipped import RESULTS
from lib.trained.weights import fill, read
from tools.results.image_metrics import reference

TARGET = RESULTS / "image_ablation.json"
SEEDS, BUDGETS, N = (0, 1, 2), (5, 20, 50), 1000
NET = {"width": 64, "depth": 3, "steps": 1000, "batch": 128, "lr": 2e-3, "ema": 0.98}
WAYS = {
    "flow matching": {"process": "flow"},
    "DDPM, cosine": {"process": "ddpm", "betas": "cosine"},
    "DDPM, linear": {"process": "ddpm", "betas": "linear"},
}


def measure(model, calls: int, seed: int) -> dict[str, float]:
    """The metrics of N samples without guidance, classes in turn; by DDIM, which on flow matching's straight path is Euler."""
    b, y = reference("digits"), torch.arange(N) % 10
    start = randn((N, 1, 8, 8), generator=seeded(100 + seed))
    parts = zip(start.split(250), y.split(250))
    with torch.no_grad():
        x = torch.cat([sample(model, noise, calls, ddim, labels) for noise, labels in parts]).clamp(-1, 1)
    features = seen(b.classifier, x)
    found = {"agreement": b.classifier.accuracy(x, y), "frechet": spread(against_halves(b, features, y)).mean}
    return {name: round(value, 4) for name, value in (found | against_held_out(b, features, y)).items()}


def newest(averaged, folder: Path):
    """The model around a run's newest weights, which stand in its checkpoint beside the averaged ones."""
    tensors, _ = read(folder / "checkpoint.safetensors", (), "")
    net = copy.deepcopy(averaged.net)
    fill(net, {name.removeprefix("net."): w for name, w in tensors.items() if name.startswith("net.")}, folder)
    return averaged.with_net(net)


def run(way: str, seed: int) -> dict[str, dict[str, float]]:
    """{"when, which weights, calls": metrics} of one training."""
    config, found = Config(**NET, **WAYS[way], seed=seed), {}
    half = config.steps // 2
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        for when, stop in (("half-way", half), ("end", config.steps)):
            averaged = train(config, out, resume=when == "end", stop_at=stop, save_every=half, quiet=True)
            for weights, model in (("averaged", averaged), ("newest", newest(averaged, out))):
                for calls in BUDGETS if (when, weights) == ("end", "averaged") else (20,):
                    found[f"{when}, {weights}, {calls}"] = measure(model, calls, seed)
    return found


def main(most: int) -> None:
    """Train, measure, write after every run."""
    torch.set_num_threads(1)
    report = {
        "command": "python -m tools.results.image_ablation",
        "torch": torch.__version__.split("+")[0],
        "net": NET,
        "samples": N,
        "runs": {way: {} for way in WAYS},
    }
    if TARGET.exists() and (before := json.loads(TARGET.read_text()))["net"] == NET:
        report["runs"] = before["runs"]
    missing = [(seed, way) for seed in SEEDS for way in WAYS if str(seed) not in report["runs"][way]]
    for seed, way in missing[:most]:
        found = report["runs"][way][str(seed)] = run(way, seed)
        for case, values in found.items():
            print(f"{way}, seed {seed}, {case}:", values, flush=True)
        put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else len(SEEDS) * len(WAYS))
