"""Runs at scale: who draws what, batches in parts, clipped gradients, decay, presets, and what is refused before any step."""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lib import DiT, digits, split
from lib.trained import loop
from lib.trained.__main__ import PRESETS, main, parser
from lib.trained.batch import CHUNKS, batch_of
from lib.trained.config import DATA, Config, about, build
from lib.trained.files import look, read, write
from lib.trained.folder import read_log
from lib.trained.loop import sheet_of_samples, train
from lib.trained.processes import Place

ROOT = Path(__file__).parents[1]
TINY = Config(patch=4, width=16, depth=1, heads=2, steps=12, batch=48, ema=0.9)
FULL = replace(TINY, accumulate=3, flip=True, shift=1, clip=0.5, weight_decay=0.1)  # all at once
EVERY = {"log_every": 1, "save_every": 4, "quiet": True}


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    """The folder of a run of TINY."""
    out = tmp_path_factory.mktemp("plain") / "run"
    train(TINY, out, **EVERY)
    return out


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Path:
    """The folder of a run of FULL."""
    out = tmp_path_factory.mktemp("full") / "run"
    train(FULL, out, **EVERY)
    return out


@pytest.fixture(scope="module")
def data():
    (x, y), _ = split(*digits(), 500)
    return build(TINY, 1, 8), x, y


def losses(folder: Path) -> torch.Tensor:
    return torch.tensor([row["loss"] for row in read_log(folder / "log.csv")])


def options(config: Config) -> list[str]:
    """As they are typed."""
    return about(config, 0)["command"].split()[3:]


def command_line(*typed, capsys) -> str:
    """What the command line says when it refuses: one line."""
    with pytest.raises(SystemExit) as left:
        main([*map(str, typed)])
    said = capsys.readouterr().err
    assert left.value.code == 1 and said.startswith("error: ") and said.count("\n") == 1
    return said


# ---- who draws what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2, 3, 8, 16])
@pytest.mark.parametrize("batch", [48, 240, 336])
def test_processes_draw_together_what_one_draws(batch, processes, data):
    """Also where their rows are not whole chunks."""
    config, share = replace(FULL, batch=batch), batch // processes
    whole = batch_of(config, *data, 5)
    parts = [batch_of(config, *data, 5, range(r * share, (r + 1) * share)) for r in range(processes)]
    for all_rows, rows in zip(whole, zip(*parts)):
        assert len(all_rows) == batch and torch.equal(all_rows, torch.cat(rows))


def test_a_batch_of_any_size_is_whole(data):
    """One that is no multiple of the chunks, and one that is smaller than their number."""
    for size in (1, 5, 27, 50):
        config = replace(TINY, batch=size)
        batch = batch_of(config, *data, 2)
        assert {len(part) for part in batch} == {size}
        assert torch.equal(batch_of(config, *data, 2, range(size - 1, size)).eps, batch.eps[-1:])


def test_a_process_draws_its_own_chunks_and_no_others(data):
    """What was drawn is what lies behind the rows in memory."""
    one = batch_of(TINY, *data, 0, range(6))  # of eight processes
    assert one.eps.untyped_storage().nbytes() == one.eps.numel() * 4 == TINY.batch // CHUNKS * 64 * 4
    assert batch_of(TINY, *data, 0, range(5, 7)).eps.untyped_storage().nbytes() == 2 * one.eps.numel() * 4


def test_an_epoch_sees_every_image_once(data):
    _, x, _ = data
    steps = len(x) // TINY.batch
    for epoch in (0, 3):
        drawn = torch.cat([batch_of(TINY, *data, epoch * steps + i).x for i in range(steps)]).flatten(1)
        assert len(torch.unique(drawn, dim=0)) >= len(torch.unique(x.flatten(1), dim=0)) - len(x) % TINY.batch
    first, again = (batch_of(TINY, *data, epoch * steps).x for epoch in (0, 1))
    assert not torch.equal(first, again)


