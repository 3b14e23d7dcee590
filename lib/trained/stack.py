"""Pictures as files: a stack, which programs read, and a sheet, to look at.

    write_stack(path, x, y, about)       x (N, C, H, W) bytes, y (N,) labels, about: strings that say what they are
    x, y, about = read_stack(path)
    write_png(path, sheet(x, rows))

A stack is the .npz in which the field hands samples to whoever computes a FID (guided-diffusion, whose evaluator reads it; DiT's
sample_ddp.py): arr_0 is (N, H, W, C) in uint8, arr_1 the labels (N,) in int64, NO_LABEL where a picture has none. Ours also has
`about`, a text. Bytes and not floats: a picture has 256 levels, as every PNG and every published FID, in a quarter of the room.
"""

import io
import json
import zipfile
import zlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from lib.labels import NO_LABEL
from lib.trained.files import put

HINT = "`python -m lib.trained.sample` makes such files."


def to_bytes(x: Tensor) -> Tensor:
    """[-1, 1] -> 0 ... 255, rounded; what lies outside is clipped. `lib.data.to_range` is the way back."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().byte()


def write_stack(path: str | Path, x: Tensor, y: Tensor, about: dict[str, str]) -> None:
    """Write bytes x (N, C, H, W), labels y (N,) and what they are, whole or not at all. Raises OSError where there is no room."""
    import numpy as np

    file = io.BytesIO()
    pixels = x.cpu().permute(0, 2, 3, 1).contiguous().numpy()
    np.savez(file, arr_0=pixels, arr_1=y.cpu().numpy(), about=np.array(json.dumps(about)))
    put(path, file.getvalue())


def read_stack(path: str | Path) -> tuple[Tensor, Tensor, dict[str, str]]:
    """Bytes (N, C, H, W), labels (N,), all NO_LABEL where the file has none, and what it says, {} where it says nothing.

    Nothing is unpickled. Raises ValueError, with the reason, for a file that is missing, damaged or of another kind.
    """
    import numpy as np

    if not Path(path).is_file():
        raise ValueError(f"There is no file {path}. {HINT}")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is damaged, or no stack of pictures. {HINT}")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as found:
            if "arr_0" not in found.files:
                raise KeyError("it has no arr_0")
            x, y = found["arr_0"], found["arr_1"] if "arr_1" in found.files else None
            about = json.loads(str(found["about"])) if "about" in found.files else {}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged, or no stack of pictures ({error}). {HINT}") from None
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[3] not in (1, 3) or not len(x):
        raise ValueError(f"{path}: arr_0 must be bytes (N, H, W, 1 or 3), got {x.dtype} of shape {x.shape}. {HINT}")
    if y is None:
        y = np.full(len(x), NO_LABEL)
    if y.dtype.kind not in "iu" or y.shape != (len(x),):
        raise ValueError(
            f"{path}: arr_1 must be whole numbers ({len(x)},), a label a picture, got {y.dtype} {y.shape}."
        )
    return torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(y.astype(np.int64)), about


def sheet(x: Tensor, rows: int) -> Tensor:
    """Pictures (rows * columns, C, H, W) of bytes as one (height, width, C): row by row, each in a frame of a grey pixel."""
    x = F.pad(x, (1, 1, 1, 1), value=128)
    return x.unflatten(0, (rows, -1)).permute(0, 3, 1, 4, 2).flatten(0, 1).flatten(1, 2)


def write_png(path: Path, picture: Tensor) -> None:
    """Bytes (H, W, 1 or 3) as a PNG."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture.squeeze(-1).numpy()).save(file, format="png")
    put(path, file.getvalue())
