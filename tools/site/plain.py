"""The way out to plain Sphinx: Jupyter Book writes its settings down as conf.py, and this takes out what is its own.

    python -m tools.site.plain          conf.py, for `sphinx-build -W -n . _build/plain` in an environment without Jupyter Book

`requirements-sphinx.txt` names what such an environment needs. The monthly workflow builds the book so, with the newest of each.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Jupyter Book itself, and what it loads for live kernels, comments and LaTeX, of which the book uses none.
OWN = ("jupyter_book", "sphinx_thebe", "sphinx_comments", "sphinx_jupyterbook_latex")


def plain(conf: str) -> str:
    """The text of a conf.py that finds the book's own extensions and loads none of Jupyter Book's."""
    here = "import sys\nfrom pathlib import Path\n\nsys.path.insert(0, str(Path(__file__).parent))\n"
    return f"{here}{conf.rstrip()}\nextensions = [name for name in extensions if name not in {OWN}]\n"


def main() -> None:
    """Write conf.py beside _config.yml."""
    command = [Path(sys.executable).with_name("jupyter-book"), "config", "sphinx", ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"jupyter-book config sphinx failed\n{done.stdout}{done.stderr}")
    path = ROOT / "conf.py"
    path.write_text(plain(path.read_text()))
    print(path)


if __name__ == "__main__":
    main()
