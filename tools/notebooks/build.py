"""Execute the chapters: book/chapters/NN_name.md becomes notebooks/NN_name.ipynb.

    python -m tools.notebooks.build [--force] [NN ...]

Only what changed is done. A chapter is executed when its code cells changed, or a definition of lib or a file of results/ that
they reach (definitions.py finds them, remembered.py knows what the outputs were made with). Otherwise its text, the
first cell, which first_cell.py puts before the chapter's own and which prints nothing here, and the explorers' script and
pictures are brought up to date around the old outputs. Exercises and the like are put in full before all this (text.py). The
files are deterministic, up to the bytes of images.
"""

import argparse
import base64
import os
import re
import struct
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.notebooks import folds, reach
from tools.notebooks.definitions import meaning
from tools.notebooks.names import titled
from tools.notebooks.reach import sha
from tools.notebooks.remembered import Memory, committed, digest, write
from tools.notebooks.text import chapter_text

ROOT = Path(__file__).resolve().parents[2]
FIRST_CELL = Path(__file__).with_name("first_cell.py")
LIMIT = 60  # CPU seconds that a chapter should not exceed
AT_ONCE = min(2, os.cpu_count() or 1)
MARKERS = re.compile(r"<!--/?(?:claim|given)\b[^>]*-->")

# The parts of an explorer that no execution decides.
EXPLORERS = Path("classroom", "explorers")
REFRESHED = ("classroom/explorers/*bundle.js", "classroom/explorers/posters/*")
EXPLORER = re.compile(r'<figure class="kx" id="explorer-([^"]*)" data-explorer="([^"]+)">')
POSTER = re.compile(r'(<img class="kx-poster" alt="[^"]*") width="\d+" height="\d+" src="[^"]*">')
SOURCE = re.compile(r'<script type="module">// Generated from (classroom/explorers(?:/\w+)?)/\*\.js')
SCRIPT = re.compile(r'<script type="module">.*?</script>', re.DOTALL)


class Failed(Exception):
    """A chapter that could not be executed, and why."""


# --- what a notebook should say ---------------------------------------------------------------------------------------


def read_chapter(text: str) -> NotebookNode:
    """The text of a chapter as an unexecuted notebook.

    The markers around numbers stay in the source: a comment at the beginning of a line would make Markdown take the
    whole line for HTML.
    """
    return jupytext.reads(MARKERS.sub("", text), fmt="md:myst")


@cache
def code_cells(text: str) -> tuple[str, ...]:
    """The sources of a chapter's code cells; kept, for to parse a chapter takes longer than to find what it reaches."""
    return tuple(cell.source for cell in read_chapter(text).cells if cell.cell_type == "code")


def first_cell() -> NotebookNode:
    """The code cell that makes a notebook run on Colab. Its page does not show it; Colab and JupyterLab fold it.

    It holds no address: whoever publishes the book puts theirs into copies (tools/site/publish.py).
    """
    return nbformat.v4.new_code_cell(FIRST_CELL.read_text().rstrip(), metadata=folds.HIDDEN | {"tags": ["remove-cell"]})


def compose(chapter: Path) -> NotebookNode:
    """A chapter with the first cell before its own code, its cells folded, without outputs."""
    nb = read_chapter(titled(chapter_text(chapter), chapter.stem))
    for cell in nb.cells:
        folds.fold(cell)
    nb.cells = folds.fold_sections(nb.cells)
    place = next((index for index, cell in enumerate(nb.cells) if cell.cell_type == "code"), len(nb.cells))
    nb.cells.insert(place, first_cell())
    return nb


def own_cells(nb: NotebookNode) -> list[NotebookNode]:
    """A notebook's code cells but the first, which every notebook has."""
    return [cell for cell in nb.cells if cell.cell_type == "code"][1:]


def sources(nb: NotebookNode) -> list[str]:
    """What a notebook executes."""
    return [cell.source for cell in own_cells(nb)]


def key(chapter: Path, root: Path = ROOT) -> str:
    """What decides a chapter's outputs: its code cells, and the definitions and data of `root` that they reach."""
    return reach.key(code_cells(chapter_text(chapter)), root, REFRESHED)


def keep_outputs(nb: NotebookNode, old: NotebookNode) -> None:
    """Copy the outputs of a notebook with the same code cells."""
    for cell, before in zip(own_cells(nb), own_cells(old), strict=True):
        cell.outputs = before.outputs