def test_times_are_spread_evenly_and_labels_dropped_one_by_one(data):
    drawn = [batch_of(TINY, *data, step) for step in range(60)]
    for batch in drawn[:5]:
        assert (batch.t * TINY.batch).long().tolist() == list(range(TINY.batch))
    dropped = torch.stack([batch.y == -1 for batch in drawn]).float()
    assert 0.08 < dropped.mean() < 0.12  # of 2,880; four standard deviations are 0.022
    assert dropped.mean(0).max() < 0.35 and dropped.mean(1).max() < 0.35  # neither the same rows nor whole steps
    t = torch.cat([batch_of(replace(TINY, process="ddpm"), build(replace(TINY, process="ddpm"), 1, 8), *data[1:], 0).t])
    assert t.dtype == torch.int64 and t.min() < 21 and t.max() > 979


def test_noise_is_normal_and_no_two_chunks_share_it(data):
    """Of one step, of two, and of two seeds."""
    seeds = [batch_of(replace(TINY, seed=seed), *data, step).eps for seed in (0, 1) for step in (0, 1)]
    rows = torch.cat(seeds).flatten(1)
    assert len(torch.unique(rows[:, 0])) == len(rows) and abs(rows.mean()) < 0.04 and abs(rows.std() - 1) < 0.03
    close = torch.corrcoef(rows) - torch.eye(len(rows))
    assert close.abs().max() < 0.7  # 18,000 pairs of 64 numbers: five standard deviations are 0.625


def test_pictures_are_mirrored_and_moved_as_often_as_they_should(data):
    """A bright pixel tells where each came from."""
    model, _, y = data
    x = torch.full((1200, 1, 8, 8), -1.0)
    x[:, :, 4, 3] = 1
    drawn = batch_of(replace(FULL, batch=1200, shift=2), model, x, y[:1].expand(1200), 0).x
    rows, columns = ((drawn > 0).any(dim).float().argmax(-1)[:, 0] for dim in (3, 2))
    assert rows.bincount(minlength=8)[2:7].min() > 180 and (rows - 4).abs().max() == 2  # 240 expected at each
    assert set(columns.tolist()) == set(range(1, 7))  # 3 or, mirrored, 4, and two to each side


# ---- a batch in parts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [2, 3, 16])
def test_a_batch_in_parts_follows_the_curve_of_a_whole_one(parts, plain, tmp_path):
    train(replace(TINY, accumulate=parts), tmp_path, **EVERY)
    torch.testing.assert_close(losses(tmp_path), losses(plain), atol=0, rtol=1e-5)  # 12 steps; seen: 2e-7
    assert not torch.equal(losses(tmp_path), losses(plain))  # it was computed in another order


def test_parts_are_as_large_as_they_should_be(tmp_path, monkeypatch):
    seen = []
    plain = loop.FlowMatching.loss

    def loss(self, x, y, **named):
        seen.append(len(x))
        return plain(self, x, y, **named)

    monkeypatch.setattr(loop.FlowMatching, "loss", loss)
    train(replace(TINY, accumulate=3, steps=2), tmp_path, log_every=1, save_every=9, quiet=True)
    assert seen[:6] == [16] * 6 and len(seen) == 7  # and the images that were held out


@pytest.mark.parametrize("parts", [1, 4])
def test_no_step_is_made_with_a_longer_gradient(parts, tmp_path):
    norms = []

    def note(optimizer, *_):
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        norms.append(torch.stack([weight.grad.norm() for weight in weights]).norm().item())

    handle = register_optimizer_step_pre_hook(note)
    try:
        for clip in (0.0, 0.2):
            train(replace(TINY, clip=clip, accumulate=parts, steps=6), tmp_path / f"{clip}", **EVERY)
    finally:
        handle.remove()
    free, clipped = norms[:6], norms[6:]
    assert min(free) > 0.2 and max(clipped) <= 0.2 * 1.0001 and min(clipped) == pytest.approx(0.2, rel=1e-3)


