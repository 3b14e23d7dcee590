"""The folder of a run, or of pictures: it is made, claimed and written to here, and nobody else's files are touched."""

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path

from lib.trained.config import Config
from lib.trained.files import put

CHECKPOINT, MODEL, CONFIG, LOG = "checkpoint.safetensors", "model.safetensors", "config.json", "log.csv"
OF_A_RUN = (
    rf"{CONFIG}|{LOG}|samples_\d+\.png|(checkpoint|model)(_\d+)?\.safetensors"  # the names of what is written there
)


def make(out: Path) -> None:
    """Make a folder, if it is not there.

    Raises ValueError where `out` is a file, OSError where it cannot be made or written to.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file, and a folder is wanted. Choose another --out.")
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise PermissionError(f"{out} cannot be written to. Choose another --out.")


def claim(out: Path, resume: bool) -> None:
    """Make the folder of a run. Nothing in it is touched yet.

    Raises ValueError where `out` is a file, holds a run and `resume` is False, or holds what no run left there; OSError where
    it cannot be made or written to.
    """
    make(out)
    if (out / CHECKPOINT).exists():
        if not resume:
            raise ValueError(f"{out} holds a run already. Continue it with --resume, or choose another --out.")
    elif others := _of_others(out):
        raise ValueError(
            f"{out} holds {others[0]}, which is not of a run to resume. Choose another, or an empty, --out."
        )


def _of_others(out: Path) -> list[str]:
    """What stands in a folder without a checkpoint, except hidden files and what a run left that was killed before its first."""
    names = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    try:
        own = json.loads((out / CONFIG).read_text()).keys() == {field.name for field in fields(Config)}
    except (OSError, ValueError, AttributeError):
        own = False
    own = own and len(list(out.glob("samples_*.png"))) <= 1  # more is a whole run, whose checkpoint somebody removed
    return [name for name in names if not (own and re.fullmatch(rf"{CONFIG}|{LOG}|samples_\d+\.png", name))]


@contextmanager
def alone(out: Path, ours: str = OF_A_RUN) -> Iterator[None]:
    """Inside, no other process can work in a folder, and what a killed one had half written is gone: drafts of the names `ours`.

    Raises ValueError where one does. The lock ends with the process.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        _tidy(out, ours)
        yield
        return
    handle = os.open(out, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    f"Another process works in {out}. Wait for its end, or choose another --out. "
                    "On several GPUs start one with torchrun."
                ) from None
        _tidy(out, ours)
        yield
    finally:
        os.close(handle)


def _tidy(out: Path, ours: str) -> None:
    for draft in out.glob(".*.draft"):
        if re.fullmatch(rf"\.({ours})\.draft", draft.name):
            draft.unlink()


def write_config(out: Path, config: Config) -> None:
    """config.json, for people."""
    put(out / CONFIG, (json.dumps(asdict(config), indent=2) + "\n").encode())


# ---- log.csv ---------------------------------------------------------------------------------------------------------


class Log:
    """log.csv: a row every so many steps, on the disk as soon as it is written. Rows after step `done` are of a lost try.

    `changed`, what was changed on purpose before this try, stands in its first row.
    """

    COLUMNS = ("step", "loss", "learning_rate", "images_per_second", "held_out_loss", "processes", "changed")

    def __init__(self, path: Path, done: int, processes: int = 1, changed: str = ""):
        kept = [row for row in read_log(path) if row["step"] <= done] if path.exists() and done else []
        self.path, self.processes, self.changed = path, processes, changed
        put(path, (_line(self.COLUMNS) + "".join(map(self._row, kept))).encode())

    def add(self, **row: float) -> None:
        """A row. On a full disk (OSError) no part of it stays."""
        whole = self.path.stat().st_size
        try:
            with self.path.open("a", newline="") as file:
                file.write(self._row(row | {"processes": self.processes, "changed": self.changed}))
        except OSError:
            os.truncate(self.path, whole)
            raise
        self.changed = ""

    def _row(self, row: dict) -> str:
        return _line([row.get(name, "") for name in self.COLUMNS])


def _line(values: Sequence) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(values)
    return text.getvalue()


def read_log(path: str | Path) -> list[dict[str, float | str]]:
    """The rows of a log.csv as numbers, "changed" as text; what a row does not tell is left out, and so is half a row.

    Raises ValueError where somebody else wrote in it.
    """
    kinds = {"step": int, "processes": int, "changed": str}
    try:
        text = Path(path).read_bytes().decode()
        whole = io.StringIO(text[: text.rfind("\n") + 1], newline="")
        rows = [{k: kinds.get(k, float)(v) for k, v in row.items() if v} for row in csv.DictReader(whole)]
        if not all("step" in row for row in rows if row):
            raise ValueError("a row without its step")
    except (ValueError, TypeError, csv.Error) as error:
        raise ValueError(
            f"{path} is not as a run wrote it ({error}). Mend it, or move it away: a resumed run then begins a new one."
        ) from None
    return [row for row in rows if row]
