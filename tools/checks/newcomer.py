"""How long a newcomer waits: from a clone to a first solved exercise, with make and without it, by the wall clock.

    python -m tools.checks.newcomer FOLDER [make|pip] [--python /path/to/python]

Below FOLDER each way gets a new clone of what is committed here, and an environment of its own, as the README says. Then
chapter 01 runs in a kernel of that environment down to its first exercise; a wrong answer is refused, the right one accepted.
How long it takes to read is the reader's own affair.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRONG, RIGHT = "0.6 * 2", "1 + 0.6 * 4 / 2.08 * (2 - 0.6)"
# Run by the new environment, in the clone's notebooks: the chapter to its first exercise, then two answers.
SOLVE = f"""
import nbformat
from nbclient import NotebookClient
cells, wanted = nbformat.read("01_two_moons.ipynb", 4).cells, []
stub = next(i for i, cell in enumerate(cells) if cell.cell_type == "code" and "answer = ..." in cell.source)
for answer in ({WRONG!r}, {RIGHT!r}):
    wanted.append(nbformat.v4.new_code_cell(cells[stub].source.replace("answer = ...", f"answer = {{answer}}")))
nb = nbformat.v4.new_notebook(cells=[*cells[:stub], *wanted])
NotebookClient(nb, kernel_name="python3", timeout=600).execute()
for cell in wanted:
    print("".join(output.get("text", "") or output.data["text/plain"] for output in cell.outputs).strip())
"""


def steps(way: str, clone: Path, python: str) -> Iterator[tuple[str, list, Path]]:
    """What a newcomer types, one after the other: what for, the command, and where."""
    own = clone / ".venv" / "bin" / "python"
    yield "clone", ["git", "clone", "--quiet", f"file://{ROOT}", clone], clone.parent
    if way == "make":
        yield "make book", ["make", "book", f"PYTHON={python}"], clone
    else:
        yield "an environment", [python, "-m", "venv", clone / ".venv"], clone
        yield "pip install", [own, "-m", "pip", "install", "--quiet", "-e", ".", "jupyterlab"], clone
    yield "chapter 01 to its first exercise", [own, "-c", SOLVE], clone / "notebooks"


def main() -> None:
    """Walk both ways, or one, and print the seconds of each step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the clones go; it is made if need be")
    parser.add_argument("way", nargs="?", choices=("make", "pip"), help="both, when none is given")
    parser.add_argument("--python", default=sys.executable)
    said = parser.parse_args()
    said.folder.mkdir(parents=True, exist_ok=True)
    for way in [said.way] if said.way else ["make", "pip"]:
        clone, total = said.folder.resolve() / way, 0.0
        for what, command, where in steps(way, clone, said.python):
            begin = time.monotonic()
            done = subprocess.run(command, cwd=where, capture_output=True, text=True)
            total += (took := time.monotonic() - begin)
            print(f"{way:5} {took:6.0f} s  {what}", flush=True)
            if done.returncode:
                sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        print(f"{way:5} {total:6.0f} s  in all; the exercise said:\n{done.stdout}")


if __name__ == "__main__":
    main()
