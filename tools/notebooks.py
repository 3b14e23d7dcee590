"""Execute the chapters: book/chapters/NN_name.md becomes notebooks/NN_name.ipynb.

    python tools/notebooks.py [--allow-slow] [NN ...]

Only what changed is done. A notebook carries two stamps: a hash of its chapter's text and of the first cell, which
tools/first_cell.py puts before the chapter's own code and which prints nothing here; and a hash of everything that decides
its outputs: the code cells, the modules of lib they reach and the files of results/ they name. When only the former
changed, the old outputs are kept. The files are deterministic, up to the bytes of images.
"""

import argparse
import ast
import hashlib
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
FIRST_CELL = ROOT / "tools" / "first_cell.py"
LIMIT = 60  # seconds a chapter may run, on two cores


def sha(*parts: bytes) -> str:
    """A short digest of byte strings."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


# --- which modules of lib a piece of code reaches --------------------------------------------------------------------


def imports(source: str) -> Iterator[tuple[str, str | None]]:
    """(module, name) for each `from module import name` of lib, (module, None) for each `import module`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        yield from ((module, name) for module, name in found if module.split(".")[0] == "lib")


def module_file(module: str, root: Path) -> Path | None:
    """The file of a dotted module name."""
    base = root.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.exists()), None)


def reached(source: str, root: Path = ROOT) -> set[Path]:
    """The files of lib that `source` depends on, directly or through other modules.

    A name that a package merely passes on (`from lib import walk`) leads to the module it comes from and no further, so
    that an edit of one module does not make every chapter stale. `import lib` alone means everything lib imports.
    """
    files, todo = set(), list(imports(source))
    while todo:
        module, name = todo.pop()
        if name and module_file(f"{module}.{name}", root):
            module, name = f"{module}.{name}", None
        path = module_file(module, root)
        if path is None or path in files:
            continue
        onward = list(imports(path.read_text()))
        if path.name == "__init__.py":
            passed_on = [(origin, n) for origin, n in onward if n == name and name is not None]
            if passed_on:
                todo += passed_on
                continue
            if module != "lib":  # what a package hands to browsers is part of it
                files |= {f for f in path.parent.rglob("*") if f.suffix in {".json", ".png"} or f.name == "bundle.js"}
        files.add(path)
        todo += onward
    return files


# --- stamps ----------------------------------------------------------------------------------------------------------


MARKERS = re.compile(r"<!--/?(?:claim|given)\b[^>]*-->")


def read_chapter(path: Path) -> NotebookNode:
    """A chapter's source as an unexecuted notebook.

    The markers around numbers stay in the source: a comment at the beginning of a line would make Markdown take the
    whole line for HTML.
    """
    return jupytext.reads(MARKERS.sub("", path.read_text()), fmt="md:myst")


def address(root: Path = ROOT) -> str:
    """The repository's address, which stands in _config.yml and nowhere else; empty when there is none yet."""
    url = yaml.safe_load((root / "_config.yml").read_text())["repository"]["url"]
    if url and not re.fullmatch(r"https://github\.com/[\w-]+/[\w.-]+(?<!\.git)", url):
        sys.exit(f"_config.yml: repository.url must look like https://github.com/OWNER/NAME, got {url!r}")
    return url


def first_cell(root: Path = ROOT) -> NotebookNode:
    """The code cell that makes a notebook run on Colab. Its page does not show it; Colab and JupyterLab fold it."""
    source = FIRST_CELL.read_text().rstrip().replace('ADDRESS = ""', f'ADDRESS = "{address(root)}"')
    metadata = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["remove-cell"]}
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def without_magics(code: str) -> str:
    """The Python of a notebook's code: ast knows no magics."""
    return re.sub(r"^\s*[%!].*$", "", code, flags=re.MULTILINE)


def stamp(path: Path, root: Path = ROOT) -> dict[str, str]:
    """The two hashes that say whether a chapter's notebook is up to date."""
    cells = [cell.source for cell in read_chapter(path).cells if cell.cell_type == "code"]
    code = "\n".join(cells)
    files = reached(without_magics(code), root) | {root / name for name in re.findall(r"results/[\w./-]+\.\w+", code)}
    contents = [str(file.relative_to(root)).encode() + file.read_bytes() for file in sorted(files) if file.exists()]
    text = sha(path.read_bytes(), first_cell(root).source.encode())
    return {"text": text, "code": sha(*(cell.encode() for cell in cells), *contents)}


