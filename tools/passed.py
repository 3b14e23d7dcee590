"""What has passed before on this machine: a name with the key of all that its result hangs on, in `.cache/passed.json`."""

import json
import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".cache" / "passed.json"


def read() -> dict[str, str]:
    """Every name with its key."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def passed(name: str, key: str) -> bool:
    """Whether this passed with this key. Never in CI, nor with ALL=1."""
    return os.environ.get("CI") != "true" and not os.environ.get("ALL") and read().get(name) == key


def remember(name: str, key: str) -> None:
    """This passed with this key."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(read() | {name: key}, indent=1))
