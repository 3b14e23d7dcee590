"""Which code made a notebook's outputs: remembered in .cache, which git ignores, or read off the last commit.

.cache/notebooks.json holds, by the digest of a notebook's code and outputs, the keys of code that made them, so that a change of
branch forgets nothing; and the CPU seconds that each chapter took. A notebook that is not there, as in a fresh clone, is
trusted where it is as committed: CI has proved it. Its key is then that of the committed code.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import RLock

from nbformat import NotebookNode

from tools.notebooks import definitions, reach
from tools.notebooks.reach import sha

# Keys compare only when the same rules made them.
RULES = sha(*(Path(part.__file__).read_bytes() for part in (definitions, reach)), repr(sys.version_info[:2]).encode())
LOCK = RLock()  # two chapters execute at a time, in threads


def digest(cells: list[NotebookNode], apart: Callable[[str], str]) -> str:
    """What identifies executed cells: their sources and outputs. `apart` takes out of an HTML what no execution decides."""
    parts = []
    for cell in cells:
        outputs = [dict(output) for output in cell.outputs]
        for output in outputs:
            output.pop("execution_count", None)
            if html := output.get("data", {}).get("text/html"):
                output["data"] = output["data"] | {"text/html": apart(html)}
        parts += [cell.source, json.dumps(outputs, sort_keys=True)]
    return sha(*(part.encode() for part in parts))


class Memory:
    """The remembered keys of a project."""

    def __init__(self, root: Path) -> None:
        self.file = root / ".cache" / "notebooks.json"

    def _read(self) -> dict:
        empty = {"rules": RULES, "keys": {}, "seconds": {}}
        try:
            found = json.loads(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return empty
        return found if found.get("rules") == RULES else empty

    def keys(self, notebook: str) -> list[str]:
        """The keys of all code that made the notebook with this digest."""
        return self._read()["keys"].get(notebook, [])

    def seconds(self) -> dict[str, float]:
        """CPU seconds by chapter, of those that were executed here."""
        return self._read()["seconds"]

    def note(self, notebook: str, key: str, **seconds: float) -> None:
        """Remember a key, and how long a chapter took."""
        with LOCK:
            known = self._read()
            keys = known["keys"].setdefault(notebook, [])
            if key not in keys:
                keys.append(key)
            known["seconds"] |= seconds
            self.file.parent.mkdir(exist_ok=True)
            write(self.file, json.dumps(known, indent=1) + "\n")


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def committed(path: Path, root: Path) -> Path | None:
    """A folder with the project as last committed, if `path` is as it is there; None where it is not, or without git."""
    try:
        head = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    if head.returncode or not path.is_relative_to(root):
        return None
    with LOCK:
        tree = Path(_unpacked(root, head.stdout.strip()).name)
    there = tree / path.relative_to(root)
    return tree if there.is_file() and there.read_bytes() == path.read_bytes() else None


@cache
def _unpacked(root: Path, commit: str) -> tempfile.TemporaryDirectory:
    """The files of a commit; the folder goes when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="committed-")
    files = subprocess.run(["git", "-C", root, "archive", commit], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        archive.extractall(folder.name, filter="data")
    return folder
