"""Train nets that are told the time in different ways, with several seeds, learning rates and lengths of training.

    python -m tools.results.time_scale_ablation       results/time_scale_ablation.json, for chapter 8

The code is the chapter's own: the cells of its source that begin with MARK are run here, so that the file and the page cannot
drift apart. The file says which code made it, and a test compares. A learning rate that stands in the file already, made by the
same code, is not run again. Ten minutes on one core.
"""

import ast
import datetime
import hashlib
import json
import math
import sys
from pathlib import Path

import jupytext
import torch

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = ROOT / "book" / "chapters" / "08_time_scale.md"
TARGET = ROOT / "results" / "time_scale_ablation.json"
MARK = "# shared with tools/results/time_scale_ablation.py"
SEEDS, STEPS, RATES = (0, 1, 2, 3), (100, 300, 1000, 3000), (3e-3, 1e-2, 3e-2, 6e-2)
N = 2000  # points of a measured sample


def shared() -> str:
    """The chapter's cells that it shares with this script, as one source."""
    cells = jupytext.reads(CHAPTER.read_text(), fmt="md:myst").cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code" and cell.source.startswith(MARK))


def digest(source: str) -> str:
    """A hash of what a source does: comments, docstrings, layout and imports do not count."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    tree.body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    # As Python 3.11 writes a tree: 3.12 knows one field more, 3.13 leaves out what is empty unless it is asked.
    everything = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    dump = ast.dump(tree, **everything).replace(", type_params=[]", "")
    return hashlib.sha256(dump.encode()).hexdigest()[:16]


def listed(values: torch.Tensor) -> list[float]:
    """A row of results as it stands in the file."""
    return [round(value, 5) for value in values.tolist()]


def main() -> None:
    """Train, measure, write."""
    names = {"math": math, "torch": torch}  # the chapter's first cell imports them
    exec(shared(), names)
    views, spread = names["VIEWS"], names["spread"]
    exact = torch.stack(
        [
            names["sample"](
                names["flow"], names["randn"]((N, 2), generator=names["seeded"](100 + seed)), 20, names["heun"]
            )
            for seed in SEEDS
        ]
    )
    floor = names["noise_floor"](
        names["sliced_wasserstein"], lambda n, g: names["two_moons"](n, generator=g)[0], N, m=4 * N
    )
    report = {
        "command": "python -m tools.results.time_scale_ablation",
        "code": digest(shared()),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "torch": torch.__version__.split("+")[0],
        "seeds": SEEDS,
        "batch": 256,
        "width": names["WIDTH"],
        "points": N,
        "sampler": "Heun, 20 calls",
        "floor": listed(torch.tensor(floor)),
        "oracle": listed(names["distances"](exact[None], SEEDS)[0]),
        "oracle_strays": listed(names["strays"](exact)),
        "runs": {},
    }
    if TARGET.exists() and (before := json.loads(TARGET.read_text()))["code"] == report["code"]:
        report["runs"] = before["runs"]
    for lr in RATES:
        if f"{lr:g}" in report["runs"]:
            continue
        for steps in STEPS:
            weights = names["train"](views, SEEDS, steps, lr)
            off = names["excess"](weights, views, SEEDS)
            clouds = names["draw"](weights, views, SEEDS, N)
            far, astray = names["distances"](clouds, SEEDS), names["strays"](clouds)
            report["runs"].setdefault(f"{lr:g}", {})[str(steps)] = {
                view: {"excess": listed(off[i]), "distance": listed(far[i]), "strays": listed(astray[i])}
                for i, view in enumerate(views)
            }
            print(f"lr {lr:g}, {steps} steps", flush=True)
            for i, view in enumerate(views):
                print(
                    f"  {view:16} excess {spread(off[i]).mean:.4f}  distance {spread(far[i])}  strays {spread(astray[i])}",
                    flush=True,
                )
    TARGET.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
