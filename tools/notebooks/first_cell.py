# @title Run this first on Colab: it fetches the book. Where the book is installed, it does nothing.
# fmt: off
"""The first code cell of every chapter, with the address that stands in _config.yml."""

import importlib.util
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ADDRESS = ""
BOOK = Path("knob-by-knob")  # the folder it is fetched into


class NoBook(Exception):
    """Stops the notebook with a sentence in the place of a traceback."""

    def _render_traceback_(self):
        return [str(self)]


def shell(problem, *command):
    """Run a command and return what it prints. If it fails, say the problem and the reason."""
    settings = os.environ | {"GIT_TERMINAL_PROMPT": "0"}  # git never waits for a password
    done = subprocess.run(command, capture_output=True, text=True, env=settings)
    if done.returncode:
        raise NoBook(f"{problem}\n{done.stderr.strip()}")
    return done.stdout.strip()


def where_is_the_book():
    """The folder, or file, that Python takes for `lib`; None where there is none."""
    spec = importlib.util.find_spec("lib")
    if spec is None:
        return None
    return Path(next(iter(spec.submodule_search_locations or [spec.origin]))).resolve()


def installed():
    """Whether this Python has the book's package, seen or not."""
    try:
        return bool(version("knob-by-knob"))
    except PackageNotFoundError:
        return False


def ready():
    """Whether the book's package is what Python finds. What hides it is named in a sentence; what stands alone gives way."""
    here = where_is_the_book()
    if here is None or (here / "prediction.py").exists():
        return here is not None
    if "lib" in sys.modules:
        raise NoBook(
            f"Another package called lib is imported already, from {here}. Restart the kernel and run this cell first."
        )
    if installed() and not BOOK.is_dir():
        raise NoBook(
            f"{here} hides the book's package, which is called lib too. "
            "Move the notebook to another folder, or rename that one, and restart the kernel."
        )
    return False


def come_home():
    """Go to the book's notebooks from elsewhere: the chapters read ../results."""
    home = where_is_the_book().parent / "notebooks"
    if not Path("../_config.yml").exists() and home.is_dir():
        os.chdir(home)
        print(f"This notebook stands outside the book. It goes on in {home}, beside its data.")


def fetch():
    """Clone the book, install its package and nothing else, and go to its notebooks."""
    if not BOOK.is_dir():
        if not ADDRESS or Path("../lib/prediction.py").exists():
            other = where_is_the_book()
            raise NoBook(
                "The book's package, lib, is not installed in this Python"
                + (f" (what is called lib in {other.parent} is another one)" if other else "")
                + ("" if ADDRESS else ", and no public address is known to fetch it from")
                + ". In a copy of the book run `make book`, and open the notebook with its .venv."
            )
        problem = f"The book cannot be fetched from {ADDRESS}. Is there a network?"
        shell(problem, "git", "clone", "--quiet", "--depth", "1", ADDRESS, BOOK)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--editable", BOOK]
    shell("The book's package cannot be installed.", *pip)
    sys.path.insert(0, str(BOOK.resolve()))  # for this kernel; those that start later find it alone
    commit = shell("This is no clone.", "git", "-C", BOOK, "log", "-1", "--format=%h of %cs")
    os.chdir(BOOK / "notebooks")  # the chapters read ../results

    import torch

    print("the book:", commit)
    for name in ("torch", "numpy", "matplotlib", "ipywidgets"):
        print(f"{name}:", version(name))
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    print(f"GPU: {gpu}. Nothing here needs one; with one (menu Runtime, Change runtime type)")
    print("the last cells of chapter 12 also train on larger images, for hours.")


if not ready() or BOOK.is_dir():
    fetch()
else:
    come_home()
