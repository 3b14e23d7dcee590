"""Image runs on Fashion-MNIST and emoji, and runs that augment."""

import csv
import json
from dataclasses import asdict, replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from lib import load_model
from lib.pictures import DEBIAN
from lib.trained.__main__ import main
from lib.trained.config import DATA, Config, about, build, config_of
from lib.trained.loop import batch_of, train

FASHION = pytest.param(
    "fashion",
    marks=pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package of Fashion-MNIST is not installed"),
)
HERE = ["digits", "mnist_subset", "emoji", "faces", FASHION]  # what needs no network
TINY = Config(data="faces", patch=8, width=16, depth=1, heads=2, steps=4, batch=16, ema=0.9)


@pytest.mark.parametrize("name", HERE)
def test_a_data_set_is_what_its_row_says(name):
    data = DATA[name]
    x, y = data.load()
    assert tuple(x.shape[1:]) == data.shape and y.unique().tolist() == list(range(len(data.classes)))
    (x_train, y_train), (x_held, y_held) = data.sides()
    assert len(x_held) == len(y_held) == data.held_out and len(x_train) == len(y_train) == len(x) - data.held_out
    assert y_train.bincount(minlength=len(data.classes)).min() > 10  # every class is learned
    assert torch.equal(x_held, x[-data.held_out :]) == data.last


def test_every_data_set_names_its_classes_once():
    for name, data in DATA.items():
        assert len(set(data.classes)) == len(data.classes) > 1, name
    assert DATA["fashion"].held_out == 10_000 and DATA["fashion"].last  # its test images


@pytest.mark.parametrize("name", ["emoji", "faces", FASHION])
def test_four_steps_leave_a_model_and_a_row_of_pictures_for_each_class(name, tmp_path, monkeypatch):
    x, y = DATA[name].load()
    monkeypatch.setitem(DATA, name, DATA[name]._replace(load=lambda: (x, y), held_out=len(x) - 100))
    channels, side, _ = DATA[name].shape
    config = replace(TINY, data=name, patch=side // 4, flip=True)
    train(config, tmp_path, save_every=4, quiet=True)
    model, classes = load_model(tmp_path / "model.safetensors"), len(DATA[name].classes)
    assert model.shape == DATA[name].shape and config_of(tmp_path / "model.safetensors") == config
    assert model.sample((2, *model.shape), 2, y=torch.tensor([0, classes - 1])).isfinite().all()
    with pytest.raises(ValueError, match=f"from 0 to {classes - 1}"):
        model.sample((1, *model.shape), 2, y=torch.tensor([classes]))
    with Image.open(tmp_path / "samples_000004.png") as picture:
        assert picture.size == (8 * (side + 2), classes * (side + 2))
        assert picture.mode == {1: "L", 3: "RGB"}[channels]


# ---- augmentation ----------------------------------------------------------------------------------------------------

MOVED = replace(TINY, flip=True, shift=2)


def test_only_the_pictures_move():
    """Of a run that augments, everything else is drawn as of one that does not; and each step moves them anew."""
    (x, y), _ = DATA["faces"].sides()
    model = build(TINY, 3, 32)
    plain, moved = (batch_of(config, model, x, y, 3) for config in (TINY, MOVED))
    assert not torch.equal(plain.x, moved.x) and plain.x.shape == moved.x.shape
    assert all(torch.equal(a, b) for a, b in zip(plain[1:], moved[1:]))
    one = x[:1].expand(16, -1, -1, -1)  # epochs of one step, all of them of one picture
    assert not torch.equal(batch_of(MOVED, model, one, y[:16], 0).x, batch_of(MOVED, model, one, y[:16], 1).x)
    other = batch_of(replace(MOVED, seed=1), model, one, y[:16], 0)
    assert not torch.equal(batch_of(MOVED, model, one, y[:16], 0).x, other.x)


def test_processes_share_a_batch_that_is_moved():
    (x, y), _ = DATA["faces"].sides()
    model = build(MOVED, 3, 32)
    whole = batch_of(MOVED, model, x, y, 5)
    for rows in (range(8), range(8, 16)):
        assert torch.equal(batch_of(MOVED, model, x, y, 5, rows).x, whole.x[rows.start : rows.stop])


def test_an_augmented_run_that_was_stopped_ends_in_the_same_bits(tmp_path):
    folders = [tmp_path / name for name in ("whole", "stopped", "plain")]
    train(MOVED, folders[0], quiet=True)
    train(MOVED, folders[1], stop_at=2, quiet=True)
    train(MOVED, folders[1], resume=True, quiet=True)
    train(TINY, folders[2], quiet=True)
    whole, stopped, plain = (load_file(folder / "checkpoint.safetensors") for folder in folders)
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)
    assert not all(torch.equal(whole[name], plain[name]) for name in whole)
    with pytest.raises(ValueError, match="belongs to another run: shift was 2, now 3"):
        train(replace(MOVED, shift=3), folders[1], resume=True, quiet=True)


def test_the_options_reach_the_configuration(tmp_path):
    options = "--patch 8 --width 16 --depth 1 --heads 2 --steps 4 --batch 16 --ema 0.9 --data faces --flip --shift 2"
    main([*options.split(), "--out", str(tmp_path)])
    assert json.loads((tmp_path / "config.json").read_text()) == asdict(MOVED)
    assert about(MOVED, 4)["command"].endswith("--flip --shift 2")
    with (tmp_path / "log.csv").open() as file:
        assert float(list(csv.DictReader(file))[-1]["held_out_loss"]) > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--shift", "-1"], "shift must be at least 0, got -1"),
        (["--shift", "32"], "shift must lie in 0 ... 31"),
        (["--flip", "--latents", "some.safetensors"], "move pixels, and latents are none"),
        (["--shift", "1", "--latents", "some.safetensors"], "move pixels, and latents are none"),
    ],
)
def test_what_cannot_be_augmented_is_one_line(options, words, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--data", "faces", *options, "--out", str(tmp_path / "run")])
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and not (tmp_path / "run").exists()
