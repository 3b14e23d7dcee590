"""What the benchmarks share: a row of a table with its bar, times taken in turn, and the machine they were taken on."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import torch

median = statistics.median


class Row(NamedTuple):
    """A line of the table: a value, its bar such as "<= 60" (or "" for none), and the numbers behind it."""

    what: str
    value: float
    unit: str
    bar: str
    detail: dict

    @property
    def met(self) -> bool | None:
        if not self.bar:
            return None
        sign, bound = self.bar.split()
        return self.value <= float(bound) if sign == "<=" else self.value >= float(bound)


def seconds(f, clock=time.process_time) -> float:
    """What one call of f takes."""
    start = clock()
    f()
    return clock() - start


def in_turn(repeats: int, *functions, clock=time.process_time) -> list[list[float]]:
    """The seconds of each function, a list each; the functions take turns, after one round that is not counted."""
    return list(zip(*[[seconds(f, clock) for f in functions] for _ in range(repeats + 1)][1:]))


def ratio(a, b) -> float:
    """Median over the repetitions."""
    return median(x / y for x, y in zip(a, b))


def in_new_process(code: str, **environment: str) -> str:
    """What `code` prints."""
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ | environment
    )
    return run.stdout


def table(measures: Iterable[Callable[[], Row]], packages: tuple[str, ...], path: str) -> None:
    """Measure one after the other, print each row, and write them all with what the machine is."""
    info = Path("/proc/cpuinfo")
    cpu = re.findall("model name\\s*: (.*)", info.read_text())[0] if info.exists() else platform.machine()
    machine = {"cpu": cpu, "cores": os.cpu_count(), "torch threads": torch.get_num_threads()}
    machine |= {"python": platform.python_version()} | {name: version(name) for name in packages}
    print(*[f"{name} {value}" for name, value in machine.items()], sep=", ")
    rows = []
    for measure in measures:
        row = measure()
        note = ", ".join(f"{name} {value:.3g}" for name, value in row.detail.items() if isinstance(value, float))
        met = {True: "met", False: "MISSED", None: ""}[row.met]
        print(f"{row.what:64} {row.value:6.3g} {row.unit:2}  {row.bar:7}  {met:6}  {note}", flush=True)
        rows.append(row._asdict() | {"met": row.met})
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
