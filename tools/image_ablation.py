"""Train one small DiT on digits in three ways, with several seeds: flow matching, DDPM with cosine and with linear betas.

    python tools/image_ablation.py       results/image_ablation.json, for chapter 12; ten minutes on one core

The net, its first weights, the data, the batches and the steps are the same. Each run is measured half-way, where the learning
rate is still high, and at its end, where it is 0, with the averaged weights and with the newest ones.
"""

import copy
import json
import tempfile
from pathlib import Path

import torch

from lib import DDPM, ddim, euler, randn, sample, seeded, spread
from lib.files import fill, read
from lib.image_models import Config
from lib.train_images import train
from tools.image_metrics import against_halves, against_held_out, bench, rounded, seen

TARGET = Path(__file__).resolve().parents[1] / "results" / "image_ablation.json"
SEEDS, BUDGETS, N = (0, 1, 2), (5, 20, 100), 1000
NET = {"width": 64, "depth": 3, "steps": 1500, "batch": 128, "lr": 2e-3, "ema": 0.99}
WAYS = {
    "flow matching": {"process": "fm"},
    "DDPM, cosine": {"process": "ddpm", "betas": "cosine"},
    "DDPM, linear": {"process": "ddpm", "betas": "linear"},
}


def measure(model, calls: int, seed: int) -> dict[str, float]:
    """The metrics of N samples without guidance, classes in turn; DDIM for DDPM and Euler for flow matching."""
    b, y = bench("digits"), torch.arange(N) % 10
    start, rule = randn((N, 1, 8, 8), generator=seeded(100 + seed)), ddim if isinstance(model, DDPM) else euler
    parts = zip(start.split(250), y.split(250))
    with torch.no_grad():
        x = torch.cat([sample(model, noise, calls, rule, labels) for noise, labels in parts]).clamp(-1, 1)
    features = seen(b.judge, x)
    found = {"agreement": b.judge.accuracy(x, y), "frechet": spread(against_halves(b, features, y)).mean}
    return found | against_held_out(b, features, y)


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


def main() -> None:
    """Train, measure, write."""
    torch.set_num_threads(1)
    report = {
        "command": "python tools/image_ablation.py",
        "torch": torch.__version__.split("+")[0],
        "seeds": SEEDS,
        "net": NET,
        "samples": N,
        "runs": {},
    }
    if TARGET.exists() and (before := json.loads(TARGET.read_text()))["net"] == NET:
        report["runs"] = before["runs"]
    for way in WAYS:
        if way in report["runs"]:
            continue
        rows = [run(way, seed) for seed in SEEDS]
        report["runs"][way] = {
            case: {name: rounded([row[case][name] for row in rows]) for name in rows[0][case]} for case in rows[0]
        }
        for case, values in report["runs"][way].items():
            print(f"{way}, {case}: " + "  ".join(f"{k} {spread(v)}" for k, v in values.items()), flush=True)
        TARGET.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
