"""Trained nets as files: safetensors, which hold numbers and text and nothing that could run.

    save(path, module, about)        a model around its net, an autoencoder, a classifier
    module = load(path, parts)       the same, ready to use; `parts` are the classes that the file may name

A file's `recipe` says how its module is made: the class and the arguments of its constructor, which every class that is saved
keeps under their own names; a model's net and path are recipes again. The rest of what a file says is where it comes from.

A file is written beside its name and then renamed, so whoever looks sees the old file or the new one, never half of one.
"""

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

NO_TRACE = {"generator", "attention"}  # arguments that a finished module does not depend on
PROVENANCE = ("data", "command", "torch")  # what every file says besides


def save(path: str | Path, module: nn.Module, about: dict[str, str]) -> None:
    """Write a module's weights in float16 (half the size, and no loss that a sample shows), its recipe, and `about`.

    Of a model only the net has weights. Raises ValueError where `about` does not say data, command and torch.
    """
    if missing := [key for key in PROVENANCE if key not in about]:
        raise ValueError(f"A file of weights must also say: {', '.join(missing)}.")
    write(path, halved(_core(module)), about | {"recipe": json.dumps(recipe(module))})


def load(path: str | Path, parts: Iterable[Callable], older: Callable[[dict[str, str]], dict], hint: str) -> nn.Module:
    """The module in a file of `save`, made of `parts` alone: evaluating, without gradients.

    older(what a file says) is the recipe of a file from before there were recipes; it may raise KeyError. `hint` says what makes
    such files. Raises ValueError, with the reason and the hint, for a file that is missing, damaged or of another kind.
    """
    tensors, said = read(path, (), hint)
    try:
        module = make(json.loads(said["recipe"]) if "recipe" in said else older(said), parts)
    except KeyError as error:
        raise ValueError(f"{path} does not say its {error.args[0]}: it is another kind of file. {hint}") from None
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(f"What {path} says of its net makes none: {error} {hint}") from None
    fill(_core(module), tensors, path)
    return module.requires_grad_(False).eval()


def recipe(thing: object) -> dict:
    """What makes another of its kind: {"call": its class, "with": its arguments}."""
    arguments = {
        name: getattr(thing, name) for name in inspect.signature(type(thing)).parameters if name not in NO_TRACE
    }
    return {"call": type(thing).__name__, "with": {name: _plain(value) for name, value in arguments.items()}}


def _plain(value: object) -> object:
    if isinstance(value, Tensor):
        return value.tolist()
    return recipe(value) if isinstance(value, nn.Module) or is_dataclass(value) else value


def call(name: str, **arguments) -> dict:
    """A recipe by hand."""
    return {"call": name, "with": arguments}


def make(recipe: dict, parts: Iterable[Callable]):
    """What a recipe stands for. Raises ValueError for one that names anything but `parts`."""
    known = {part.__name__: part for part in parts}
    if recipe["call"] not in known:
        raise ValueError(f"It is a {recipe['call']}, and here one can have {', '.join(known)}.")
    given = {
        name: make(value, known.values()) if isinstance(value, dict) else value
        for name, value in recipe["with"].items()
    }
    return known[recipe["call"]](**given)


def _core(module: nn.Module) -> nn.Module:
    """The module whose weights a file holds: the net of a model, else the module itself."""
    return getattr(module, "net", module)


# ---- files -------------------------------------------------------------------------------------------------------------------


def write(path: str | Path, tensors: dict[str, Tensor], about: dict[str, str]) -> None:
    """Write tensors and `about`, strings that say what they are. A kill at any moment leaves the file that was there before."""
    path, tensors = Path(path), {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(to_bytes(tensors, metadata=about | {"sha256": _checksum(tensors, about)}))
        os.fsync(file.fileno())  # the numbers are on the disk before the name is
    os.replace(draft, path)


def read(path: str | Path, keys: tuple[str, ...], hint: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file of `write`, and what it says of them, which must include `keys`.

    Raises ValueError with the reason, and with `hint`, where the file is missing, damaged, silent or not finite.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}. {hint}") from None
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged ({error}). {hint}") from None
    if about.pop("sha256", None) not in (None, _checksum(tensors, about)):  # files written elsewhere may have none
        raise ValueError(f"{path} is damaged (its content has changed since it was written). {hint}")
    if missing := [key for key in keys if key not in about]:
        raise ValueError(f"{path} does not say its {', '.join(missing)}: it is another kind of file. {hint}")
    if bad := [name for name, tensor in tensors.items() if not tensor.isfinite().all()]:
        raise ValueError(f"{path} has NaN or infinite numbers in {', '.join(bad[:3])}. {hint}")
    return tensors, about


def _checksum(tensors: dict[str, Tensor], about: dict[str, str]) -> str:
    """Of all names, numbers and words: safetensors has none."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def halved(net: nn.Module) -> dict[str, Tensor]:
    """The weights of a net in float16: half the size, and no loss that a sample shows."""
    return {name: weight.half() for name, weight in net.state_dict().items()}


def fill(net: nn.Module, tensors: dict[str, Tensor], path: str | Path) -> None:
    """Put tensors into a net of the same shape, in its own precision. Raises ValueError where they do not fit."""
    try:
        net.load_state_dict({name: tensor.to(torch.get_default_dtype()) for name, tensor in tensors.items()})
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit what the file says of them: {error}") from None
