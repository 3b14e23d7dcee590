"""What a machine with a GPU shows: that image runs train there, how near other arithmetic comes, how fast, by which kernels.

    tools/gpu_check.sh                                    on a machine with a GPU, unattended, in at most twelve minutes
    python -m tools.checks.gpu --device cpu --seconds 5   the same at smoke size, without one

Writes gpu_check.json and a sheet of emoji, gpu_check_emoji.png, into $OUT where that is set, else into results/. A part that
fails says why, and the others are run all the same; the file is written after each. The exit status is 0 where all is well,
1 where a part failed or left its band, 2 where there is no GPU.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import replace
from pathlib import Path

import torch

from lib.pictures import DEBIAN
from lib.trained.files import read
from lib.trained.folder import CHECKPOINT, LOG, read_log
from lib.trained.loop import train
from tools.checks.gpu_speed import SMOKE, Place, speed

ROOT = Path(__file__).resolve().parents[2]
# How far a loss curve may be from that of float32: the mean over its steps of the relative difference.
BANDS = {"bf16": 0.02, "compile": 0.002, "bf16, compile": 0.02}
RESUMED = 1e-3  # and that of a run that was stopped from that of one that was not: GPUs add up in no fixed order

# ---- the parts -------------------------------------------------------------------------------------------------------


def runs(place: Place, folder: Path) -> dict:
    """The command line trains, with all that it can; a run that is stopped and resumed follows one that is not."""
    name = "fashion" if place.gpu and DEBIAN.is_dir() else "emoji"  # the latter ship with the package, and are few
    options = ["--preset", name, *(() if place.gpu else SMOKE), "--depth", "2", "--accumulate", "2", "--clip", "1"]
    options += ["--shift", "1", "--weight-decay", "0.01", "--steps", "8"]
    command = [sys.executable, "-m", "lib.trained", *options, "--log-every", "1", "--out", folder / "cli"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if run.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[1:]))}: {run.stderr.strip().splitlines()[-1]}")
    config, every = place.config(*options, "--no-bf16"), {"log_every": 1, "save_every": 8, "quiet": True}
    model = train(config, folder / "whole", **every)
    train(config, folder / "stopped", stop_at=5, **every)
    train(config, folder / "stopped", resume=True, **every)
    whole, stopped = (read(folder / one / CHECKPOINT, (), "")[0] for one in ("whole", "stopped"))
    off = apart(losses(folder / "stopped"), losses(folder / "whole"))
    return {
        "data": name,
        "device": next(model.net.parameters()).device.type,
        "command line": " ".join(["python -m lib.trained", *options]),
        "its losses": losses(folder / "cli"),
        "same bits after resuming": all(torch.equal(whole[key], stopped[key]) for key in whole),
        "difference after resuming": off,
        "ok": off <= RESUMED and len(losses(folder / "cli")) == 8,
    }


def curves(place: Place, folder: Path) -> dict:
    """Loss curves of bf16 and of torch.compile beside that of float32."""
    steps = 60 if place.gpu else 6
    base = place.config("--preset", "emoji", "--depth", "4", "--steps", str(steps), "--no-bf16")
    found = {}
    for name, (bf16, compiled) in place.ways().items():
        out = folder / name
        if compiled:
            torch.compiler.reset()  # or it remembers the nets of before
        train(replace(base, bf16=bf16), out, compile=compiled, log_every=1, save_every=steps, quiet=True)
        found[name] = losses(out)
    off = {name: apart(curve, found["float32"]) for name, curve in found.items() if name != "float32"}
    last = {name: curve[-1] for name, curve in found.items()}
    return {
        "steps": steps,
        "difference": off,
        "band": {name: BANDS[name] for name in off},
        "last loss": last,
        "ok": all(off[name] <= BANDS[name] for name in off),
    }


def emoji(place: Place, folder: Path) -> dict:
    """Train the preset emoji for some minutes, and keep its sheet of samples."""
    config = place.config("--preset", "emoji")
    calm = 10 if place.gpu else 2
    train(replace(config, steps=10**6), folder / "try", log_every=calm, save_every=calm, stop_at=3 * calm, quiet=True)
    each = read_log(folder / "try" / LOG)[-1]["images_per_second"]
    seconds = min(place.seconds, place.end - time.monotonic() - 30)  # what is left of the limit, with a rest
    steps = max(4, int(seconds * each / config.batch))
    start = time.monotonic()
    train(replace(config, steps=steps), folder / "run", log_every=max(1, steps // 100), save_every=-(-steps // 4),
          quiet=True)  # fmt: skip
    sheet = folder / "run" / f"samples_{steps:06d}.png"
    shutil.copy(sheet, results() / "gpu_check_emoji.png")
    rows = [row for row in read_log(folder / "run" / LOG) if "held_out_loss" in row]
    return {
        "steps": steps,
        "batch": config.batch,
        "minutes": (time.monotonic() - start) / 60,
        "images/s": rows[-1]["images_per_second"],
        "held-out loss": {row["step"]: row["held_out_loss"] for row in rows},
        "sheet": "gpu_check_emoji.png",
        "ok": losses(folder / "run")[-1] < losses(folder / "run")[0],  # the other may rise: there are few emoji
    }


# ---- what they share -------------------------------------------------------------------------------------------------


def losses(folder: Path) -> list[float]:
    """Of each row of a run's log."""
    return [row["loss"] for row in read_log(folder / LOG)]


