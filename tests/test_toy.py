"""The shipped toy nets: as good as their report says, small enough for a page, and never loaded when damaged."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lib import LinearPath, ddim, randn, rk4, seeded, sliced_wasserstein, two_moons
from lib.trained.toy import load
from lib.trained.weights import save
from tools.results import toy_nets

RESULTS = Path(__file__).parents[1] / "results"
FILES = {process: RESULTS / f"toy_{process}.safetensors" for process in toy_nets.SHIPPED}
REPORT = json.loads((RESULTS / "toy_nets.json").read_text())
SHAPE = {"width": 8, "depth": 2, "embed_dim": 4, "classes": 2}
ABOUT = {name: str(value) for name, value in SHAPE.items()}  # what an older file says
ABOUT |= {"process": "flow", "path": "LinearPath()", "target": "u", "data": "0", "command": "0", "torch": "0"}


def distance(model, rule, calls: int, label: int | None, n: int = 500) -> float:
    """Sliced Wasserstein distance of n samples to exact ones of that class."""
    y = None if label is None else torch.full((n,), label)
    x = model.sample((n, 2), calls, rule, y, generator=seeded(5))
    return sliced_wasserstein(x, toy_nets.of_class(4 * n, seeded(6), label))


@pytest.fixture
def shaken():
    """A shipped model whose weights are off by half their own size."""

    def shake(process: str):
        model = load(FILES[process])
        for w in model.net.parameters():
            w += 0.5 * w.std() * randn(w.shape, generator=seeded(0))
        return model

    return shake


@pytest.mark.parametrize("label", [None, 0, 1])
@pytest.mark.parametrize("process", FILES)
def test_the_shipped_nets_draw_two_moons(process, label, shaken):
    rule, calls = {"flow": (rk4, 20), "ddpm": (ddim, 50)}[process]
    assert distance(load(FILES[process]), rule, calls, label) < 0.2  # a floor of 500 points is about 0.07
    assert distance(shaken(process), rule, calls, label) > 0.2


@pytest.mark.parametrize("process", FILES)
def test_the_report_is_about_the_shipped_file(process):
    """One cell measured again, to the digits shown, up to float32's differences between machines."""
    model, report = load(FILES[process]), REPORT[process]
    run = next(iter(toy_nets.RUNS[process]))
    found = toy_nets.measure(model, process, seeds=3, runs=[run])[run]
    for group, (mean, sd) in report["sliced_wasserstein"][run].items():
        assert found[group] == pytest.approx([mean, sd], abs=2e-3)
        assert mean < 1.5 * REPORT["floor"][group][0]
    assert toy_nets.payload(model) == pytest.approx(report["payload_gzip_bytes"], rel=0.02)


def test_both_nets_fit_into_one_page():
    assert sum(toy_nets.payload(load(path)) for path in FILES.values()) < 60_000


def test_the_nets_know_their_classes():
    for process, path in FILES.items():
        model = load(path)
        x = model.sample((200, 2), 20, ddim, torch.arange(2).repeat_interleave(100), generator=seeded(1))
        upper, lower = x.chunk(2)
        assert upper[:, 1].mean() > lower[:, 1].mean() + 0.5, process
        assert upper[:, 0].mean() < lower[:, 0].mean() - 0.5, process


def test_what_is_saved_is_loaded(tmp_path):
    model = toy_nets.build("flow", "u", SHAPE)
    save(tmp_path / "net", model, ABOUT)
    again = load(tmp_path / "net")
    assert isinstance(again.path, LinearPath) and again.target == "u" and again.net.t_scale == 1000
    for mine, theirs in zip(again.net.parameters(), model.net.parameters(), strict=True):
        assert torch.equal(mine, theirs.half().float())
        assert not mine.requires_grad


# --- files that must not be loaded -----------------------------------------------------------------------------------


def planted(tmp_path: Path, about: dict[str, str], edit=lambda weights: weights) -> Path:
    """A file with this metadata and edited weights of a tiny net."""
    net = toy_nets.build("flow", "u", SHAPE).net
    weights = {name: w.half() for name, w in net.state_dict().items()}
    save_file(edit(weights), tmp_path / "net", metadata=about)
    return tmp_path / "net"


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(ValueError, match=r"no file .*nothing. `python -m tools.results.toy_nets`"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"\xff" * 20 + b[20:]])
def test_a_damaged_file_is_refused(damage, tmp_path):
    (tmp_path / "net").write_bytes(damage(FILES["flow"].read_bytes()))
    with pytest.raises(ValueError, match="is damaged"):
        load(tmp_path / "net")


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({key: value for key, value in ABOUT.items() if key != "target"}, "does not say its target"),
        (ABOUT | {"process": "score"}, "a net for 'score'"),
        (ABOUT | {"path": "CosinePath()"}, r"on 'CosinePath\(\)'"),
        (ABOUT | {"target": "w"}, "Unknown target 'w'"),
        (ABOUT | {"width": "16"}, "size mismatch"),
        (ABOUT | {"depth": "3"}, "Missing key"),
        (ABOUT | {"width": "wide"}, "makes none"),
    ],
)
def test_mismatched_metadata_is_refused(about, reason, tmp_path):
    with pytest.raises(ValueError, match=reason):
        load(planted(tmp_path, about))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda w: {name: tensor for name, tensor in w.items() if name != "layers.0.bias"}, "Missing key"),
        (lambda w: w | {"layers.0.bias": torch.full((8,), torch.nan)}, "NaN"),
        (lambda w: w | {"more": torch.zeros(1)}, "Unexpected key"),
    ],
)
def test_wrong_weights_are_refused(edit, reason, tmp_path):
    with pytest.raises(ValueError, match=reason):
        load(planted(tmp_path, ABOUT, edit))


def test_shipped_weights_are_half_precision():
    for path in FILES.values():
        assert {w.dtype for w in load_file(path).values()} == {torch.float16}


def test_one_class_of_exact_samples_is_one_moon():
    x, y = two_moons(300, generator=seeded(0))
    assert torch.equal(toy_nets.of_class(100, seeded(0), 1), x[y == 1][:100])
