"""Files of tensors that are whole or not there: safetensors, which hold numbers and text and nothing that could run.

    write(path, tensors, about)              about: strings that say what the tensors are
    tensors, about = read(path, keys, hint)

A file is written beside its name and then renamed, so whoever looks sees the old file or the new one, never half of one. What
`read` would refuse is not written.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from lib.kernels import all_finite

# What is read, as safetensors calls it and as torch does.
NUMBERS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

Shapes = Mapping[str, tuple[int, ...]]


def mark(path: str | Path) -> str:
    """A short hash of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def put(path: str | Path, content: bytes) -> None:
    """Write a file. A full disk (OSError) or a kill leaves what stood there before; all but SIGKILL remove the draft too."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # the numbers are on the disk before the name is
        os.replace(draft, path)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from None
        raise


def write(path: str | Path, tensors: dict[str, Tensor], about: dict[str, str]) -> None:
    """Write tensors and `about`, strings that say what they are. A kill at any moment leaves the file that was there before.

    Raises ValueError, before anything is written, for numbers that `read` would refuse; OSError where there is no room.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    if strange := [name for name, tensor in tensors.items() if tensor.dtype not in NUMBERS.values()]:
        raise ValueError(f"{path} was not written: {strange[0]} has numbers of the type {tensors[strange[0]].dtype}.")
    if bad := not_finite(tensors):
        raise ValueError(f"{path} was not written: NaN or infinite numbers in {', '.join(bad[:3])}.")
    put(path, to_bytes(tensors, metadata=about | {"sha256": _checksum(tensors, about)}))


def look(path: str | Path, keys: tuple[str, ...], hint: str) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """The shapes of the tensors of a file of `write`, and what it says of them, from its header alone. Raises as `read` does."""
    return _open(path, keys, hint, lambda file, name: tuple(file.get_slice(name).get_shape()))


def read(
    path: str | Path, keys: tuple[str, ...], hint: str, shapes: Shapes | None = None
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file of `write`, and what it says of them, which must include `keys`.

    Raises ValueError with the reason, and with `hint`, where the file is missing, damaged, silent or not finite, and before a
    number is read where tensors are not of these `shapes`.
    """
    if shapes is not None and (found := look(path, keys, hint)[0]) != shapes:
        name = next(name for name in {**shapes, **found} if found.get(name) != shapes.get(name))
        raise ValueError(f"{path} has another {name} than it should: {found.get(name)}, not {shapes.get(name)}. {hint}")
    tensors, about = _open(path, keys, hint, lambda file, name: file.get_tensor(name))
    if about.pop("sha256", None) not in (None, _checksum(tensors, about)):  # files written elsewhere may have none
        raise ValueError(f"{path} is damaged (its content has changed since it was written). {hint}")
    if bad := not_finite(tensors):
        raise ValueError(f"{path} has NaN or infinite numbers in {', '.join(bad[:3])}. {hint}")
    return tensors, about


def _open(path: str | Path, keys: tuple[str, ...], hint: str, what: Callable) -> tuple[dict, dict[str, str]]:
    """what(file, name) for each tensor of a file, and what it says of them."""
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder: name the file in it. {hint}")
    try:
        with safe_open(path, framework="pt") as file:
            about, names = file.metadata() or {}, list(file.keys())
            types = {name: file.get_slice(name).get_dtype() for name in names}
            if strange := sorted(set(types.values()) - NUMBERS.keys()):
                raise ValueError(f"{path} has numbers of the type {strange[0]}: {', '.join(NUMBERS)} are read. {hint}")
            found = {name: what(file, name) for name in names}
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}. {hint}") from None
    except (MemoryError, RuntimeError) as error:  # the second is torch's
        raise ValueError(f"{path} does not fit into memory ({error}). {hint}") from None
    except (SafetensorError, OSError) as error:
        if _pickled(path):
            raise ValueError(f"{path} is a pickle of torch.save. It could run code and is not read. {hint}") from None
        raise ValueError(f"{path} is damaged ({error}). {hint}") from None
    if missing := [key for key in keys if key not in about]:
        raise ValueError(f"{path} does not say its {', '.join(missing)}: it is another kind of file. {hint}")
    return found, about


def _pickled(path: str | Path) -> bool:
    """Whether a file begins as those of torch.save do, the newer or the older ones."""
    try:
        with Path(path).open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"\x80\x02\x8a\x0a")
    except OSError:
        return False


def not_finite(tensors: Mapping[str, Tensor]) -> list[str]:
    """The names of tensors with NaN or infinite numbers."""
    return [name for name, tensor in tensors.items() if not all_finite(tensor)]


def _checksum(tensors: dict[str, Tensor], about: dict[str, str]) -> str:
    """Of all names, numbers and words: safetensors has none."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
