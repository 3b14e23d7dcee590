"""Run chapters and laws as other machines would, and say what differs.

    make portable                                   every notebook, the laws and the parities, under every kind
    make portable ARGS="03 07 --kinds sse rounding" two chapters under two kinds
    make portable ARGS="--since HEAD~3 --kinds sse" the notebooks that changed since a commit

A *kind* is a processor that the libraries are told to see: `native` this one, `sse` one from 2008, `avx2` and `avx512` where this
one can. Each is tried with one thread and with two. `rounding` is no processor but three seeds of rounding.py, which moves
last bits at random.

What is compared: every output of every cell with the committed one (text to the letter, figures by eye); and every number that
a cell shows, over all the runs. A number must be shown alike in an interval three times as wide as its values span, else it
stands so near to a rounding boundary that the next machine will show another digit: show fewer digits, or test it in an interval.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient

from tools.checks.pictures import changes

ROOT = Path(__file__).resolve().parents[2]
IGNORED = {"nbval-ignore-output", "nbval-skip"}  # nbval then does not compare the cell
SEEDS = 3
TESTS = {"laws": "tests/laws", "parity": "tests/parity"}
# What tells each library which instructions it may use. On a processor that lacks them the libraries fall back or crash, so
# `kinds` asks first.
KINDS = {
    "native": {},
    "sse": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "NEHALEM",
    },
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "HASWELL",
    },
    "avx512": {
        "ATEN_CPU_CAPABILITY": "avx512",
        "MKL_ENABLE_INSTRUCTIONS": "AVX512",
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "OPENBLAS_CORETYPE": "SKYLAKEX",
    },
}
NEEDS = {"avx2": {"avx2", "fma"}, "avx512": {"avx512f", "avx512bw", "avx512vl", "avx512dq"}}  # flags in /proc/cpuinfo


class Run(NamedTuple):
    """One way to run: a kind, its number of threads, and a seed of rounding."""

    kind: str
    threads: int = 1
    seed: int | None = None

    def __str__(self) -> str:
        return (
            f"rounding {self.seed}"
            if self.kind == "rounding"
            else f"{self.kind}, {self.threads} thread" + "s" * (self.threads > 1)
        )

    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        given = os.environ | KINDS.get(self.kind, {})
        path = os.pathsep.join(filter(None, (str(ROOT), given.get("PYTHONPATH"))))
        threads = str(self.threads)
        return given | {
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "KNOB_LABS": "static",
            "PYTHONPATH": path,
        }


def kinds() -> list[str]:
    """The kinds that this machine can be."""
    flags = set(Path("/proc/cpuinfo").read_text().split()) if Path("/proc/cpuinfo").exists() else set()
    return [name for name in KINDS if NEEDS.get(name, set()) <= flags] + ["rounding"]


def runs(names: list[str], threads: list[int]) -> list[Run]:
    """What to run."""
    plain = [Run(name, count) for name in names if name != "rounding" for count in threads]
    return plain + [Run("rounding", 1, seed) for seed in range(SEEDS) if "rounding" in names]


# --- one notebook under one kind: a process of its own ------------------------------------------------------------------------


def execute(notebook: Path, seed: int | None, result: Path) -> None:
    """Run a notebook to its end, errors included; write its code cells' outputs and the numbers they show as JSON."""
    nb, records = nbformat.read(notebook, 4), result.with_suffix(".seen")
    start = f"from tools.checks import rounding as _rounding; _recorder = _rounding.listen(get_ipython(), {seed})"
    end = f"_rounding.save(_recorder, {str(records)!r})"
    nb.cells = [nbformat.v4.new_code_cell(start), *nb.cells, nbformat.v4.new_code_cell(end)]
    client = NotebookClient(
        nb,
        kernel_name="python3",
        timeout=1800,
        allow_errors=True,
        coalesce_streams=True,
        extra_arguments=["--Application.log_level=ERROR"],
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    client.execute()
    outputs = [cell.outputs for cell in nb.cells[1:-1] if cell.cell_type == "code"]
    result.write_text(json.dumps({"outputs": outputs, "seen": json.loads(records.read_text())}))


class Result(NamedTuple):
    """What came of one notebook under one kind."""

    run: Run
    outputs: list[list[dict]]  # of each code cell
    seen: list  # [cell, value, format, text]


def result(notebook: Path, run: Run, folder: Path) -> Result:
    """Execute it in a process of its own."""
    path = folder / f"{notebook.stem}, {run}.json"
    seed = [] if run.seed is None else [str(run.seed)]
    command = [sys.executable, "-m", "tools.checks.portable", "--execute", notebook, path, *seed]
    done = subprocess.run(command, cwd=ROOT, env=run.environment(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{notebook.stem}, {run}: no result\n{done.stderr[-2000:]}")
    return Result(run, **json.loads(path.read_text()))


# --- what differs -------------------------------------------------------------------------------------------------------------


def text(outputs: list[dict]) -> str:
    """What a cell's outputs say."""
    parts = []
    for output in outputs:
        data = output.get("data", {})
        parts.append(output.get("text") or data.get("text/html") or data.get("text/plain") or output.get("evalue", ""))
    return "".join("".join(part) for part in parts)


def differences(committed: list[list[dict]], other: list[list[dict]]) -> Iterator[tuple[int, str]]:
    """(code cell, what is different there) in the outputs of code cells."""
    for cell, (ours, theirs) in enumerate(zip(committed, other, strict=True)):
        errors = [output["evalue"] or output["ename"] for output in theirs if output["output_type"] == "error"]
        if errors:
            yield cell, f"stops: {errors[0][:200]}"
        elif text(ours) != text(theirs):
            pairs = zip(text(ours).split("\n"), text(theirs).split("\n"))
            yield cell, next((f"`{b.strip()}` for `{a.strip()}`" for a, b in pairs if a != b), "other lines")
        else:
            yield from ((cell, line) for line in changes(ours, theirs))


def unstable(results: list[Result], compared: set[int]) -> Iterator[tuple[int, str]]:
    """(code cell, number and spread) where a number stands within its own spread of a rounding boundary."""
    if len({tuple((cell, spec) for cell, _, spec, _ in it.seen) for it in results}) > 1:
        yield -1, "the runs do not show the same list of numbers"
        return
    for same in zip(*(it.seen for it in results)):
        (cell, _, spec, shown), values = same[0], [value for _, value, _, _ in same]
        if cell not in compared or shown.strip() not in text(results[0].outputs[cell]) or min(values) == max(values):
            continue  # a label in a figure, or exact
        low, high = widened(min(values), max(values))
        if format(low, spec) != format(high, spec):
            yield cell, f"{shown.strip()}: {min(values)!r} to {max(values)!r} is shown as {{:{spec}}}"


def widened(low: float, high: float) -> tuple[float, float]:
    """The interval three times as wide. It keeps its sign: what is never negative may be near zero."""
    spread = high - low
    return (max(low - spread, 0.0) if low >= 0 else low - spread), (
        min(high + spread, -0.0) if high < 0 else high + spread
    )


def report(notebook: Path, results: list[Result]) -> list[str]:
    """A line for each difference."""
    cells = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
    committed = [cell.outputs for cell in cells]
    compared = {i for i, cell in enumerate(cells) if not IGNORED & set(cell.metadata.get("tags", []))}
    found = [
        f"{notebook.stem}, code cell {cell}, {it.run}: {what}"
        for it in results
        for cell, what in differences(committed, it.outputs)
        if cell in compared or what.startswith("stops")
    ]
    return found + [f"{notebook.stem}, code cell {cell}: {what}" for cell, what in unstable(results, compared)]


# --- laws ---------------------------------------------------------------------------------------------------------------------


def tests(folder: str, run: Run) -> list[str]:
    """The tests of a folder that fail under a kind; a folder of which none has passed, too."""
    command = [sys.executable, "-m", "pytest", folder, "-q", "-p", "no:cacheprovider", "--tb=line"]
    done = subprocess.run(command, cwd=ROOT, env=run.environment(), capture_output=True, text=True)
    failed = [line for line in done.stdout.split("\n") if line.startswith(("FAILED", "ERROR"))]
    if done.returncode == 0 and re.search(r"^\d+ passed", done.stdout, re.MULTILINE):
        return []
    return [f"{folder}, {run}: {line}" for line in failed or [done.stdout[-500:]]]


# --- the command --------------------------------------------------------------------------------------------------------------


def changed_since(commit: str) -> set[str] | None:
    """The notebooks that git finds changed since a commit; None where it does not know the commit."""
    command = ["git", "diff", "--name-only", commit, "--", "notebooks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return None if done.returncode else {Path(name).stem for name in done.stdout.split()}


def chosen(names: list[str], since: str | None) -> list[Path]:
    """The notebooks that were asked for."""
    books = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if since:
        changed = changed_since(since)
        if changed is None:
            print(f"{since} is no commit here, so every notebook is run")
        return [book for book in books if changed is None or book.stem in changed]
    return [book for book in books if not names or book.stem.startswith(tuple(names))]


def main() -> None:
    """Run what was asked for, two at a time; print what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", nargs="*", help="beginnings of chapter names, laws, parity; everything when none is given"
    )
    parser.add_argument("--kinds", nargs="+", choices=kinds(), default=kinds())
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--since", metavar="COMMIT", help="only the notebooks that changed since")
    given = parser.parse_args()
    ways, found = runs(given.kinds, given.threads), []
    names = [name for name in given.what if name not in TESTS]
    books = chosen(names, given.since) if names or given.since or not given.what else []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max(1, 2 // max(given.threads))) as pool:
        for book in books:
            lines = report(book, list(pool.map(lambda way, book=book: result(book, way, Path(folder)), ways)))
            print(
                f"{book.stem:36}", f"{len(lines)} differences" if lines else "the same", *lines, sep="\n  ", flush=True
            )
            found += lines
        for name in [name for name in TESTS if name in given.what or not (given.what or given.since)]:
            for way in [way for way in ways if way.kind != "rounding"]:
                lines = tests(TESTS[name], way)
                print(
                    f"{name:12} {way}:", f"{len(lines)} failed" if lines else "passed", *lines, sep="\n  ", flush=True
                )
                found += lines
    print(f"{len(books)} notebooks in {len(ways)} ways: {len(found)} differences")
    sys.exit(bool(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--execute"]:
        execute(Path(sys.argv[2]), int(sys.argv[4]) if sys.argv[4:] else None, Path(sys.argv[3]))
    else:
        main()
