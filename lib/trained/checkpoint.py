"""checkpoint.safetensors: everything a resumed run needs, in one file that is whole at every moment.

It holds the newest weights, their average, the moments of Adam, the number of steps and the settings. With others it would be
another run, which is refused; but those in CHANGEABLE may be changed on purpose, and the file says at which step they were.
"""

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lib.ema import EMA
from lib.trained.batch import STREAMS
from lib.trained.config import stored
from lib.trained.files import look, put, read, write
from lib.trained.weights import fill

FREE = ("save_every", "sample_batch")  # decide no weight
CHANGEABLE = ("lr", "steps", "batch", "accumulate", "clip", "weight_decay", *FREE)


class Training(NamedTuple):
    """What a step of training changes."""

    net: nn.Module
    ema: EMA
    optimizer: torch.optim.Optimizer

    def tensors(self) -> dict[str, Tensor]:
        """All of it by name: net.*, ema.*, and adam.<number of the parameter>.*, from the first step on."""
        found = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        found |= {f"ema.{k}": v for k, v in self.ema.net.state_dict().items()}
        for i, state in self.optimizer.state_dict()["state"].items():
            found |= {f"adam.{i}.{k}": v for k, v in state.items()}
        return found

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of `tensors`, also before the first step, when Adam has none yet."""
        found = {f"{part}.{k}": tuple(v.shape) for part in ("net", "ema") for k, v in self.net.state_dict().items()}
        for i, weight in enumerate(self.net.parameters()):
            shape = tuple(weight.shape)
            found |= {f"adam.{i}.step": (), f"adam.{i}.exp_avg": shape, f"adam.{i}.exp_avg_sq": shape}
        return found

    def load(self, tensors: Mapping[str, Tensor], path: Path) -> None:
        """Take over what `tensors` gave."""
        parts = {"net": {}, "ema": {}, "adam": {}}
        for name, tensor in tensors.items():
            kind, _, rest = name.partition(".")
            parts[kind][rest] = tensor
        fill(self.net, parts["net"], path)
        fill(self.ema.net, parts["ema"], path)
        state = {}
        for name, tensor in parts["adam"].items():
            i, key = name.split(".")
            state.setdefault(int(i), {})[key] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": state})


class Past(NamedTuple):
    """What came before this try: steps, and changes on purpose, [{"step": 600, "lr": [0.001, 0.0003]}]."""

    done: int = 0
    changes: tuple[dict, ...] = ()

    @property
    def just_changed(self) -> str:
        """What is another from here on, in words."""
        new = self.changes[-1] if self.changes and self.changes[-1]["step"] == self.done else {}
        return "; ".join(f"{name} {pair[0]} -> {pair[1]}" for name, pair in new.items() if name != "step")


def fingerprint(x: Tensor) -> str:
    """A short hash of the numbers of a data set."""
    return hashlib.sha256(x.cpu().contiguous().numpy().tobytes()).hexdigest()[:16]


def save_checkpoint(path: Path, training: Training, told: dict[str, str], keep: int = 0) -> None:
    """Replace a checkpoint; `told` is what it says of itself. The `keep` ones before it stay, as checkpoint_<step>.safetensors.

    Raises ValueError for numbers that are not finite and OSError where there is no room; the checkpoint is then the old one.
    """
    if keep and path.exists():
        step = int(look(path, ("step",), "")[1]["step"])
        _link(path, path.with_stem(f"{path.stem}_{step:06d}"))
    write(path, training.tensors(), told)
    if keep:
        for older in generations(path, int(told["step"]))[:-keep]:
            older.unlink()


def _link(path: Path, name: Path) -> None:
    """A second name for a file, which costs no room, or a copy where the file system has no such thing."""
    if name.exists() and name.samefile(path):
        return  # of a try that was ended right here
    draft = name.with_name(f".{name.name}.draft")
    with suppress(FileNotFoundError):
        draft.unlink()
    try:
        os.link(path, draft)
    except OSError:
        put(name, path.read_bytes())
    else:
        os.replace(draft, name)


def generations(path: Path, before: int | None = None) -> list[Path]:
    """The older checkpoints beside one, of steps before the given one, the oldest first."""
    named = (re.fullmatch(rf"{path.stem}_(\d+){path.suffix}", other.name) for other in path.parent.iterdir())
    steps = sorted((int(match[1]), match[0]) for match in named if match)
    return [path.with_name(name) for step, name in steps if before is None or step < before]


def _check_past(step: int, changes: list) -> None:
    """Raise ValueError unless a Past can be made of what a file says."""
    if step < 0:
        raise ValueError(f"its step is {step}")
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        raise ValueError("its changes are none")
    for change in changes:
        pairs = [pair for name, pair in change.items() if name != "step"]
        if type(change["step"]) is not int or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise ValueError("its changes are none")


def _wish(differs: dict[str, list], step: int, left: int) -> str:
    """What makes these differences, for --change; where no steps are left, they need some to change anything."""
    wish = {name: value for name, (_, value) in differs.items()}
    if left == 0 and set(wish) != {"steps"}:
        wish["steps"] = 2 * step
    return " ".join(f"{name}={value}" for name, value in wish.items())


def load_checkpoint(path: Path, training: Training, settings: dict, data: str, changed: Collection[str] = ()) -> Past:
    """Put a checkpoint into `training`, which is new. `settings` are all of a run, `changed` names those changed on purpose.

    Raises ValueError with the reason where the file is damaged, or of another run or data set.
    """
    older = ", ".join(other.name for other in generations(path))
    hint = f"Rename an older one to resume from it: {older}." if older else "Start again in another folder with --out."
    _, said = look(path, ("config", "step", "data_hash"), hint)
    try:
        step, before, changes = int(said["step"]), stored(said), json.loads(said.get("changes", "[]"))
        before |= {"save_every": int(said["save_every"])} if "save_every" in said else {}
        _check_past(step, changes)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"{path} is damaged (what it says of its run is {error}). {hint}") from None
    differs = {name: [before.get(name), value] for name, value in settings.items() if before.get(name) != value}
    left = settings["steps"] - step
    if others := {name: pair for name, pair in differs.items() if name not in (*changed, *FREE)}:
        told = "; ".join(f"{name} was {was!r}, now {value!r}" for name, (was, value) in others.items())
        possible = left >= 0 and set(others) <= set(CHANGEABLE)
        way = f"change it on purpose with --change {_wish(others, step, left)}" if possible else "use another --out"
        raise ValueError(f"{path} belongs to another run: {told}. Resume with its options, or {way}.")
    if said.get("streams") != STREAMS:
        raise ValueError(
            f"{path} was begun by another version of this program, which drew other random numbers from the same seed. "
            "Finish the run with that version, or start again with another --out."
        )
    if said["data_hash"] != data:
        raise ValueError(f"{path} was trained on other data of the same name. Use another --out.")
    if left < 0:
        raise ValueError(f"{path} has {step} steps, more than steps={settings['steps']}. Ask for as many, or for more.")
    if left == 0 and (late := {name: pair for name, pair in differs.items() if name not in ("steps", *FREE)}):
        wish = _wish(late, step, left)
        raise ValueError(f"{path} has all its {step} steps. Give it more of them, as in --change {wish}.")
    training.load(read(path, (), hint, training.shapes())[0], path)
    new = {name: pair for name, pair in differs.items() if pair[0] is not None}  # older files do not say save_every
    return Past(step, (*changes, *([{"step": step} | new] if new else [])))
