"""Ask the engine of the playground, in Node, what torch is asked beside it."""

import json
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "classroom" / "explorers"
DRIVER = Path(__file__).with_name("engine.mjs")
NODE = Path(sys.executable).with_name("node")


def ask(folder: Path, cases: list[dict], explorers: Path = FOLDER) -> list[dict]:
    """What the engine in a folder answers."""
    (file := folder / "cases.json").write_text(json.dumps(cases, default=lambda tensor: tensor.flatten().tolist()))
    run = subprocess.run(
        [NODE, DRIVER, explorers / "engine" / "core.js", file], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def numbers(values: list) -> torch.Tensor:
    """What it answered, infinities and NaN among them."""
    return torch.tensor([float(value) for value in values], dtype=torch.float64)
