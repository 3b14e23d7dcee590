"""Fashion-MNIST, emoji, and what augmentation may do to a picture."""

import gzip
import hashlib
import shutil
import struct
import sys
import types
import unicodedata

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lib import augment, emoji, faces, fashion_mnist, randn, seeded
from lib import pictures as module
from lib.pictures import EMOJI, FACES, FASHION, emoji_list
from tests.second_device import Elsewhere, second_device

# ---- Fashion-MNIST ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not module.DEBIAN.is_dir(), reason="Debian's package of Fashion-MNIST is not installed")
def test_fashion_mnist_is_whole_and_in_range():
    x, y = fashion_mnist()
    assert x.shape == (70_000, 1, 28, 28) and x.min() == -1 and x.max() == 1 and x.dtype == torch.float32
    assert y[:60_000].bincount().tolist() == [6000] * 10 and y[60_000:].bincount().tolist() == [1000] * 10
    assert len(FASHION) == 10
    sneakers, trousers = (x[y == FASHION.index(name), 0] for name in ("sneaker", "trousers"))
    assert sneakers[:, :6].mean() < -0.99 and sneakers[:, 16:18].mean() > 0  # flat, with nothing above
    assert trousers[:, :, :6].mean() < -0.95 and trousers[:, 4].mean() > -0.5  # narrow, from the top down


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Three training and two test images in files like Zalando's, and their numbers."""
    images = {"train": torch.arange(3), "t10k": torch.arange(3, 5)}
    for part, labels in images.items():
        pixels = (labels[:, None, None] * 50 + torch.zeros(28, 28)).byte()
        pixels[:, 2, 5] = 255  # row 2, column 5
        contents = {
            "images-idx3": struct.pack(">4i", 0x803, len(labels), 28, 28) + pixels.numpy().tobytes(),
            "labels-idx1": struct.pack(">2i", 0x801, len(labels)) + labels.byte().numpy().tobytes(),
        }
        for kind, content in contents.items():
            name, head = f"{part}-{kind}-ubyte", 16 if kind == "images-idx3" else 8
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
            monkeypatch.setitem(module.FASHION_SHA256, name, hashlib.sha256(content[head:]).hexdigest())
    return tmp_path


def test_fashion_mnist_of_a_folder_has_the_training_images_first(small):
    x, y = fashion_mnist(small)
    assert x.shape == (5, 1, 28, 28) and y.tolist() == [0, 1, 2, 3, 4] and y.dtype == torch.int64
    assert (x[:, 0, 2, 5] == 1).all() and torch.allclose(x[:, 0, 0, 0], torch.arange(5) * 50 / 127.5 - 1)


def test_files_may_be_unpacked(small):
    whole = fashion_mnist(str(small))
    for path in list(small.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert all(torch.equal(a, b) for a, b in zip(fashion_mnist(small), whole))


IMAGES = "t10k-images-idx3-ubyte.gz"
SPOILT = {
    "missing": (lambda path: path.unlink(), FileNotFoundError, "There is no file"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-20]), ValueError, "is damaged"),
    "half of a byte": (lambda path: path.write_bytes(path.read_bytes()[:20]), ValueError, "is damaged"),
    "not packed": (lambda path: path.write_bytes(b"PK" + path.read_bytes()), ValueError, "not packed with gzip"),
    "of MNIST": (lambda path: path.write_bytes(gzip.compress(bytes(1584))), ValueError, "does not hold the numbers"),
}


@pytest.mark.parametrize("flaw", SPOILT)
def test_a_file_that_is_none_is_named_and_how_to_get_it_said(flaw, small):
    spoil, error, words = SPOILT[flaw]
    spoil(small / IMAGES)
    with pytest.raises(error, match=rf"{words}.*apt install dataset-fashion-mnist") as said:
        fashion_mnist(small)
    assert IMAGES.removesuffix(".gz") in str(said.value)


def test_a_folder_that_is_none_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(FileNotFoundError, match=rf"{folder}.*apt install"):
            fashion_mnist(folder)


@pytest.fixture
def hub(monkeypatch, small):
    """A stand-in for `datasets`, with the small images."""
    x, y = fashion_mnist(small)
    pixels, parts = ((x[:, 0] + 1) * 127.5).round().byte().numpy(), {"train": slice(3), "test": slice(3, 5)}

    class Rows(dict):
        def with_format(self, kind):
            return self

    def load_dataset(repository, *, revision, split):
        assert "fashion" in repository and len(revision) == 40
        return Rows({"image": list(pixels[parts[split]]), "label": list(y.numpy()[parts[split]])})

    monkeypatch.setattr(module, "DEBIAN", small / "nowhere")
    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=load_dataset))
    return x, y


