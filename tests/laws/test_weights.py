"""Files of weights: whole or not there, and refused with the reason."""

import errno
import inspect
import json
import resource
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lib import (
    DDPM,
    Autoencoder,
    Classifier,
    CosinePath,
    DiT,
    FlowMatching,
    MLPDenoiser,
    UNet,
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


def fail(*_):
    raise OSError(errno.ENOSPC, "disk full")


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_draft(moment, tmp_path, monkeypatch):
    weights.write(tmp_path / "f", {"a": torch.zeros(2)}, {"kind": "old"})
    monkeypatch.setattr(f"os.{moment}", fail)
    with pytest.raises(OSError, match=r"disk full: '.*/f'"):
        weights.write(tmp_path / "f", {"a": torch.ones(2)}, {"kind": "new"})
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert weights.read(tmp_path / "f", (), "")[1] == {"kind": "old"}


def test_no_byte_is_missing_where_the_disk_is_full(tmp_path):
    """A real limit of the kernel, at every size up to that of the file."""
    weights.write(tmp_path / "f", {"a": torch.zeros(9)}, {"kind": "old"})
    size, before = (tmp_path / "f").stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in range(0, size, size // 7):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                weights.write(tmp_path / "f", {"a": torch.ones(9)}, {"kind": "old"})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert [path.name for path in tmp_path.iterdir()] == ["f"]
        assert not weights.read(tmp_path / "f", (), "")[0]["a"].any()


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (torch.tensor([1.0, torch.nan]), "NaN or infinite numbers in a"),
        (torch.tensor([-torch.inf]), "NaN or infinite numbers in a"),
        (torch.zeros(2, dtype=torch.int64), r"a has numbers of the type torch.int64"),
        (torch.zeros(2, dtype=torch.float8_e4m3fn), r"a has numbers of the type torch.float8_e4m3fn"),
    ],
)
def test_what_could_not_be_read_is_not_written(tensor, reason, tmp_path):
    weights.write(tmp_path / "f", {"a": torch.zeros(2)}, {})
    with pytest.raises(ValueError, match=f"f was not written: {reason}"):
        weights.write(tmp_path / "f", {"a": tensor}, {})
    assert not weights.read(tmp_path / "f", (), "")[0]["a"].any()


def test_weights_beyond_float16_are_saved_as_they_are(tmp_path):
    classifier = Classifier(8, width=4)
    classifier.head.bias.data[3] = 70_000.0
    weights.save(tmp_path / "f", classifier, ABOUT)
    assert load_classifier(tmp_path / "f").head.bias[3] == 70_000.0
    types = {name: tensor.dtype for name, tensor in weights.read(tmp_path / "f", (), "")[0].items()}
    assert types.pop("head.bias") == torch.float32 and set(types.values()) == {torch.float16}


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
            lambda path: save_file({"a": torch.tensor([torch.nan])}, path, {"kind": "x"}),
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
    "a U-Net": (DDPM(UNet(8, 3, width=8, levels=2, t_scale=1, classes=5), cosine_betas(7), "v"), load_model),
    "an autoencoder": (Autoencoder(2, 3, 4, beta=0.5), load_autoencoder),
    "a classifier": (Classifier(8, width=4), load_classifier),
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


KEPT = (FlowMatching, DDPM, MLPDenoiser, DiT, UNet, Autoencoder, Classifier)


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


# ---- lies --------------------------------------------------------------------------------------------------------------------


def entry(dtype: str, shape: list[int], end: int) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}


