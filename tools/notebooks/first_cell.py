# @title Run this first on Colab: it fetches the book. Where the book is installed, it does nothing.
# fmt: off
"""The first code cell of every chapter. Where the book is published, it knows whence, and which state it was written with."""

import importlib.util
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ADDRESS = ""
COMMIT = ""  # later ones do not change what this notebook says
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


def is_the_book(folder):
    """Whether a folder holds the book; with an address, whether it is a clone of that, at that commit. Runs nothing in it."""
    about, head = folder / "pyproject.toml", folder / ".git" / "HEAD"
    if not (about.is_file() and 'name = "knob-by-knob"' in about.read_text() and (folder / "lib/prediction.py").is_file()):
        return False
    if not ADDRESS:
        return True
    ask = ["git", "config", "--file", folder / ".git" / "config", "--get", "remote.origin.url"]
    origin = subprocess.run(ask, capture_output=True, text=True).stdout.strip()
    return origin == ADDRESS and head.is_file() and COMMIT in ("", head.read_text().strip())


def clone(folder):
    """The book from its address, at its commit."""
    problem, git = f"The book cannot be fetched from {ADDRESS}. Is there a network?", ["git", "-C", folder]
    folder.mkdir()
    shell(problem, *git, "init", "--quiet")
    shell(problem, *git, "remote", "add", "origin", ADDRESS)
    shell(problem, *git, "fetch", "--quiet", "--depth", "1", "origin", COMMIT or "HEAD")
    shell(problem, *git, "checkout", "--quiet", "--detach", "FETCH_HEAD")


def unpack(folder):
    """The book from a zip file beside the notebook: the repository, as GitHub hands it out or as it lies on a disk."""
    for path in sorted(Path().glob("*.zip")):
        with ZipFile(path) as file:
            names = [name for name in file.namelist() if name.endswith("lib/prediction.py") and name.count("/") <= 2]
            if names:
                inside = names[0].removesuffix("lib/prediction.py")
                file.extractall(folder, [name for name in file.namelist() if name.startswith(inside)])
                return folder / inside
    other = where_is_the_book()
    raise NoBook(
        "The book's package, lib, is not installed in this Python"
        + (f" (what is called lib in {other.parent} is another one)" if other else "")
        + ("" if ADDRESS else ", and no public address is known to fetch it from")
        + ". In a copy of the book run `make book`, and open the notebook with its .venv; elsewhere, as on Colab, put the"
        " book's repository beside this notebook, as a zip file, and run this cell again."
    )


def fetch():
    """Get the book, look whether it is the book, install its package and nothing else, and go to its notebooks."""
    if not BOOK.is_dir():
        with TemporaryDirectory(dir=".") as new:
            found = Path(new, "book")
            if ADDRESS and not Path("../lib/prediction.py").exists():
                clone(found)
            else:
                found = unpack(found)
            if not is_the_book(found):
                raise NoBook(f"What comes from {ADDRESS or 'the zip file'} is not this book. Nothing was installed.")
            found.rename(BOOK)
    elif not is_the_book(BOOK):
        whence = f" from {ADDRESS}" if ADDRESS else ""
        raise NoBook(
            f"The folder {BOOK} here is not the book{whence} in the state that this notebook was written with. "
            "Nothing was installed. Rename that folder, or delete it, and run this cell again."
        )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--editable", BOOK]
    shell("The book's package cannot be installed.", *pip)
    sys.path.insert(0, str(BOOK.resolve()))  # for this kernel; those that start later find it alone
    git = ["git", f"--git-dir={BOOK / '.git'}", "log", "-1", "--format=%h of %cs"]
    commit = shell("This is no clone.", *git) if (BOOK / ".git").is_dir() else "from a zip file"
    os.chdir(BOOK / "notebooks")  # where the chapters stand; run once more, this cell finds nothing to do

    import torch

    print("the book:", commit)
    for name in ("torch", "numpy", "matplotlib", "ipywidgets"):
        print(f"{name}:", version(name))
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    print(f"GPU: {gpu}. Nothing here needs one; with one (menu Runtime, Change runtime type)")
    print("the last cells of chapter 12 also train on larger images, for hours.")


if not ready() or BOOK.is_dir():
    fetch()
