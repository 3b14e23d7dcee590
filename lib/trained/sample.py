"""Draw pictures from a trained model's file, on one device or many.

    python -m lib.trained.sample results/digits_flow.safetensors --count 1000 --out runs/pictures
    torchrun --standalone --nproc_per_node 8 -m lib.trained.sample model.safetensors --count 50000 --out runs/pictures

The folder gets pictures.npz (see stack.py), pictures.png and settings.json. Each batch is written as a part, whole or not at all;
whoever asks again in the same words, after a kill or a full disk, gets what is missing, with any number of processes. In the end
the parts are one stack.
"""

import argparse
import json
import math
import re
import shutil
from contextlib import nullcontext
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from lib.labels import NO_LABEL
from lib.trained.config import DATA
from lib.trained.files import put
from lib.trained.folder import alone, make
from lib.trained.processes import Place, leave_together, one_line, place
from lib.trained.sampling import RULES, Sampling, Source, pictures, source
from lib.trained.stack import read_stack, sheet, to_bytes, write_png, write_stack

STACK, SHEET, SETTINGS = "pictures.npz", "pictures.png", "settings.json"
PART = re.compile(r"part_(\d+)_(\d+)\.npz")  # the first of its pictures, and the first that is none of them
OURS = rf"{STACK}|{SHEET}|{SETTINGS}|{PART.pattern}|pictures\.json"  # the last is of evaluate.py
COLUMNS = 8  # of the sheet