def test_decay_draws_the_weights_towards_zero(tmp_path):
    """AdamW's: after the first step each weight is smaller by lr * decay of what it was."""
    config = replace(TINY, steps=1)
    for decay in (0.0, 0.5):
        train(replace(config, weight_decay=decay), tmp_path / f"{decay}", **EVERY)
    none, some = (load_file(tmp_path / f"{decay}" / "checkpoint.safetensors") for decay in (0.0, 0.5))
    (rate,) = (row["learning_rate"] for row in read_log(tmp_path / "0.5" / "log.csv"))
    for name, weight in build(config, 1, 8).net.state_dict().items():
        change = some[f"net.{name}"] - none[f"net.{name}"]
        torch.testing.assert_close(change, -rate * 0.5 * weight, atol=1e-7, rtol=1e-3)


def test_pictures_are_the_same_however_many_are_drawn_at_a_time():
    """Up to the rounding of products of another size: one level of 256."""
    model = build(TINY, 1, 8)
    for weight in model.net.parameters():
        weight.data += 0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel()))
    asked = []

    def sheet(batch: int) -> torch.Tensor:
        return sheet_of_samples(model, 10, (1, 8, 8), lambda x: asked.append(len(x)) or x, 3, pixels=True, batch=batch)

    whole, parts = sheet(256), sheet(7)
    assert asked == [30, 7, 7, 7, 7, 2] and len(whole.unique()) > 50
    assert (whole.int() - parts.int()).abs().max() <= 1


def test_a_run_is_told_how_many_pictures_to_draw_at_a_time(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        loop, "sheet_of_samples", lambda *_, pixels, batch: asked.append(batch) or torch.zeros(1, 1, 1).byte()
    )
    train(replace(TINY, steps=1, sample_batch=5), tmp_path, **EVERY)
    assert asked == [5]


# ---- killed, resumed, changed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_run_with_all_of_it_that_was_stopped_ends_in_the_same_bits(stop, full, tmp_path):
    train(FULL, tmp_path, stop_at=stop, **EVERY)
    train(FULL, tmp_path, resume=True, **EVERY)
    whole, stopped = (load_file(folder / "checkpoint.safetensors") for folder in (full, tmp_path))
    assert whole.keys() == stopped.keys() and all(torch.equal(whole[name], stopped[name]) for name in whole)
    assert torch.equal(losses(full), losses(tmp_path))


def test_processes_average_their_gradients_once_a_step(tmp_path, monkeypatch):
    """After the last part of a batch: each time they would wait for each other."""
    asked = []

    class Parallel(torch.nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net, self.require_backward_grad_sync = net, True

        def forward(self, *question):
            asked.append(self.require_backward_grad_sync)
            return self.net(*question)

    monkeypatch.setattr("torch.nn.parallel.DistributedDataParallel", Parallel)
    monkeypatch.setattr(loop, "place", lambda: Place(torch.device("cpu"), 0, 2))
    monkeypatch.setattr(loop, "mean_over_processes", lambda value, world: value.item())
    monkeypatch.setattr(loop, "anywhere", lambda flag, world: flag)
    monkeypatch.setattr(loop, "leave_together", lambda world: None)
    train(replace(TINY, accumulate=3, steps=2), tmp_path, **EVERY)
    assert asked == [False, False, True] * 2


TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "lib.trained"]