def refreshed(html: str, root: Path = ROOT) -> str:
    """An explorer's stored HTML with the script and the picture of today; other HTML as it is."""
    if not (found := EXPLORER.match(html)):
        return html
    own, shared = (root / EXPLORERS / "posters" / f"{stem}.png" for stem in found.groups())
    picture = own if own.exists() else shared
    if picture.exists():
        png = picture.read_bytes()
        width, height = (length // 2 for length in struct.unpack(">II", png[16:24]))  # as classroom.explorers does
        url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        html = POSTER.sub(rf'\1 width="{width}" height="{height}" src="{url}">', html)
    own = SOURCE.search(html)  # its first line says which bundle it is
    bundle = root / (own[1] if own else EXPLORERS) / "bundle.js"
    script = f'<script type="module">{bundle.read_text()}</script>'
    return SCRIPT.sub(lambda _: script, html)


def without_parts(html: str) -> str:
    """An explorer's HTML without its script and picture; other HTML as it is."""
    return SCRIPT.sub("", POSTER.sub(r"\1", html)) if EXPLORER.match(html) else html


def finished(nb: NotebookNode, root: Path = ROOT) -> str:
    """The text of an executed notebook's file.

    It has the explorers of today, and nothing that differs from run to run or machine to machine; each cell's id follows from
    its source.
    """
    for number, cell in enumerate([cell for cell in nb.cells if cell.cell_type == "code"], 1):
        cell.execution_count = number
        for output in cell.outputs:
            # JupyterLab would paint a box behind figures; their ink reads on both pages.
            output.get("metadata", {}).pop("needs_background", None)
            if "execution_count" in output:
                output.execution_count = number
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = refreshed(output.data["text/html"], root)
    seen: set[str] = set()
    for cell in nb.cells:
        cell.id = sha(cell.cell_type.encode(), cell.source.encode())
        while cell.id in seen:  # the same source twice
            cell.id = sha(cell.id.encode())
        seen.add(cell.id)
    nb.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    nb.nbformat, nb.nbformat_minor = 4, 5
    nbformat.validate(nb)
    return nbformat.writes(nb) + "\n"


def outdated(chapter: Path, target: Path, root: Path = ROOT) -> str | None:
    """What a notebook does not share with its chapter or with the explorers; None when it is current."""
    if not target.exists():
        return "it is not there"
    nb, old = compose(chapter), nbformat.read(target, 4)
    if sources(nb) != sources(old):
        return "its code is not the chapter's"
    keep_outputs(nb, old)
    return None if finished(nb, root) == target.read_text() else "its text or its explorers are not those of today"


# --- execution --------------------------------------------------------------------------------------------------------

RUNNING: set[psutil.Process] = set()  # the kernels


def execute(nb: NotebookNode, chapter: str, folder: Path) -> float:
    """Run every cell in `folder` and return the CPU seconds; stop at the first error, naming chapter and cell."""
    client = NotebookClient(
        nb,
        kernel_name="python3",
        timeout=10 * LIMIT,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--Application.log_level=ERROR"],  # a warning that the kernel listens on a local port
        resources={"metadata": {"path": str(folder)}},
    )
    with client.setup_kernel():
        kernel = psutil.Process(client.km.provisioner.pid)
        RUNNING.add(kernel)
        try:
            for index, cell in enumerate(nb.cells):
                try:
                    client.execute_cell(cell, index)
                except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                    raise Failed(f"{chapter}: cell {index} failed\n{error}") from error
            return sum(kernel.cpu_times()[:4])  # its own and its children's, for the user and in the system
        finally:
            RUNNING.remove(kernel)


def made_with(nb: NotebookNode, target: Path, root: Path) -> list[str]:
    """The keys of code that made a notebook's outputs; empty when nobody knows."""
    name = digest(own_cells(nb), without_parts)
    if not Memory(root).keys(name) and (tree := committed(target, root)):
        Memory(root).note(name, reach.key(sources(nb), tree, REFRESHED))
    return Memory(root).keys(name)


def make(chapter: Path, target: Path, root: Path = ROOT, force: bool = False) -> str:
    """Bring one notebook up to date; say what was done. Raises Failed, and leaves what was there, when a cell does."""
    nb, done, seconds = compose(chapter), "text", {}
    old = nbformat.read(target, 4) if target.exists() else None
    wanted = reach.key(sources(nb), root, REFRESHED)
    same = old and [*map(meaning, sources(nb))] == [*map(meaning, sources(old))]
    if not force and same and wanted in made_with(old, target, root):
        keep_outputs(nb, old)
    else:
        spent = execute(nb, chapter.stem, target.parent)
        seconds = {chapter.stem: round(spent, 1)}
        done = f"{spent:.1f} s" + (f", kept, but over the limit of {LIMIT} s: make it faster" if spent > LIMIT else "")
    text = finished(nb, root)
    if seconds or text != target.read_text():
        write(target, text)
        Memory(root).note(digest(own_cells(nb), without_parts), wanted, **seconds)
        return done
    return "fresh"


def main() -> None:
    """Bring the chosen chapters, or all, up to date: two at a time, the longest first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="beginnings of chapter names; all when none is given")
    parser.add_argument("--force", action="store_true", help="execute them even if nothing has changed")
    arguments = parser.parse_args()
    chapters = sorted((ROOT / "book" / "chapters").glob("*.md"))
    for orphan in {nb.stem for nb in (ROOT / "notebooks").glob("*.ipynb")} - {chapter.stem for chapter in chapters}:
        (ROOT / "notebooks" / f"{orphan}.ipynb").unlink()
        print(f"{orphan}: removed, its chapter is gone")
    chosen = [path for path in chapters if not arguments.chapters or path.stem.startswith(tuple(arguments.chapters))]
    sys.exit(make_all(chosen, ROOT, arguments.force))


def make_all(chapters: list[Path], root: Path, force: bool = False) -> str | None:
    """Make several notebooks. Returns the names of those that failed, which stops none of the others."""
    took, failed = Memory(root).seconds(), []
    chapters = sorted(chapters, key=lambda chapter: -took.get(chapter.stem, LIMIT))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        targets = [root / "notebooks" / f"{chapter.stem}.ipynb" for chapter in chapters]
        jobs = {pool.submit(make, *each, root, force): each[0] for each in zip(chapters, targets)}
        try:
            for job in as_completed(jobs):
                try:
                    print(f"{jobs[job].stem:34}{job.result()}", flush=True)
                except Exception as error:
                    failed.append(jobs[job].stem)
                    said = error if isinstance(error, Failed) else f"{failed[-1]}: {error!r}"
                    print(said, file=sys.stderr, flush=True)
        except KeyboardInterrupt:  # which the kernels do not hear
            for job in jobs:
                job.cancel()
            while wait(jobs, timeout=0.2).not_done:
                for kernel in list(RUNNING):
                    kernel.kill()
            raise
    return f"failed: {', '.join(sorted(failed))}" if failed else None


if __name__ == "__main__":
    main()
