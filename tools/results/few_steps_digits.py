"""Few network calls on images: the shipped transformer of the digits, made straight by reflow, its guidance included.

    python -m tools.results.few_steps_digits      results/digits_few.safetensors and results/few_steps_digits.json; half an hour

The teacher is results/digits_flow.safetensors. It draws pairs (noise, end) as the book judges it: 20 Euler steps, guided at the
noise levels that keep most of the diversity. The student starts from its weights and learns, by the loss of flow matching, the
straight lines between the pairs (Liu et al. 2022). It is told the label, and what guidance did is in the ends: a call of the
student is one row a picture, where a guided call of the teacher is two.

It is a FlowMatching, in a file like any other: load_model("results/digits_few.safetensors").sample(shape, calls=4, y=y).

`apart` is how far a picture is from the teacher's at 20 calls, of the same noise and label: root mean square over the pixels, on
the scale [-1, 1]. Pairs are kept in .cache. A student that is there is not trained again, and rows of an unchanged file stay.
"""

import json
import time
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lib import EMA, Guided, euler, load_model, randn, sample, seeded
from lib.data import batches
from lib.seeding import rand, stream
from lib.trained.files import mark, put, read, write
from lib.trained.shipped import RESULTS
from lib.trained.stack import to_bytes
from lib.trained.weights import save
from lib.training import minimise
from tools.results.image_metrics import (
    CHECK,
    SEEDS,
    WHERE,
    Run,
    check,
    floors,
    generate,
    marks,
    nothing,
    rounded,
    scores,
)

TEACHER, STUDENT = RESULTS / "digits_flow.safetensors", RESULTS / "digits_few.safetensors"
TARGET, FOLDER = RESULTS / "few_steps_digits.json", RESULTS.parent / ".cache" / "digits_few"
RUN = Run("euler", 20, 2.0, WHERE)  # how the teacher draws the pairs
PAIRS, CHUNK = 24_000, 1000
STEPS, BATCH, RATE, DECAY = 4500, 128, 1e-3, 0.998
SAMPLES, SHOWN = 1000, 16  # pictures of a seed; those of the first seed that are kept to look at
ROWS = {
    **{f"teacher, {k} calls": ("digits_flow", RUN._replace(calls=k)) for k in (1, 2, 4, 20)},
    **{f"teacher, {k} calls, w = 1.5": ("digits_flow", Run("euler", k, 1.5)) for k in (1, 2, 4, 20)},
    **{f"student, {k} calls": ("digits_few", Run("euler", k)) for k in (1, 2, 4, 8)},
}


# ---- training ------------------------------------------------------------------------------------------------------------------


class Pairs(NamedTuple):
    """Starts and ends of the guided flow."""

    noise: Tensor  # (N, 1, 8, 8)
    ends: Tensor  # like noise
    y: Tensor  # (N,)
    seconds: float  # of one core


def chunk(model, i: int) -> Pairs:
    """CHUNK pairs, the classes in turn."""
    start, y = time.process_time(), torch.arange(CHUNK) % model.net.classes
    noise = randn((CHUNK, *model.shape), generator=stream("few steps", i))
    guided = Guided(model, RUN.scale, RUN.interval)
    with torch.no_grad():
        ends = [sample(guided, x, RUN.calls, euler, rows) for x, rows in zip(noise.split(100), y.split(100))]
    return Pairs(noise, torch.cat(ends), y, time.process_time() - start)


def pairs(folder: Path = FOLDER, n: int = PAIRS) -> Pairs:
    """n pairs of the teacher; those that stand in the folder are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    model, parts = load_model(TEACHER), []
    for i in range(n // CHUNK):
        path = folder / f"pairs_{i:03d}.safetensors"
        if not path.exists():
            new = chunk(model, i)
            write(path, {"noise": new.noise, "ends": new.ends}, {"seconds": f"{new.seconds:.2f}"})
            print(path.name, f"{new.seconds:.1f} s", flush=True)
        tensors, said = read(path, ("seconds",), "Remove it, and it is made again.")
        y = torch.arange(CHUNK) % model.net.classes
        parts.append(Pairs(tensors["noise"], tensors["ends"], y, float(said["seconds"])))
    *tensors, seconds = zip(*parts)
    return Pairs(*map(torch.cat, tensors), sum(seconds))


def early(n: int, generator: torch.Generator) -> Tensor:
    """n times in [0, 1), the more the nearer to the noise: every walk begins at 0, and a walk of one call has no other."""
    return rand(n, generator=generator).square()


def reflow(of: Pairs, steps: int = STEPS):
    """The student, and the seconds of one core that its training took."""
    start, generator = time.process_time(), seeded(0)
    model = load_model(TEACHER).requires_grad_(True)
    ema = EMA(model.net, DECAY)

    def loss(both: Tensor, y: Tensor) -> Tensor:
        ends, noise = both.unbind(1)
        return model.loss(ends, y, t=early(len(y), generator), eps=noise)

    data = batches(torch.stack([of.ends, of.noise], 1), of.y, size=BATCH, generator=generator)
    for done in minimise(loss, model.parameters(), data, steps, lr=RATE, ema=ema):
        if done.step % 100 == 0:
            print(done.step, f"{done.loss.item():.4f}", f"{time.process_time() - start:.0f} s", flush=True)
    return model.with_net(ema.net), time.process_time() - start


def train() -> None:
    """Make the student's file."""
    of = pairs()
    model, seconds = reflow(of)
    about = {
        "config": read(TEACHER, ("config",), "")[1]["config"],  # of the run that it goes on from: its data, its net
        "teacher": mark(TEACHER),
        "pairs": str(len(of.y)),
        "pair_seconds": f"{of.seconds:.0f}",
        "steps": str(STEPS),
        "batch": str(BATCH),
        "seconds": f"{seconds:.0f}",
        "data": "digits",
        "command": "python -m tools.results.few_steps_digits",
        "torch": torch.__version__.split("+")[0],
    }
    save(STUDENT, model, about)


