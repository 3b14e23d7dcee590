"""Pictures beyond digits: Fashion-MNIST whole, emoji in colour, and how a batch of pictures is augmented.

Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747; MIT licence) is read from the files of Debian's package
`dataset-fashion-mnist`, or of Zalando's repository, or fetched from the Hugging Face hub: the same numbers, by their SHA-256.

The emoji are 1,372 pictures of Noto Color Emoji (SIL Open Font License 1.1) on white: all of Unicode 15 that are one character,
without flags; one with a skin tone is two characters. noto/emoji.csv gives each a class and noto/emoji.png its picture, so that
nobody needs the font. `python -m tools.results.emoji` draws them.
"""

import csv
import gzip
import hashlib
import io
import zlib
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lib.checks import check_tensor, check_whole, told
from lib.data import hub_bytes, to_range
from lib.seeding import given, rand

# ---- Fashion-MNIST ---------------------------------------------------------------------------------------------------

FASHION = ("T-shirt/top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
# Of the numbers alone, without the files' heads: whoever packs the files again, the numbers stay.
FASHION_SHA256 = {
    "train-images-idx3-ubyte": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "train-labels-idx1-ubyte": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "t10k-images-idx3-ubyte": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "t10k-labels-idx1-ubyte": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}
GET_FASHION = (
    "Get Fashion-MNIST with `apt install dataset-fashion-mnist` on Debian and Ubuntu, with `pip install datasets` and a network, "
    "or as four files from github.com/zalandoresearch/fashion-mnist, whose folder fashion_mnist(folder) reads."
)


def fashion_mnist(folder: str | Path | None = None) -> tuple[Tensor, Tensor]:
    """All of Fashion-MNIST: images (70000, 1, 28, 28) in [-1, 1], labels (70000,) in 0 ... 9, which FASHION names.

    The first 60,000 are its training images, the last 10,000 its test images; 7,000 a class. They are read from `folder`, which
    has the four files, packed or not; without one from Debian's package where it is installed, else from Hugging Face.

    Raises FileNotFoundError for a file that is missing, ValueError for one that is damaged or another, and what `from_hub` does.
    """
    if folder is None and DEBIAN.is_dir():
        folder = DEBIAN
    numbers = _fashion_of_the_hub() if folder is None else {name: _idx(Path(folder), name) for name in FASHION_SHA256}
    for name, found in numbers.items():
        if hashlib.sha256(found).hexdigest() != FASHION_SHA256[name]:
            where = "Hugging Face" if folder is None else folder
            raise ValueError(f"{name} from {where} does not hold the numbers of Fashion-MNIST (SHA-256). {GET_FASHION}")
    x, y = (
        torch.frombuffer(bytearray(numbers[f"train-{kind}"] + numbers[f"t10k-{kind}"]), dtype=torch.uint8)
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    return to_range(x.reshape(-1, 1, 28, 28)), y.long()


def _idx(folder: Path, name: str) -> bytes:
    """The numbers of a file in MNIST's format, which is a head, 4 bytes and 4 for each dimension, and then the numbers."""
    packed, plain = folder / f"{name}.gz", folder / name
    try:
        contents = plain.read_bytes() if plain.is_file() else gzip.decompress(packed.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"There is no file {packed}. {GET_FASHION}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{packed} is damaged, or not packed with gzip ({error}). {GET_FASHION}") from None
    return contents[16 if "images" in name else 8 :]


def _fashion_of_the_hub() -> dict[str, bytes]:
    """The numbers under the names of Zalando's files."""
    found = {}
    for part, file in (("train", "train"), ("test", "t10k")):
        try:
            pixels, labels = hub_bytes("fashion", part)
        except (OSError, ModuleNotFoundError) as error:
            raise type(error)(f"{error} {GET_FASHION}") from None
        found[f"{file}-images-idx3-ubyte"] = pixels.numpy().tobytes()
        found[f"{file}-labels-idx1-ubyte"] = labels.byte().numpy().tobytes()
    return found


# ---- emoji -----------------------------------------------------------------------------------------------------------

EMOJI = ("faces", "people", "animals", "plants", "food", "weather", "places", "vehicles", "objects", "symbols")
FACES = ("happy", "neutral", "unhappy", "creatures", "animals")
NOTO = Path(__file__).with_name("noto")
SIDE, COLUMNS = 32, 40  # of a picture; of the sheet, row by row in the order of the list
SHEET_SHA256 = "8015e1d72fe8d7ea15e54c7597622e122306bbe45702d00c5674785f41169f10"


class Emoji(NamedTuple):
    """A row of noto/emoji.csv."""

    code: int  # the character's number in Unicode
    kind: str  # of EMOJI
    face: str  # of FACES, or empty: no face
    name: str  # in Unicode


def emoji_list() -> list[Emoji]:
    """What stands in the sheet, in its order."""
    with (NOTO / "emoji.csv").open(encoding="utf-8", newline="") as file:
        return [Emoji(int(row["code"], 16), row["class"], row["face"], row["name"]) for row in csv.DictReader(file)]


def emoji(size: int = SIDE) -> tuple[Tensor, Tensor]:
    """1,372 emoji in colour on white: images (1372, 3, size, size) in [-1, 1], labels (1372,) in 0 ... 9, which EMOJI names.

    The classes are uneven: 124 faces, 156 people, 126 animals, 29 plants, 121 of food, 46 of the weather and the sky, 58 places,
    57 vehicles, 392 objects, 263 symbols. `size` is 32, 16 or 8; a pixel of a smaller picture is the mean of those it covers.

    Raises ValueError for another size, and where the sheet is missing or damaged.
    """
    return _pictures(size), torch.tensor([EMOJI.index(one.kind) for one in emoji_list()])


def faces(size: int = SIDE) -> tuple[Tensor, Tensor]:
    """The 152 emoji that show a face: images (152, 3, size, size) in [-1, 1], labels (152,) in 0 ... 4, which FACES names.

    40 look unhappy, 37 happy, 23 neither; 34 are animals' and 18 belong to creatures, moons and the like. Raises as `emoji` does.
    """
    rows, y = zip(*((i, FACES.index(one.face)) for i, one in enumerate(emoji_list()) if one.face))
    return _pictures(size)[list(rows)], torch.tensor(y)


def _pictures(size: int) -> Tensor:
    """(N, 3, size, size) in [-1, 1], cut from the sheet."""
    import numpy as np
    from PIL import Image

    check_whole("The size of emoji", size)
    if size not in (8, 16, SIDE):
        raise ValueError(f"The size of emoji must be 32, 16 or 8, got {size}.")
    path = NOTO / "emoji.png"
    contents = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(contents).hexdigest() != SHEET_SHA256:
        raise ValueError(
            f"{path} is {'damaged (SHA-256)' if contents else 'missing'}. Install the package again, or draw the sheet: "
            "python -m tools.results.emoji."
        )
    sheet = torch.from_numpy(np.array(Image.open(io.BytesIO(contents))))  # (rows * 32, 40 * 32, 3)
    x = sheet.unflatten(0, (-1, SIDE)).unflatten(2, (COLUMNS, SIDE)).permute(0, 2, 4, 1, 3).flatten(0, 1)
    return torch.nn.functional.avg_pool2d(to_range(x[: len(emoji_list())]), SIDE // size)


# ---- augmentation ----------------------------------------------------------------------------------------------------


def augment(x: Tensor, *, flip: bool = False, shift: int = 0, generator: torch.Generator | None = None) -> Tensor:
    """Pictures x (B, C, H, W), each moved at random, of the same shape and type: more of them than there are.

    flip   mirrors left and right, one picture in two
    shift  moves each by up to so many pixels up or down and left or right; what comes in repeats the border

    Each picture moves on its own, all its channels together. The draws hang on the generator and B alone.
    Raises ValueError unless x has four dimensions and `shift` lies in 0 ... the shorter side - 1.
    """
    check_tensor("Pictures x", x)
    if x.ndim != 4:
        raise ValueError(f"Pictures x must have the shape (B, C, H, W) to be augmented, got {tuple(x.shape)}.")
    if not isinstance(flip, bool):
        raise TypeError(f"flip must be True or False, got {told(flip)}.")
    batch, generator = len(x), given(generator)
    check_whole("shift", shift, 0, high=min(x.shape[2:]) - 1)
    mirrored = rand(batch, generator=generator) < (0.5 if flip else 0)
    down, right = torch.randint(-shift, shift + 1, (2, batch), generator=generator, device=generator.device)
    return moved(x, mirrored, down, right)


def moved(x: Tensor, mirrored: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Pictures x (B, C, H, W), each mirrored or not and then moved by whole pixels, all of which (B,) tensors tell; like x."""
    (batch, channels, height, width), device = x.shape, down.device
    rows = (torch.arange(height, device=device) - down[:, None]).clamp(0, height - 1)  # (B, H): where each comes from
    columns = (torch.arange(width, device=device) - right[:, None]).clamp(0, width - 1)
    columns = torch.where(mirrored[:, None], width - 1 - columns, columns)
    one = torch.arange(batch, device=device)[:, None, None, None]
    channel = torch.arange(channels, device=device)[:, None, None]
    index = (one, channel, rows[:, None, :, None], columns[:, None, None, :])
    return x[tuple(part.to(x.device) for part in index)]
