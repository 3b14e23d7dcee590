"""Weights as files: safetensors, which hold numbers and text and nothing that could run.

A file is written beside its name and then renamed, so whoever looks sees the old file or the new one, never half of one.
"""

import hashlib
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn


def write(path: str | Path, tensors: dict[str, Tensor], about: dict[str, str]) -> None:
    """Write tensors and `about`, strings that say what they are. A kill at any moment leaves the file that was there before."""
    path, tensors = Path(path), {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(save(tensors, metadata=about | {"sha256": _checksum(tensors, about)}))
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
