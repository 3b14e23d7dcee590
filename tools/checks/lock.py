"""The lock of what builds the published book: requirements-locked.txt, the digests of every package's wheels.

    python -m tools.checks.lock     after a change of constraints.txt or requirements-alone.txt; asks pip's index, some minutes

The pins say which version, the lock says which bytes: `make LOCKED=1 ...` installs nothing else beside torch, which has wheels
for each kind of machine, from another index. A wheel is listed if pip would choose it on Linux x86-64, under one of PYTHONS and
GLIBC.
"""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-locked.txt"
PYTHONS = ("3.11.9", "3.12.9", "3.13.9", "3.14.9")  # not the first of each: some packages refuse it
GLIBC = (39, 28)  # a new machine chooses the newest build; for those before 2.28 some packages have none
HEAD = "# Written by `python -m tools.checks.lock`: the wheels that pip may choose on Linux x86-64, CPython 3.11 to 3.14.\n"
# The index alone counts: what lies on this machine's disk is nobody's release.
ALONE = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}


def pins(root: Path = ROOT) -> dict[str, str]:
    """{package: its version} of all that is installed, but torch."""
    text = "".join((root / name).read_text() for name in ("constraints.txt", "requirements-alone.txt"))
    found = dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))
    return {name: version for name, version in found.items() if name != "torch"}


def chosen(lines: Iterable[str], python: str, glibc: int) -> dict[str, tuple[str, str]]:
    """{name==version: (wheel, sha256)} that pip would install there, as its index says; nothing is installed."""
    call = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    call += ["--target=nowhere"]  # pip wants one when it is asked for another machine; a dry run writes nothing
    call += ["--report=-", "--only-binary=:all:", f"--python-version={python}"]
    call += [f"--platform=manylinux_2_{minor}_x86_64" for minor in range(glibc, 16, -1)]  # the first is preferred
    call += ["--platform=manylinux2014_x86_64"]
    done = subprocess.run([*call, *lines], env=os.environ | ALONE, stdout=subprocess.PIPE, text=True, check=True)
    wheels = {plain(one["metadata"]["name"]): one["download_info"] for one in json.loads(done.stdout)["install"]}
    infos = {line: wheels[plain(line.split("==")[0])] for line in lines}
    return {
        line: (info["url"].rsplit("/", 1)[1], info["archive_info"]["hashes"]["sha256"]) for line, info in infos.items()
    }


def plain(name: str) -> str:
    """A package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def digests(lines: list[str]) -> dict[str, set[str]]:
    """{name==version: sha256 of its wheels}; what is pure at the first try is the same everywhere, and not asked for again."""
    found = {line: set() for line in lines}
    for number, (python, glibc) in enumerate(itertools.product(PYTHONS, GLIBC)):
        wheels = chosen(lines, python, glibc)
        for line, (_, sha) in wheels.items():
            found[line].add(sha)
        if number == 0:
            lines = [line for line in lines if not wheels[line][0].endswith("-none-any.whl")]
        print(f"Python {python}, glibc 2.{glibc}: {len(wheels)} wheels", flush=True)
    return found


def written(found: dict[str, set[str]]) -> str:
    """A lock as pip reads it, with --require-hashes."""
    return HEAD + "".join(
        " \\\n    ".join([line, *(f"--hash=sha256:{sha}" for sha in sorted(shas))]) + "\n"
        for line, shas in found.items()
    )


if __name__ == "__main__":
    LOCK.write_text(written(digests([f"{name}=={version}" for name, version in pins().items()])))
