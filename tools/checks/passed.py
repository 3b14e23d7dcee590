"""Remember what has passed, so that it is not run again before something it depends on has changed.

    key = digest(files, versions)
    if not passed("a name", key):
        ...                          # run it
        remember("a name", key)      # only when it went well

Kept in .cache, which git ignores: one small file a name, so that processes side by side do not disturb each other. In CI, and
with ALL set to anything in the environment, nothing has passed before.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".cache" / "passed"


def never_skip() -> bool:
    """Whether this run has been asked to believe nothing."""
    return os.environ.get("CI") == "true" or bool(os.environ.get("ALL"))


def passed(name: str, key: str) -> bool:
    """Whether this name was remembered with this key, and may be skipped."""
    try:
        return not never_skip() and _place(name).read_text() == key
    except FileNotFoundError:
        return False


def remember(name: str, key: str) -> None:
    """This name passed with this key. Written aside and moved, so that nobody reads half of it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=KEPT, prefix=".", delete=False) as aside:
        aside.write(key)
    os.replace(aside.name, _place(name))


def digest(files: Iterable[Path], *words: str) -> str:
    """A key over files and words. A file that is not there counts too: a key changes when it appears."""
    whole = hashlib.sha256(repr(words).encode())
    for file in files:
        content = file.read_bytes() if file.is_file() else None
        whole.update(f"{file.name} {None if content is None else len(content)}\n".encode() + (content or b""))
    return whole.hexdigest()


def _place(name: str) -> Path:
    return KEPT / quote(name, safe=" ")