def test_the_hub_gives_the_same_fashion_mnist(hub):
    assert all(torch.equal(a, b) for a, b in zip(fashion_mnist(), hub))


def test_other_numbers_from_the_hub_are_refused(hub, monkeypatch):
    monkeypatch.setitem(module.FASHION_SHA256, "t10k-labels-idx1-ubyte", "0")
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte from Hugging Face does not hold the numbers"):
        fashion_mnist()


def test_without_a_hub_both_ways_are_named(hub, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install datasets\. Get Fashion-MNIST with `apt install"):
        fashion_mnist()


# ---- emoji -----------------------------------------------------------------------------------------------------------


def test_the_list_names_each_emoji_once_as_unicode_does():
    rows = emoji_list()
    assert len({one.code for one in rows}) == len({one.name for one in rows}) == len(rows) == 1372
    known = [one for one in rows if unicodedata.name(chr(one.code), "")]  # Python 3.11 stops at Unicode 14
    assert len(known) > 1300 and all(unicodedata.name(chr(one.code)).lower() == one.name for one in known)
    flags, skins = {*range(0x1F1E6, 0x1F200), *map(ord, "🏁🚩🎌🏴🏳")}, {*range(0x1F3FB, 0x1F400)}
    assert not (flags | skins) & {one.code for one in rows}


def test_each_emoji_has_a_class_and_the_docstrings_count_them():
    rows = emoji_list()
    assert {one.kind for one in rows} == set(EMOJI) and {one.face for one in rows} == {*FACES, ""}
    assert emoji()[1].bincount().tolist() == [124, 156, 126, 29, 121, 46, 58, 57, 392, 263]
    assert dict(zip(FACES, faces()[1].bincount().tolist())) == {
        "happy": 37, "neutral": 23, "unhappy": 40, "creatures": 18, "animals": 34}  # fmt: skip
    assert all(one.face for one in rows if one.kind == "faces")
    by_name = {one.name: one for one in rows}
    expected = {"grinning face": "faces", "woman": "people", "tiger": "animals", "cactus": "plants", "lemon": "food",
                "cloud": "weather", "house building": "places", "bus": "vehicles", "hammer": "objects",
                "heavy black heart": "symbols"}  # fmt: skip
    assert {name: by_name[name].kind for name in expected} == expected and set(expected.values()) == set(EMOJI)


def test_emoji_are_colour_pictures_on_white_in_the_order_of_the_list():
    x, y = emoji()
    assert x.shape == (1372, 3, 32, 32) and x.dtype == torch.float32 and y.dtype == torch.int64
    assert x.min() == -1 and x.max() == 1 and len(x.flatten(1).unique(dim=0)) == len(x)
    place = {one.name: i for i, one in enumerate(emoji_list())}
    for name, channel in {"large red circle": 0, "large green circle": 1, "large blue circle": 2}.items():
        middle = x[place[name], :, 14:18, 14:18].mean((1, 2))
        assert middle.argmax() == channel and middle.sort().values.diff()[-1] > 0.1
        assert (x[place[name], :, 0, 0] == 1).all()  # the corner, outside of the circle
    black, white = (x[place[f"{name} large square"], :, 16, 16] for name in ("black", "white"))
    assert black.max() < -0.4 and white.min() > 0.7


def test_arrows_point_where_their_names_say():
    """Neither mirrored nor turned: the white of an arrow is where its head is."""
    x, _ = emoji()
    place = {one.name: i for i, one in enumerate(emoji_list())}
    halves = {
        "upwards black arrow": (slice(4, 16), slice(4, 28)),
        "downwards black arrow": (slice(16, 28), slice(4, 28)),
        "leftwards black arrow": (slice(4, 28), slice(4, 16)),
        "black rightwards arrow": (slice(4, 28), slice(16, 28)),
    }
    for name, (rows, columns) in halves.items():
        picture = x[place[name], 0]
        assert picture[rows, columns].mean() > picture[4:28, 4:28].mean() + 0.02, name


@pytest.mark.parametrize("size", [16, 8])
def test_a_smaller_emoji_is_the_mean_of_its_pixels(size):
    x, y = emoji(size)
    whole, labels = emoji()
    assert x.shape == (1372, 3, size, size) and torch.equal(y, labels)
    n = 32 // size
    torch.testing.assert_close(x[700, 1, 3, 2], whole[700, 1, 3 * n : 4 * n, 2 * n : 3 * n].mean())


@pytest.mark.parametrize(("size", "error"), [(12, ValueError), (64, ValueError), (0, ValueError), ("32", TypeError)])
def test_another_size_is_refused(size, error):
    for read in (emoji, faces):
        with pytest.raises(error, match="The size of emoji must be"):
            read(size)


def test_faces_are_those_emoji_that_have_one():
    x, y = faces()
    whole, rows = emoji()[0], emoji_list()
    chosen = [i for i, one in enumerate(rows) if one.face]
    assert x.shape == (152, 3, 32, 32) and torch.equal(x, whole[chosen])
    assert [FACES[label] for label in y] == [rows[i].face for i in chosen]
    assert faces(8)[0].shape == (152, 3, 8, 8)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"IDAT", b"IDOT", 1)), "damaged"),
        (lambda path: path.unlink(), "missing"),
    ],
)
def test_a_sheet_that_is_not_the_shipped_one_is_refused(spoil, words, monkeypatch, tmp_path):
    shutil.copytree(module.NOTO, tmp_path / "noto")
    monkeypatch.setattr(module, "NOTO", tmp_path / "noto")
    emoji()
    spoil(tmp_path / "noto" / "emoji.png")
    with pytest.raises(ValueError, match=rf"emoji.png is {words}.*python -m tools.results.emoji"):
        emoji()


# ---- augmentation ----------------------------------------------------------------------------------------------------

X = randn((400, 3, 6, 5), generator=seeded(0))


def moved(x, down, right):
    """Written again: cut from the picture with its border repeated."""
    pad = F.pad(x, (4, 4, 4, 4), mode="replicate")
    return pad[..., 4 - down : 4 - down + x.shape[-2], 4 - right : 4 - right + x.shape[-1]]


def test_nothing_asked_for_changes_nothing():
    assert torch.equal(augment(X), X)


def test_a_flip_mirrors_half_of_the_pictures_whole():
    y = augment(X, flip=True, generator=seeded(1))
    same, mirrored = ((y == other).flatten(1).all(1) for other in (X, X.flip(-1)))
    assert (same ^ mirrored).all() and 150 < mirrored.sum() < 250  # 200 expected, 5 standard deviations are 50


def test_a_shift_moves_each_picture_to_every_place_and_repeats_the_border():
    y = augment(X, shift=2, generator=seeded(1))
    places = {(a, b): (y == moved(X, a, b)).flatten(1).all(1) for a in range(-2, 3) for b in range(-2, 3)}
    counts = torch.stack(list(places.values()))
    assert (counts.sum(0) == 1).all()  # each picture is at one place
    assert counts.sum(1).min() > 3 and counts.sum(1).max() < 36  # 16 expected at each


def test_a_flip_and_a_shift_do_both():
    y = augment(X[:50], flip=True, shift=1, generator=seeded(1))
    ways = [moved(x, a, b) for x in (X[:50], X[:50].flip(-1)) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    found = torch.stack([(y == way).flatten(1).all(1) for way in ways])
    assert (found.sum(0) == 1).all() and found[:9].any() and found[9:].any()


def test_the_moves_hang_on_the_generator_alone():
    ask = {"flip": True, "shift": 2}
    once = augment(X, **ask, generator=seeded(3))
    assert torch.equal(once, augment(X, **ask, generator=seeded(3)))
    assert not torch.equal(once, augment(X, **ask, generator=seeded(4)))
    assert torch.equal(2 * once, augment(2 * X, **ask, generator=seeded(3)))
    before = torch.random.get_rng_state()
    assert augment(X.byte(), **ask).dtype == torch.uint8  # of any type, with a seed of its own
    assert torch.equal(before, torch.random.get_rng_state())


def test_pictures_move_where_they_are():
    with second_device() as there:
        found = augment(X.to(there), flip=True, shift=2, generator=seeded(3))
    assert isinstance(found, Elsewhere)
    assert torch.equal(found.here, augment(X, flip=True, shift=2, generator=seeded(3)))


@pytest.mark.parametrize(
    ("x", "options", "error", "words"),
    [
        (X[0], {}, ValueError, r"shape \(B, C, H, W\)"),
        (np.zeros((2, 1, 4, 4)), {}, TypeError, "must be a tensor"),
        (X, {"shift": 5}, ValueError, "shift must be at most 4"),
        (X, {"shift": -1}, ValueError, "shift must be at least 0"),
        (X, {"shift": 0.5}, TypeError, "shift must be a whole number"),
        (X, {"flip": "yes"}, TypeError, "flip must be True or False"),
        (X, {"generator": 0}, TypeError, r"seeded\(0\)"),
    ],
)
def test_what_cannot_be_augmented_is_refused(x, options, error, words):
    with pytest.raises(error, match=words):
        augment(x, **options)
