"""Ask the pure part of the playground, in Node."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.explorers.engine import FOLDER, NODE

DRIVER = Path(__file__).with_name("playground.mjs")


def ask(source: str, given=None, explorers: Path = FOLDER, seconds: int = 240):
    """What a piece of JavaScript returns that sees every function of the playground, `core`, and `given`."""
    with tempfile.TemporaryDirectory() as name:
        (file := Path(name) / "case.json").write_text(json.dumps({"source": source, "given": given}))
        run = subprocess.run(
            [NODE, DRIVER, explorers, file], capture_output=True, text=True, timeout=seconds, encoding="utf8"
        )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def spoilt(folder: Path, file: str, right: str, wrong: str) -> Path:
    """A copy of the explorers in which one place of a file of the playground is another."""
    copy = folder / "explorers"
    for part in ("engine", "playground"):
        shutil.copytree(FOLDER / part, copy / part)
    for shared in FOLDER.glob("*.js"):  # what the words and the charts use
        shutil.copy(shared, copy)
    path = copy / "playground" / f"{file}.js"
    text = path.read_text(encoding="utf8")
    assert text.count(right) == 1, (file, right)
    path.write_text(text.replace(right, wrong), encoding="utf8")
    return copy