def test_two_processes_with_all_of_it_follow_the_curve_of_one(full, tmp_path):
    """Each has its half of the batch in three parts, and the gradients are averaged before they are clipped."""
    run = subprocess.run(
        [*TORCHRUN, *options(FULL), "--log-every", "1", "--save-every", "4", "--out", str(tmp_path / "run")],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    assert {row["processes"] for row in read_log(tmp_path / "run" / "log.csv")} == {2}
    torch.testing.assert_close(losses(tmp_path / "run"), losses(full), atol=0, rtol=1e-4)
    one, two = (load_file(folder / "checkpoint.safetensors") for folder in (full, tmp_path / "run"))
    for name in one:
        if name.startswith("net."):
            torch.testing.assert_close(two[name], one[name], atol=1e-3, rtol=0)


def test_what_may_be_changed_on_purpose_is_changed_and_recorded(plain, tmp_path):
    train(TINY, tmp_path, stop_at=4, **EVERY)
    with pytest.raises(ValueError, match=r"clip was 0\.0, now 1\.0\..*--change clip=1\.0\."):
        train(replace(TINY, clip=1.0), tmp_path, resume=True, **EVERY)
    change = {"accumulate": 2, "clip": 1.0, "weight_decay": 0.1, "sample_batch": 64}
    train(TINY, tmp_path, resume=True, change=change, **EVERY)
    said = look(tmp_path / "checkpoint.safetensors", (), "")[1]
    recorded = {"accumulate": [1, 2], "clip": [0.0, 1.0], "weight_decay": [0.0, 0.1], "sample_batch": [256, 64]}
    assert json.loads(said["changes"]) == [{"step": 4} | recorded]
    assert json.loads(said["config"]) == asdict(replace(TINY, **change))
    assert torch.equal(losses(tmp_path)[:4], losses(plain)[:4])
    assert not torch.equal(losses(tmp_path)[4:], losses(plain)[4:])


def test_the_size_of_what_is_drawn_at_a_time_needs_no_change(plain, tmp_path):
    train(TINY, tmp_path, stop_at=4, **EVERY)
    train(replace(TINY, sample_batch=7), tmp_path, resume=True, **EVERY)
    assert torch.equal(losses(tmp_path), losses(plain))


@pytest.mark.parametrize("name", ["flip", "shift", "width"])
def test_what_would_be_another_run_is_no_change(name, plain):
    with pytest.raises(ValueError, match=f"{name} would make another run"):
        train(TINY, plain, resume=True, change={name: 1}, **EVERY)


@pytest.mark.parametrize(
    ("text", "pair"),
    [("clip=0.5", ("clip", 0.5)), ("accumulate=2", ("accumulate", 2)), ("save_every=9", ("save_every", 9))],
)
def test_a_change_has_the_type_of_its_option(text, pair):
    assert parser().parse_args(["--out", "run", "--change", text]).change == [pair]


def test_a_checkpoint_of_other_streams_is_refused(plain, tmp_path, capsys):
    """Those of before say nothing of theirs."""
    tensors, said = read(plain / "checkpoint.safetensors", ("streams",), "")
    for streams in ({}, {"streams": "1"}):
        rest = {name: value for name, value in said.items() if name != "streams"}
        write(tmp_path / "checkpoint.safetensors", tensors, rest | streams)
        reason = command_line(*options(TINY), "--save-every", 4, "--resume", "--out", tmp_path, capsys=capsys)
        assert "begun by another version of this program" in reason and "another --out" in reason


# ---- presets ---------------------------------------------------------------------------------------------------------


def chosen(*typed: str, monkeypatch) -> tuple[Config, dict]:
    """What the command line would train."""
    found = []
    monkeypatch.setattr("lib.trained.__main__.train", lambda config, **others: found.append((config, others)))
    main([*typed, "--out", "run"])
    return found[0]


@pytest.mark.parametrize("name", ["digits", "fashion", "emoji", "faces", "cifar10"])
def test_a_preset_can_be_trained(name, monkeypatch):
    config, _ = chosen("--preset", name, monkeypatch=monkeypatch)
    assert config.data == name and config != Config(data=name)
    data = DATA[name]
    with torch.device("meta"):
        net = DiT(data.shape[1], data.shape[0], patch=config.patch, width=config.width, depth=config.depth,
                  heads=config.heads, t_scale=1000, classes=len(data.classes))  # fmt: skip
    assert net.shape == data.shape
    images = {"cifar10": 50_000, "fashion": 70_000}.get(name) or len(data.load()[0])
    assert 16 <= config.batch <= images - data.held_out


def test_presets_are_all_that_stand_in_their_file(capsys):
    assert set(PRESETS) == {"digits", "fashion", "emoji", "faces", "cifar10"}
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for name, its_options in PRESETS.items():
        assert f"\n  {name:8} {' '.join(its_options)}\n" in said
    files = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["lib"]
    assert "trained/presets.txt" in files


def test_what_is_typed_wins(monkeypatch):
    preset, _ = chosen("--preset", "faces", monkeypatch=monkeypatch)
    assert preset.flip and preset.shift == 2 and preset.batch == 64
    for typed in (
        ("--preset", "faces", "--batch", "32", "--no-flip"),
        ("--batch", "32", "--no-flip", "--preset", "faces"),
    ):
        config, others = chosen(*typed, "--keep", "3", monkeypatch=monkeypatch)
        assert config == replace(preset, batch=32, flip=False) and others["keep"] == 3


def test_a_run_of_a_preset_says_all_its_options(tmp_path):
    """And they alone make the same run."""
    small = ["--width", "16", "--depth", "1", "--heads", "2", "--steps", "1"]
    main(["--preset", "faces", *small, "--patch", "8", "--save-every", "1", "--out", str(tmp_path)])
    said = look(tmp_path / "model.safetensors", (), "")[1]
    typed = said["command"].split()
    assert typed[:3] == ["python", "-m", "lib.trained"] and "--preset" not in typed and "--flip" in typed
    again = vars(parser().parse_args([*typed[3:], "--out", "run"]))
    assert {name: again[name] for name in asdict(Config())} == json.loads(said["config"])
    assert json.loads((tmp_path / "config.json").read_text())["shift"] == 2


def test_an_unknown_preset_is_named_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["--preset", "cats", "--out", "run"])
    assert "'cats'" in (said := capsys.readouterr().err) and all(name in said for name in PRESETS)