def raw(header: dict | bytes, length: int | None = None, numbers: int = 8) -> bytes:
    """A file by hand: the length of its header, the header, numbers."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(header) if length is None else length).to_bytes(8, "little") + header + bytes(numbers)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (raw({}, length=17 * 2**30), "damaged"),
        (raw({}, length=2**64 - 1), "damaged"),
        (raw({"a": entry("F32", [2**32], 2**34)}), "damaged"),
        (raw({"a": entry("F32", [2**40, 2**40], 8)}), "damaged"),
        (raw({"a": entry("F32", [-2], 8)}), "damaged"),
        (raw({"a": entry("Q7", [2], 8)}), "damaged"),
        (raw(b"[" * 100_000), "damaged"),
        (raw(b"\xff\xfe"), "damaged"),
        (raw({"a": entry("F8_E4M3", [8], 8)}), "numbers of the type F8_E4M3"),
        (raw({"a": entry("F8_E8M0", [8], 8)}), "numbers of the type F8_E8M0"),
        (raw({"a": entry("F4", [16], 8)}), "numbers of the type F4"),
        (raw({"a": entry("C64", [1], 8)}), "numbers of the type C64"),
        (raw({"a": entry("I64", [1], 8)}), "numbers of the type I64: F64, F32, F16, BF16 are read"),
    ],
)
def test_a_header_that_lies_is_refused(content, reason, tmp_path):
    (tmp_path / "f").write_bytes(content)
    for load in (load_model, load_autoencoder, load_classifier, toy.load):
        with pytest.raises(ValueError, match=f"{reason}.*makes"):
            load(tmp_path / "f")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="is a folder: name the file in it"):
        load_model(tmp_path)


def dit(**changes) -> dict:
    shape = {"size": 8, "channels": 1, "patch": 4, "width": 16, "depth": 1, "heads": 2, "t_scale": 1000, "classes": 5}
    return weights.call("DiT", **shape | changes)


LIES = {
    "ten million blocks": ({"depth": 10_000_000}, "Its depth is beyond 1,000,000"),
    "a million blocks": ({"depth": 1_000_000}, "Missing key: it needs more than"),
    "17 GB of weights": ({"width": 19_000}, "size mismatch for embed.weight"),
    "17 GB of positions": ({"size": 65_536, "patch": 1, "channels": 16}, "would compute tables of"),
    "a number of 4,000 digits": ({"width": 10**3999}, "Its width is beyond"),
    "no heads": ({"heads": 0}, "heads must be at least 1"),
    "a width of text": ({"width": "16"}, "str"),
    "a negative width": ({"width": -16}, "width must be at least 1"),
    "a net in a net": ({"t_scale": dit(width=20_000)}, "It is a DiT, and here one can have linear_betas"),
    "a schedule of many steps": ({"t_scale": weights.call("linear_betas", T=10**6)}, "Its T is beyond 100,000"),
    "a table of many betas": ({"t_scale": [0.5] * 100_001}, "Its t_scale are 100,001 numbers"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_recipe_that_lies_is_refused_with_next_to_no_memory(name, tmp_path):
    """Its promised error comes in a second, and before anything large is made."""
    change, reason = LIES[name]
    honest = FlowMatching(weights.make(dit(), (DiT,)))
    said = ABOUT | {"recipe": json.dumps(weights.recipe(honest) | {"with": {"net": dit(**change)}})}
    weights.write(tmp_path / "f", weights.halved(honest.net), said)
    before, start = peak(), time.process_time()
    with pytest.raises(
        ValueError, match=rf"(makes none|do not fit what the file says of them): .*{reason}.*`python -m lib.trained`"
    ):
        load_model(tmp_path / "f")
    assert time.process_time() - start < 1 and peak() - before < 2**26


def test_what_a_recipe_cannot_hold_is_not_saved(tmp_path):
    model = DDPM(MLPDenoiser(width=8, embed_dim=4, t_scale=0.001), torch.full((100_001,), 1e-4))
    with pytest.raises(ValueError, match="Its betas are 100,001 numbers, and 100,000 are the most"):
        weights.save(tmp_path / "f", model, ABOUT)


@pytest.mark.parametrize("process", ["sde", None, ["flow"]])
def test_an_older_file_of_another_process_is_refused(process, tmp_path):
    shape = {"patch": 4, "width": 16, "depth": 1, "heads": 2, "target": "u"}
    said = {"config": json.dumps(shape | {"process": process}), "shape": "[1, 8, 8]"}
    honest = DiT(8, **{name: shape[name] for name in ("patch", "width", "depth", "heads")}, t_scale=1000, classes=10)
    weights.write(tmp_path / "f", weights.halved(honest), said)
    with pytest.raises(ValueError, match="makes none: It is a net for"):
        load_model(tmp_path / "f")


def peak() -> int:
    """The most bytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.fixture
def large(tmp_path):
    """17 GB of zeros, which take no room on the disk."""
    header = {
        "a": entry("F32", [2**32], 2**34),
        "__metadata__": {"recipe": json.dumps(weights.recipe(MODULES["a classifier"][0]))},
    }
    (tmp_path / "f").write_bytes(raw(header, numbers=0))
    with (tmp_path / "f").open("r+b") as file:
        file.truncate(len(raw(header, numbers=0)) + 2**34)


@pytest.mark.skipif(sys.platform != "linux", reason="only there is room for addresses limited, and told")
@pytest.mark.parametrize("room", [2**33, 2**34 + 2**33])
def test_a_file_beyond_the_memory_is_refused(room, large, tmp_path):
    """Beyond what is free at the first look, or for a second one."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + room, before[1]))
    try:
        with pytest.raises(ValueError, match=r"f does not fit into memory .*Cannot allocate memory.* Hint"):
            weights.read(tmp_path / "f", (), "Hint.")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_large_file_is_not_read_before_its_shapes_are_right(large, tmp_path):
    before = peak()
    with pytest.raises(ValueError, match="do not fit what the file says of them: Missing key"):
        load_classifier(tmp_path / "f")
    assert peak() - before < 2**26