def old_stamp(target: Path) -> dict[str, str]:
    """The stamps in a notebook's metadata; empty when there is none."""
    return dict(nbformat.read(target, 4).metadata.get("stamp", {})) if target.exists() else {}


# --- execution -------------------------------------------------------------------------------------------------------


def execute(nb: NotebookNode, chapter: str, folder: Path) -> None:
    """Run every cell in `folder`; stop at the first error, naming chapter and cell."""
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
        for index, cell in enumerate(nb.cells):
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                sys.exit(f"{chapter}: cell {index} failed\n{error}")


def keep_outputs(nb: NotebookNode, old: NotebookNode) -> None:
    """Copy the outputs of a notebook with the same code cells, its first one aside, which prints nothing."""
    cells, old_cells = ([cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (nb, old))
    kept = [[], *(cell.outputs for cell in old_cells[1 - len(cells) :])]
    for number, (cell, outputs) in enumerate(zip(cells, kept, strict=True), 1):
        cell.outputs, cell.execution_count = outputs, number
        for output in outputs:
            if "execution_count" in output:
                output.execution_count = number


def normalise(nb: NotebookNode, stamps: dict[str, str]) -> None:
    """Remove what differs from run to run or machine to machine; give each cell an id that follows from its source."""
    seen: set[str] = set()
    for cell in nb.cells:
        cell.id = sha(cell.cell_type.encode(), cell.source.encode())
        while cell.id in seen:  # the same source twice
            cell.id = sha(cell.id.encode())
        seen.add(cell.id)
        for output in cell.get("outputs", []):
            # JupyterLab would paint a box behind figures; their ink reads on both pages.
            output.get("metadata", {}).pop("needs_background", None)
    nb.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        "stamp": stamps,
    }
    nb.nbformat, nb.nbformat_minor = 4, 5


def make(chapter: Path, target: Path, root: Path = ROOT, allow_slow: bool = False) -> str:
    """Bring one notebook up to date; say what was done."""
    stamps, before = stamp(chapter, root), old_stamp(target)
    if stamps == before:
        return "fresh"
    nb, start = read_chapter(chapter), time.perf_counter()
    place = next((index for index, cell in enumerate(nb.cells) if cell.cell_type == "code"), len(nb.cells))
    nb.cells.insert(place, first_cell(root))
    if stamps["code"] == before.get("code"):
        keep_outputs(nb, nbformat.read(target, 4))
        done = "text"
    else:
        execute(nb, chapter.stem, target.parent)
        seconds = time.perf_counter() - start
        done = f"{seconds:.1f} s"
        if seconds > LIMIT and not allow_slow:
            sys.exit(f"{chapter.stem}: {done}, over the limit of {LIMIT} s (--allow-slow keeps it nevertheless)")
    normalise(nb, stamps)
    nbformat.validate(nb)
    nbformat.write(nb, target)
    return done


def main() -> None:
    """Bring the chosen chapters, or all, up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="beginnings of chapter names; all when none is given")
    parser.add_argument("--allow-slow", action="store_true", help=f"accept a chapter that runs for more than {LIMIT} s")
    arguments = parser.parse_args()
    chapters = sorted((ROOT / "book" / "chapters").glob("*.md"))
    for orphan in {nb.stem for nb in (ROOT / "notebooks").glob("*.ipynb")} - {chapter.stem for chapter in chapters}:
        (ROOT / "notebooks" / f"{orphan}.ipynb").unlink()
        print(f"{orphan}: removed, its chapter is gone")
    for chapter in chapters:
        if not arguments.chapters or chapter.stem.startswith(tuple(arguments.chapters)):
            print(f"{chapter.stem:32}", end="", flush=True)
            target = ROOT / "notebooks" / f"{chapter.stem}.ipynb"
            print(make(chapter, target, allow_slow=arguments.allow_slow), flush=True)


if __name__ == "__main__":
    main()
