"""Train the two small nets that the explorers run in the browser, and measure what is shipped.

    python -m tools.results.toy_nets              results/toy_flow.safetensors, toy_ddpm.safetensors, toy_nets.json
    python -m tools.results.toy_nets --compare    the table behind the choice of width and target; writes nothing

An explorer may carry 60 kB (gzip) of data, so the nets are as small as quality allows: the smallest whose samples, from
float16 weights, cannot be told from the exact oracle's, within 1.5 floors. "eps" is as good as "v" here, and the classic.
A reference has four times as many points as the sample it judges.
"""

import argparse
import base64
import gzip
import json
from functools import partial

import torch

from lib import (
    DDPM,
    EMA,
    FlowMatching,
    MLPDenoiser,
    Oracle,
    ancestral,
    batches,
    ddim,
    euler,
    fit,
    linear_betas,
    noise_floor,
    randn,
    rk4,
    seeded,
    sliced_wasserstein,
    spread,
    two_moons,
    two_moons_mixture,
)
from lib.samplers import sample
from lib.trained.shipped import RESULTS
from lib.trained.toy import load
from lib.trained.weights import save

SEED, STEPS, BATCH, POINTS = 0, 12_000, 256, 100_000
SHIPPED = {"flow": "u", "ddpm": "eps"}  # process: target
PATHS = {"flow": "LinearPath()", "ddpm": "linear_betas(1000)"}
SHAPE = {"width": 48, "depth": 3, "embed_dim": 32, "classes": 2}
DROP = 0.2  # share of the labels; the net without a label sees few examples, and ends behind the others with less
N = 2000  # points of a measured sample
RUNS = {  # process: the samplers its explorers offer, and their network calls
    "flow": {"euler at 100": (euler, 100), "rk4 at 20": (rk4, 20), "euler at 20": (euler, 20)},
    "ddpm": {"ddim at 100": (ddim, 100), "ancestral at 100": (ancestral, 100), "ddim at 20": (ddim, 20)},
}


def build(process: str, target: str, shape: dict[str, int]) -> DDPM | FlowMatching:
    """An untrained model: "flow" on the straight path or "ddpm" on 1,000 linear betas."""
    if process == "flow":
        return FlowMatching(MLPDenoiser(**shape, t_scale=1000), target=target, label_drop=DROP)
    return DDPM(MLPDenoiser(**shape, t_scale=1), linear_betas(1000), target, label_drop=DROP)


def train(process: str, target: str, shape: dict[str, int], steps: int = STEPS):
    """A model around the averaged weights."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # the initial weights
        model = build(process, target, shape)
    x, y = two_moons(POINTS, generator=seeded(SEED + 1))
    ema = EMA(model.net, decay=1 - 10 / steps)
    stream = batches(x, y, size=BATCH, generator=seeded(SEED + 2))
    for _ in fit(model, stream, steps, lr=1e-2, ema=ema, stratified=True, generator=seeded(SEED + 3)):
        pass
    return model.with_net(ema.net)


def of_class(n: int, generator: torch.Generator, label: int | None = None) -> torch.Tensor:
    """n exact samples, of one moon or of both."""
    if label is None:
        return two_moons(n, generator=generator)[0]
    x, y = two_moons(3 * n, generator=generator)
    return x[y == label][:n]


def measure(model, process: str, seeds: int = 3, runs=None) -> dict[str, dict[str, list[float]]]:
    """{sampler: {"both moons" | "upper" | "lower": [mean, sd] of the distance to exact samples}}."""
    found = {}
    for name in runs or RUNS[process]:
        (rule, calls), found[name] = RUNS[process][name], {}
        for group, label in (("both moons", None), ("upper", 0), ("lower", 1)):
            y = None if label is None else torch.full((N,), label)
            distances = []
            for seed in range(seeds):
                start = randn((N, 2), generator=seeded(100 + seed))
                x = sample(model, start, calls, rule, y, generator=seeded(300 + seed))
                distances.append(sliced_wasserstein(x, of_class(4 * N, seeded(200 + seed), label)))
            found[name][group] = [round(v, 4) for v in spread(distances)]
    return found


def floors() -> dict[str, list[float]]:
    """The same distances for perfect samplers."""
    groups = {"both moons": None, "upper": 0, "lower": 1}
    return {
        group: [round(v, 4) for v in noise_floor(sliced_wasserstein, partial(of_class, label=label), N, m=4 * N)]
        for group, label in groups.items()
    }


def payload(model) -> int:
    """Bytes of the weights as the page carries them: float16, base64, compressed."""
    raw = b"".join(w.half().numpy().tobytes() for w in model.net.state_dict().values())
    return len(gzip.compress(base64.b64encode(raw), 9))


def line(name: str, size: str, found: dict, floor: dict) -> str:
    """A row of the table: distances in floors."""
    cells = (
        f"{run} " + "/".join(f"{mean / floor[group][0]:.2f}" for group, (mean, _) in row.items())
        for run, row in found.items()
    )
    return f"{name:18} {size:>8}   " + "   ".join(cells)


def kilobytes(model) -> str:
    """The payload, for people."""
    return f"{payload(model) / 1000:.1f} kB"


def compare(floor: dict) -> None:
    """Widths and targets with full and with float16 weights, below what the exact oracle scores from the same noise."""
    for process, target in (("flow", "u"), ("ddpm", "eps"), ("ddpm", "v")):
        oracle = Oracle(two_moons_mixture(), build(process, target, SHAPE).path)
        print(line(f"{process} oracle", "", measure(oracle, process), floor), flush=True)
        for width in (32, 48, 64):
            model = train(process, target, SHAPE | {"width": width})
            print(line(f"{process} {target}, {width} wide", "", measure(model, process), floor), flush=True)
            for w in model.net.parameters():
                w.data = w.half().float()
            print(line("    as float16", kilobytes(model), measure(model, process), floor), flush=True)


def main() -> None:
    """Train, write, read back what was written, and measure that."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compare", action="store_true", help="print the table behind the choice; write nothing")
    torch.set_num_threads(1)
    floor = floors()
    print("distance in floors: both moons/upper/lower;   floor", floor)
    if parser.parse_args().compare:
        compare(floor)
        return
    report = {"command": "python -m tools.results.toy_nets", "points": N, "floor": floor}
    for process, target in SHIPPED.items():
        about = {
            "process": process,
            "path": PATHS[process],
            "target": target,
            "data": f"two_moons({POINTS})",
            "seed": SEED,
            "steps": STEPS,
            "batch": BATCH,
            "label_drop": DROP,
            "command": report["command"],
            "torch": torch.__version__.split("+")[0],
            **SHAPE,
        }
        path = RESULTS / f"toy_{process}.safetensors"
        save(path, train(process, target, SHAPE), {key: str(value) for key, value in about.items()})
        model = load(path)
        found = measure(model, process)
        print(line(f"{process} {target}", kilobytes(model), found, floor), flush=True)
        report[process] = about | {"payload_gzip_bytes": payload(model), "sliced_wasserstein": found}
    (RESULTS / "toy_nets.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
