"""Files of weights: whole or not there, and refused with the reason."""

import inspect
import json

import pytest
import torch

from lib import (
    DDPM,
    Autoencoder,
    CosinePath,
    DigitClassifier,
    DiT,
    FlowMatching,
    MLPDenoiser,
    VPPath,
    cosine_betas,
    load_autoencoder,
    load_classifier,
    load_model,
)
from lib.trained import toy, weights


def test_what_is_written_is_read(tmp_path):
    weights.write(tmp_path / "f", {"a": torch.arange(6.0).reshape(2, 3).T}, {"kind": "test"})
    tensors, about = weights.read(tmp_path / "f", ("kind",), "Hint.")
    assert torch.equal(tensors["a"], torch.arange(6.0).reshape(2, 3).T) and about == {"kind": "test"}
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    weights.write(tmp_path / "f", {"a": torch.zeros(2)}, {"kind": "old"})

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(weights.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        weights.write(tmp_path / "f", {"a": torch.ones(2)}, {"kind": "new"})
    assert weights.read(tmp_path / "f", (), "")[1] == {"kind": "old"}


def flip(path):
    """One bit of the numbers."""
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (flip, "is damaged .its content has changed"),
        (lambda path: path.unlink(), "There is no file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: weights.write(path, {"a": torch.zeros(1)}, {}), "does not say its kind"),
        (
            lambda path: weights.write(path, {"a": torch.tensor([torch.nan])}, {"kind": "x"}),
            "NaN or infinite numbers in a",
        ),
    ],
)
def test_a_spoilt_file_is_refused_with_a_hint(spoil, reason, tmp_path):
    weights.write(tmp_path / "f", {"a": torch.zeros(100)}, {"kind": "test"})
    spoil(tmp_path / "f")
    with pytest.raises(ValueError, match=f"{reason}.*Make it anew"):
        weights.read(tmp_path / "f", ("kind",), "Make it anew.")


# ---- recipes -----------------------------------------------------------------------------------------------------------------

ABOUT = {"data": "none", "command": "a test", "torch": "2"}
MODULES = {
    "a flow, nothing as by default": (
        FlowMatching(MLPDenoiser(3, 8, 2, embed_dim=4, t_scale=30, classes=2), VPPath(0.2, 8), "v", label_drop=0.3),
        toy.load,
    ),
    "DDPM on its own betas": (DDPM(MLPDenoiser(width=8, embed_dim=4), cosine_betas(7), "v"), toy.load),
    "a DiT": (
        FlowMatching(DiT(8, 3, patch=4, width=16, depth=2, heads=2, t_scale=1000, classes=5), CosinePath()),
        load_model,
    ),
    "an autoencoder": (Autoencoder(2, 3, 4, beta=0.5), load_autoencoder),
    "a classifier": (DigitClassifier(8, width=4), load_classifier),
}


@pytest.mark.parametrize("name", MODULES)
def test_what_is_saved_is_loaded(name, tmp_path):
    """The same kind with the same arguments and, to float16, the same weights; of a model, on the same path."""
    module, load = MODULES[name]
    weights.save(tmp_path / "f", module, ABOUT)
    again = load(tmp_path / "f")
    assert type(again) is type(module) and not again.training
    assert weights.recipe(again) == weights.recipe(module)
    for key, tensor in again.state_dict().items():
        assert torch.equal(tensor, module.state_dict()[key].half().float()), key
    assert not any(parameter.requires_grad for parameter in again.parameters())
    if hasattr(module, "path"):
        assert again.path == module.path and again.shape == module.shape
    assert weights.read(tmp_path / "f", ("data", "command", "torch"), "")[1].items() >= ABOUT.items()


@pytest.mark.parametrize("name", MODULES)
def test_every_argument_is_in_the_recipe(name):
    """One that got lost would be read back as its default."""
    for part in (part for part in MODULES[name][0].modules() if type(part) in KEPT):
        signature = inspect.signature(type(part)).parameters
        said = weights.recipe(part)["with"]
        assert said.keys() == signature.keys() - weights.NO_TRACE


KEPT = (FlowMatching, DDPM, MLPDenoiser, DiT, Autoencoder, DigitClassifier)


def test_save_wants_the_provenance(tmp_path):
    with pytest.raises(ValueError, match="must also say: command"):
        weights.save(tmp_path / "f", MODULES["a classifier"][0], {"data": "", "torch": ""})
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("name", MODULES)
def test_a_file_of_another_kind_is_refused(name, tmp_path):
    """By every loader but those for its kind: each makes what it names, and nothing else that a file may ask for."""
    module, own = MODULES[name]
    weights.save(tmp_path / "f", module, ABOUT)
    for load in {load for _, load in MODULES.values()} - {own}:
        with pytest.raises(ValueError, match=r"makes none: It is a .*, and here one can have .* makes"):
            load(tmp_path / "f")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r | {"call": "exec"}, "It is a exec, and here one can have DDPM, FlowMatching, MLPDenoiser"),
        (lambda r: r | {"with": r["with"] | {"target": "w"}}, "Unknown target 'w'"),
        (lambda r: r | {"with": r["with"] | {"more": 1}}, "unexpected keyword"),
        (lambda r: {"with": {}}, "does not say its call"),
        (lambda r: r | {"with": r["with"] | {"net": r["with"]["net"] | {"call": "DiT"}}}, "It is a DiT"),
    ],
)
def test_a_recipe_that_makes_nothing_is_refused(change, reason, tmp_path):
    module = MODULES["a flow, nothing as by default"][0]
    said = {"recipe": json.dumps(change(weights.recipe(module)))}
    weights.write(tmp_path / "f", weights.halved(module.net), ABOUT | said)
    with pytest.raises(ValueError, match=reason):
        toy.load(tmp_path / "f")


def test_a_recipe_that_is_no_json_is_refused(tmp_path):
    weights.write(tmp_path / "f", {"a": torch.zeros(1)}, ABOUT | {"recipe": "net(3"})
    with pytest.raises(ValueError, match=r"What .* says of its net makes none"):
        load_classifier(tmp_path / "f")