def apart(curve: list[float], other: list[float]) -> float:
    """The mean relative difference of two loss curves; infinite where one is shorter."""
    if len(curve) != len(other):
        return float("inf")
    return sum(abs(a - b) / b for a, b in zip(curve, other)) / len(other)


def machine(place: Place) -> dict:
    """What it runs on."""
    info = Path("/proc/cpuinfo")
    cpu = re.findall("model name\\s*: (.*)", info.read_text())[:1] if info.exists() else []
    found = {"name": torch.cuda.get_device_name() if place.gpu else "a CPU", "cpu": (cpu or [platform.machine()])[0]}
    if place.gpu:
        found |= {"memory, GiB": torch.cuda.get_device_properties(0).total_memory / 2**30, "cuda": torch.version.cuda}
    return found | {"torch": torch.__version__, "python": platform.python_version()}


def results() -> Path:
    """Where the results go."""
    return Path(os.environ.get("OUT") or ROOT / "results")


def plain(value: object) -> object:
    """Numbers to four digits, as far down as they stand."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


# ---- all of them -----------------------------------------------------------------------------------------------------

PARTS = runs, curves, speed, emoji


def main(arguments: list[str] | None = None) -> int:
    """Run the parts, write what they found after each, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks.gpu", description=__doc__.split("\n")[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: at smoke size (default: cuda)")
    parser.add_argument("--seconds", type=float, default=300, help="how long emoji are trained (default: 300)")
    parser.add_argument("--limit", type=float, default=700, help="the seconds that all of it may take (default: 700)")
    options = parser.parse_args(arguments)
    if options.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # runs take a GPU where they see one
    elif not torch.cuda.is_available():
        print(
            f"There is no GPU that torch {torch.__version__} sees. Run this on a machine with one, or, to try the check itself, "
            "with --device cpu --seconds 5.",
            file=sys.stderr,
        )
        return 2
    place, target = Place(options.device, options.seconds, options.limit), results() / "gpu_check.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(place), "parts": {}}
    for part in PARTS:
        start = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                found = part(place, Path(folder))
        except Exception as error:  # of any kind: nobody watches, and the others shall run
            traceback.print_exc()
            found = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        report["parts"][part.__name__] = plain(found | {"seconds": time.monotonic() - start})
        target.write_text(json.dumps(report, indent=1) + "\n")
        print(f"{part.__name__:8} {'well' if found['ok'] else 'FAILED'} {time.monotonic() - start:5.0f} s", flush=True)
    print(target)
    return int(not all(found["ok"] for found in report["parts"].values()))


if __name__ == "__main__":
    sys.exit(main())