# ---- refused before a step is made -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("--accumulate 5", "A batch of 48 does not split into accumulate=5 equal parts. Let one divide the other."),
        ("--accumulate 96", "does not split into accumulate=96"),
        ("--accumulate 0", "accumulate must be at least 1, got 0"),
        ("--clip -1", "clip must be finite, below 1e+18, and at least 0, got -1.0"),
        ("--clip nan", "clip must be finite"),
        ("--clip inf", "clip must be finite"),
        ("--weight-decay -0.1", "weight_decay must be finite, below 1e+18, and at least 0, got -0.1"),
        ("--sample-batch 0", "sample_batch must be at least 1"),
        (
            "--batch 2000",
            "A batch of 2000 does not fit: there are at most 1297 images of digits to train on. Lower --batch.",
        ),
    ],
)
def test_what_cannot_be_trained_is_one_line(typed, reason, tmp_path, capsys):
    said = command_line(*options(TINY), *typed.split(), "--out", tmp_path / "run", capsys=capsys)
    assert reason in said and not list(tmp_path.glob("run/*"))


@pytest.mark.parametrize(
    ("processes", "accumulate", "reason"),
    [(5, 1, "must be a multiple of 5 processes times accumulate=1. Try --batch 45."),
     (8, 12, "must be a multiple of 8 processes times accumulate=12. Try --batch 96.")],
)  # fmt: skip
def test_a_batch_that_processes_cannot_share_is_refused_before_the_data_come(
    processes, accumulate, reason, tmp_path, monkeypatch
):
    monkeypatch.setattr(loop, "place", lambda: Place(torch.device("cpu"), 0, processes))
    monkeypatch.setattr(loop, "images", lambda config: pytest.fail("data were fetched"))
    with pytest.raises(ValueError, match=reason.replace(".", r"\.")):
        train(replace(TINY, accumulate=accumulate), tmp_path / "run", **EVERY)
    assert not (tmp_path / "run").exists()
