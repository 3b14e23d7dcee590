"""The licences of the packages that the book runs on, as each package declares its own.

python -m tools.checks.licences     a line for each package of constraints.txt; fails where one declares none, or one of UNWANTED
"""

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLASSIFIER = "License :: OSI Approved :: "
# These ask whoever links with them to take over their terms, which a book under MIT cannot promise its readers.
# The Lesser GPL does not.
UNWANTED = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public|proprietary", re.IGNORECASE)


def declared(package: metadata.Distribution) -> str:
    """What a package says of its licence, in one line; empty when it says nothing."""
    about = package.metadata
    if about.get("License-Expression"):
        return about["License-Expression"]
    classified = [
        line.removeprefix(CLASSIFIER) for line in about.get_all("Classifier", []) if line.startswith(CLASSIFIER)
    ]
    first = next((line.strip() for line in (about.get("License") or "").split("\n") if line.strip()), "")
    if classified or first:
        return "; ".join(classified) or first
    files = [file for file in package.files or [] if re.search(r"licen[cs]e|copying", file.name, re.IGNORECASE)]
    return (
        next((line.strip() for line in files[0].locate().read_text().split("\n") if line.strip()), "") if files else ""
    )


def unwanted(said: str) -> bool:
    """Whether a licence is missing, or is one of UNWANTED and offers no other."""
    alternatives = re.split(r"\bOR\b|;", said)
    return not any(one.strip() and not UNWANTED.search(one) for one in alternatives)


def table(root: Path = ROOT) -> dict[str, str]:
    """{package and version: its licence} of everything in constraints.txt that is installed here."""
    found = {}
    for name in re.findall(r"^([\w.-]+)==", (root / "constraints.txt").read_text(), re.MULTILINE):
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # of another system
            continue
        found[f"{name} {package.version}"] = declared(package)
    return found


if __name__ == "__main__":
    licences = table()
    for name, said in licences.items():
        print(f"{name:40}{said or 'none declared'}")
    if bad := [name for name, said in licences.items() if unwanted(said)]:
        sys.exit(f"look at these: {', '.join(bad)}")