def draw(asked: Sampling, out: str | Path, *, batch: int = 100, quiet: bool = False) -> Path:
    """Draw the pictures into the folder `out`, or those of them that are not there yet, and return the stack.

    Raises ValueError as `source` does, for a batch below 1, where `out` is no folder for it, and where another process works in
    it; OSError where a file cannot be written, or where there is no room for all; FloatingPointError for samples that are not
    finite; KeyboardInterrupt after Ctrl-C. All leave whole parts.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch}.")
    here, out = place(), Path(out)
    found, settings = source(asked, here.device)
    _claim(out, settings)
    with alone(out, OURS) if here.rank == 0 else nullcontext():
        if here.rank == 0:
            put(out / SETTINGS, (json.dumps({"model": asked.model} | settings, indent=2) + "\n").encode())
        _draw(found, settings, out, here, batch, quiet)
    return out / STACK


def _claim(out: Path, settings: dict) -> None:
    """Make the folder of pictures. Raises where it holds anything else, or has no room."""
    make(out)
    names = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    if SETTINGS in names:
        try:
            before = json.loads((out / SETTINGS).read_text())
            before.pop("model")
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ValueError(f"{out / SETTINGS} is damaged. Choose another --out.") from None
        if before != settings:
            other = next(name for name in {**before, **settings} if before.get(name) != settings.get(name))
            was, now = (json.dumps(which.get(other)) for which in (before, settings))
            raise ValueError(f"{out} holds other pictures: {other} was {was}, now {now}. Choose another --out.")
    if others := [name for name in names if not (SETTINGS in names and re.fullmatch(OURS, name))]:
        raise ValueError(
            f"{out} holds {others[0]}, which is of no pictures drawn so. Choose another, or an empty, --out."
        )
    # Parts and the stack, for a moment both; the sheet and what surrounds the numbers are little beside them.
    wanted, free = 2 * settings["count"] * math.prod(DATA[settings["data"]].shape) + 2**20, shutil.disk_usage(out).free
    if STACK not in names and free + sum((out / name).stat().st_size for name in names) < wanted:
        raise OSError(
            f"{out} has room for {free / 1e6:,.0f} MB, and {settings['count']:,} pictures take up to {wanted / 1e6:,.0f}. "
            "Choose another --out, or a smaller --count."
        )


def _draw(source: Source, settings: dict, out: Path, here: Place, batch: int, quiet: bool) -> None:
    """`draw`, once the folder is its own."""
    n, whole = settings["count"], (out / STACK).exists()
    todo = [] if whole else _missing(_held(out), n, batch)
    leave_together(here.world)  # nobody adds a part while another still looks
    bar = tqdm(total=n, initial=n - sum(map(len, todo)), unit="picture", disable=quiet or here.rank > 0)
    try:
        with bar:
            for rows in todo[here.rank :: here.world]:
                x, y = to_bytes(pictures(source, rows, here.device)), source.labels(rows)
                labels = torch.full((len(rows),), NO_LABEL) if y is None else y
                write_stack(out / f"part_{rows.start:06d}_{rows.stop:06d}.npz", x, labels, {})
                bar.update(sum(map(len, _held(out))) - bar.n)  # of all processes
    except KeyboardInterrupt:
        raise KeyboardInterrupt(kept(out, n)) from None
    leave_together(here.world)  # all parts are there
    if here.rank == 0:
        if not whole:
            parts = [read_stack(out / f"part_{rows.start:06d}_{rows.stop:06d}.npz") for rows in _held(out)]
            x, y = torch.cat([x for x, *_ in parts]), torch.cat([y for _, y, _ in parts])
            said = {
                "data": settings["data"],
                "settings": json.dumps(settings),
                "torch": torch.__version__.split("+")[0],
            }
            write_stack(out / STACK, x, y, said)
        if not (out / SHEET).exists():
            write_png(out / SHEET, _overview(read_stack(out / STACK)[0], len(source.classes)))
        for path in out.iterdir():
            if PART.fullmatch(path.name):
                path.unlink()
    leave_together(here.world)


def kept(out: Path, n: int) -> str:
    """What is not lost, in words."""
    drawn = n if (out / STACK).exists() else sum(map(len, _held(out)))
    return f"{drawn} of {n} pictures are drawn and kept: start the same command again for the others." if drawn else ""


def _held(out: Path) -> list[range]:
    """What the parts in a folder hold, in order."""
    names = (PART.fullmatch(path.name) for path in out.iterdir())
    return sorted((range(int(name[1]), int(name[2])) for name in names if name), key=lambda rows: rows.start)


def _missing(held: list[range], n: int, batch: int) -> list[range]:
    """The pictures that no part holds, in batches of neighbours."""
    gaps = pairwise([range(0), *held, range(n, n)])
    starts = [(i, after.start) for before, after in gaps for i in range(before.stop, after.start, batch)]
    return [range(i, min(i + batch, end)) for i, end in starts]


def _overview(x: Tensor, classes: int) -> Tensor:
    """The first pictures, a row a class; without classes row by row."""
    turn = classes or COLUMNS
    x = x[: COLUMNS * turn]
    grid = torch.cat([x, x.new_full((-len(x) % turn, *x.shape[1:]), 128)]).unflatten(0, (-1, turn))
    grid = grid.transpose(0, 1) if classes else grid
    return sheet(grid.flatten(0, 1), len(grid))


# ---- the command line ----------------------------------------------------------------------------------------------------------

HELP = {
    "count": "so many pictures",
    "rule": f"step rule: {', '.join(RULES)}",
    "calls": "network calls a picture (a guided one counts once); heun makes 2 a step, rk4 4",
    "scale": "guidance w: 0 as without the label, 1 as the net answers, above 1 guided",
    "interval": "guide where sigma / alpha lies between these two alone, as 0.5 1",
    "classes": "numbers of the classes to draw, in turn; default: all",
    "clip": "keep x0 in [-1, 1] at every step; default: pixels yes, latents never",
    "seed": "of all that is random",
    "autoencoder": "of a model in latents; default: the one it was trained with, beside its file",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a Sampling but for its model, and the size of a batch."""
    kinds = {
        "interval": {"type": float, "nargs": 2, "metavar": ("LOW", "HIGH")},
        "classes": {"type": int, "nargs": "+", "metavar": "CLASS"},
        "clip": {"action": argparse.BooleanOptionalAction},
    }
    for field in fields(Sampling):
        if field.name in HELP:
            kind = kinds.get(field.name) or {"type": field.type}
            told = f" (default: {field.default!r})" if field.name not in kinds and field.default != "" else ""
            parser.add_argument(f"--{field.name}", default=field.default, help=HELP[field.name] + told, **kind)
    parser.add_argument("--batch", type=int, default=100, help="pictures at a time; decides speed and memory alone")


def asked_for(model: str, options: argparse.Namespace) -> Sampling:
    """What the options of `add_options` ask of a model."""
    given = {name: getattr(options, name) for name in HELP}
    given |= {name: value and tuple(value) for name, value in given.items() if name in ("interval", "classes")}
    return Sampling(model, **given)


def main(arguments: list[str] | None = None) -> None:
    """The command line. What goes wrong is one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m lib.trained.sample", description="Draw pictures from a model's file."
    )
    parser.add_argument("model", help="a model's file, such as results/digits_flow.safetensors, or a run's checkpoint")
    add_options(parser)
    parser.add_argument("--out", required=True, help="folder of the pictures")
    options = parser.parse_args(arguments)
    with one_line(lambda: kept(Path(options.out), options.count) if Path(options.out).is_dir() else ""):
        draw(asked_for(options.model, options), options.out, batch=options.batch)


if __name__ == "__main__":
    main()
