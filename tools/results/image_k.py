"""The K table on images: seven samplers, budgets from 5 to 1,000 network calls, with one DiT for each process.

    python -m tools.results.image_k digits                   results/image_k_digits.json, for chapter 07; a quarter of an hour
    python -m tools.results.image_k fashion [most cells]     the same of Fashion-MNIST; hours, a cell at a time

A cell is the Frechet distance of generated pictures to held-out ones, with as many of each class on both sides, without guidance,
over seeds of the noise. Every cell is compared with the same held-out pictures. Its floor are training pictures in the place of
the generated ones, and above it stands what doing nothing scores: the starting noise itself. What stands in the file is not made
again. Cells of 250 calls and more have fewer pictures, and so a floor of their own.
"""

import json
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lib import randn, seeded, spread
from lib.samplers import calls_a_step
from lib.trained.config import DATA
from lib.trained.files import mark, put
from lib.trained.image_metrics import against_held_out, agreement, classifier_file, classifier_for, seen
from lib.trained.sampling import RULES, Sampling, Source, pictures, source
from lib.trained.shipped import RESULTS
from tools.results.image_metrics import reference, rounded

SEEDS, FLOORS = (0, 1, 2), 20
ROWS = {  # name in the table: process, rule
    "DDPM, variance beta": ("ddpm", "ancestral variance=beta"),
    "DDPM, variance beta-tilde": ("ddpm", "ancestral"),
    "DDIM": ("ddpm", "ddim"),
    "DPM-Solver++ 2M": ("ddpm", "dpmpp_2m"),
    "flow, Euler": ("flow", "euler"),
    "flow, Heun": ("flow", "heun"),
    "flow, RK4": ("flow", "rk4"),
}
BUDGETS, LONG, LONGEST = (5, 10, 20, 50, 100, 250), 250, 1000
UNCLIPPED = 50  # beyond, clipping changes nothing that these seeds can see
MANY, FEW = 300, 200  # pictures of a seed, the latter of long cells
CHECK = 50  # of a cell's first seed: what a test draws again


def target(data: str) -> Path:
    """Where the table of a data set stands."""
    return RESULTS / f"image_k_{data}.json"


class Cell(NamedTuple):
    """A place in the table of a data set."""

    data: str
    row: str
    budget: int
    clip: bool

    def __str__(self) -> str:
        return f"{self.row}, {self.budget}" + ("" if self.clip else ", not clipped")

    @property
    def calls(self) -> int:
        """The network calls: the budget, or the last multiple of what the rule makes in a step."""
        each = calls_a_step(RULES[ROWS[self.row][1]])
        return self.budget // each * each

    @property
    def count(self) -> int:
        """Pictures of a seed."""
        return FEW if self.budget >= LONG else MANY

    def sampling(self, seed: int) -> Sampling:
        """How its pictures are drawn."""
        process, rule = ROWS[self.row]
        file = RESULTS / f"{self.data}_{process}.safetensors"
        return Sampling(str(file), self.count, rule, self.calls, clip=self.clip, seed=seed)


def cells(data: str) -> list[Cell]:
    """All of the table, the cheap ones first. The shortest budget must pay for a step."""
    found = [
        Cell(data, row, k, clip) for k, row, clip in product(BUDGETS, ROWS, (True, False)) if clip or k <= UNCLIPPED
    ]
    return [*found, *(Cell(data, row, LONGEST, True) for row in ROWS if row.startswith("DDPM"))]


def drawn(cell: Cell, seed: int, n: int) -> tuple[Tensor, Tensor]:
    """The first n pictures of a cell and seed, and what was asked for."""
    return first(source(cell.sampling(seed), torch.device("cpu"))[0], n)


def first(found: Source, n: int) -> tuple[Tensor, Tensor]:
    """The first n pictures of a source, a hundred at a time, and what was asked for."""
    parts = [pictures(found, range(i, min(i + 100, n)), torch.device("cpu")) for i in range(0, n, 100)]
    return torch.cat(parts), found.labels(range(n))


def values(data: str, x: Tensor, y: Tensor) -> dict[str, float]:
    """The metrics of pictures."""
    b = reference(data)
    features = seen(b.classifier, x)
    return {"agreement": agreement(b.classifier, features, y)} | against_held_out(b, features, y)


def measure(cell: Cell) -> dict:
    """Every metric of a cell, for each seed, and the numbers of its first pictures."""
    rows = [values(cell.data, *drawn(cell, seed, cell.count)) for seed in SEEDS]
    found = {name: rounded([row[name] for row in rows]) for name in rows[0]}
    return {"calls": cell.calls, "pictures": cell.count} | found | {"check": check(cell)}


def check(cell: Cell) -> list[float]:
    """The mean feature of the first pictures of a cell: cheap enough to be computed again, and moved by any change."""
    return rounded(seen(classifier_for(cell.data), drawn(cell, SEEDS[0], CHECK)[0]).mean(0).tolist())


def marks(data: str, count: int) -> dict[str, list[float]]:
    """Mean and sd of the floor, and what the starting noise scores, of so many pictures."""
    b, y = reference(data), torch.arange(count) % 10
    each, floor = count // 10, []
    for seed in range(FLOORS):
        order = torch.randperm(b.trained, generator=seeded(seed))
        floor.append(against_held_out(b, b.features[order], b.y[order], each)["frechet_held_out"])
    shape = (count, *DATA[data].shape)
    noise = [values(data, randn(shape, generator=seeded(seed)).clamp(-1, 1), y)["frechet_held_out"] for seed in SEEDS]
    return {"floor": rounded(spread(floor)), "nothing": rounded(spread(noise))}


def main(data: str, most: int | None = None) -> None:
    """Measure what is missing, write after every cell."""
    files = [RESULTS / f"{data}_{process}.safetensors" for process in ("ddpm", "flow")]
    report = {
        "command": f"python -m tools.results.image_k {data}",
        "torch": torch.__version__.split("+")[0],
        "files": {path.stem: mark(path) for path in [*files, classifier_file(data)]},
        "seeds": SEEDS,
        "marks": {},
        "cells": {},
    }
    if target(data).exists() and (before := json.loads(target(data).read_text()))["files"] == report["files"]:
        report |= {name: before[name] for name in ("marks", "cells")}
    for count in (MANY, FEW):
        if str(count) not in report["marks"]:
            report["marks"][str(count)] = marks(data, count)
    for cell in [cell for cell in cells(data) if str(cell) not in report["cells"]][:most]:
        found = report["cells"][str(cell)] = measure(cell)
        print(f"{cell}: {found['frechet_held_out']}", flush=True)
        put(target(data), (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