# ---- measuring -----------------------------------------------------------------------------------------------------------------


def apart(x: Tensor, other: Tensor) -> float:
    """The root mean square difference of pictures, over all their pixels."""
    return (x - other).square().mean().sqrt().item()


class Drawn(NamedTuple):
    """What a run makes of each seed's noise."""

    x: dict[int, Tensor]  # seed -> (SAMPLES, 1, 8, 8)
    y: Tensor  # the same for all
    seconds: float  # of one core, for a picture


def draw(model, run: Run) -> Drawn:
    """The pictures of all seeds."""
    start = time.process_time()
    x, y = zip(*(generate(model, run, seed, SAMPLES) for seed in SEEDS))
    return Drawn(dict(zip(SEEDS, x)), y[0], (time.process_time() - start) / len(SEEDS) / SAMPLES)


def measure(model, run: Run, drawn: Drawn, ends: dict[int, Tensor]) -> dict:
    """Every metric of a run, for each seed, beside the teacher's ends; and what a picture cost."""
    rows = [scores(x, drawn.y, "digits") | {"apart": apart(x, ends[seed])} for seed, x in drawn.x.items()]
    values = {name: rounded([row[name] for row in rows]) for name in rows[0]}
    x, end = drawn.x[SEEDS[0]], ends[SEEDS[0]]
    again = check(model, run, "digits") | {"apart": round(apart(x[:CHECK], end[:CHECK]), 4)}
    told = {"samples": SAMPLES, "seconds_per_sample": round(drawn.seconds, 5)}
    return run._asdict() | told | values | {"check": again, "pictures": to_bytes(x[:SHOWN]).numpy().tobytes().hex()}


def pictures(row: dict) -> Tensor:
    """The SHOWN pictures that a row keeps: bytes (SHOWN, 1, 8, 8). Those of all rows begin at the same noise and labels."""
    return torch.frombuffer(bytearray.fromhex(row["pictures"]), dtype=torch.uint8).reshape(SHOWN, 1, 8, 8)


def main() -> None:
    """Train the student if it is not there, then measure what has changed; write after every row."""
    torch.set_num_threads(1)
    if not STUDENT.exists():
        train()
    said = read(STUDENT, ("pairs", "steps"), "")[1]
    files = {name: marks(name, "digits") for name in ("digits_flow", "digits_few")}
    models = {name: load_model(RESULTS / f"{name}.safetensors") for name in files}
    best = draw(models["digits_flow"], RUN)
    others = [apart(x[:-10], x[10:]) for x in best.x.values()]  # ten on, the same label and another noise
    old = json.loads(TARGET.read_text()) if TARGET.exists() else {"files": {}, "rows": {}}
    same = {name for name in files if old["files"].get(name) == files[name]}
    report = {
        "command": "python -m tools.results.few_steps_digits",
        "torch": torch.__version__.split("+")[0],
        "seeds": SEEDS,
        "files": files,
        "teacher": str(RUN),
        "training": {name: int(said[name]) for name in ("pairs", "pair_seconds", "steps", "batch", "seconds")},
        "labels": (torch.arange(SHOWN) % 10).tolist(),
        "floors": floors("digits"),
        "nothing": nothing("digits"),
        "apart_of_another_noise": rounded(others),
        "rows": {},
    }
    for name, (of, run) in ROWS.items():
        kept = old["rows"].get(name) if {of, "digits_flow"} <= same else None
        if not kept:
            drawn = best if (of, run) == ("digits_flow", RUN) else draw(models[of], run)
            kept = measure(models[of], run, drawn, best.x)
        report["rows"][name] = kept
        print(name, {key: value for key, value in kept.items() if isinstance(value, list)}, flush=True)
        put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
