"""Runs that lose nothing: what ends one, what it then says, and how it goes on."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lib import FlowMatching, batches, digits, fit, load_model, seeded, split
from lib.trained import loop
from lib.trained.__main__ import main
from lib.trained.config import Config, config_of
from lib.trained.files import look, put, read
from lib.trained.folder import alone, read_log
from lib.trained.loop import train

TINY = Config(patch=4, width=16, depth=1, heads=2, steps=24, batch=64, ema=0.9)
OPTIONS = ["--patch", "4", "--width", "16", "--depth", "1", "--heads", "2", "--steps", "24", "--batch", "64",
           "--ema", "0.9", "--log-every", "3", "--save-every", "6"]  # fmt: skip
EVERY = {"log_every": 3, "save_every": 6, "quiet": True}
CHECKPOINT, MODEL = "checkpoint.safetensors", "model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The folder of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    train(TINY, out, **EVERY)
    return out


@pytest.fixture(autouse=True)
def heard():
    """A shell lets what it runs behind itself ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def same(one: Path, other: Path) -> bool:
    a, b = (read(path, (), "")[0] for path in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def step_of(folder: Path) -> int:
    return int(look(folder / CHECKPOINT, ("step",), "")[1]["step"])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def command_line(*options, capsys) -> tuple[int, str]:
    """The exit status, and what the command line said on stderr; it must be one line."""
    with pytest.raises(SystemExit) as left:
        main([*OPTIONS, *map(str, options)])
    said = capsys.readouterr().err
    last = said.rstrip("\n").split("\n")[-1].split("\r")[-1]  # behind the bar of progress
    assert "Traceback" not in said and last
    return left.value.code, last


# ---- numbers that are not finite -------------------------------------------------------------------------------------


def poison(monkeypatch, at: int, part: float = torch.nan) -> None:
    """From here on the `at`-th loss is finite, and its gradient is not."""
    plain, seen = FlowMatching.loss, [0]

    def loss(self, *args, **named):
        value = plain(self, *args, **named)
        if value.requires_grad:
            seen[0] += 1
            if seen[0] == at:
                value = value + Spoiled.apply(self.net.head.weight, part)
        return value

    monkeypatch.setattr(FlowMatching, "loss", loss)


class Spoiled(torch.autograd.Function):
    """Zero, with a gradient of `part`."""

    @staticmethod
    def forward(context, x, part):
        context.part = part
        context.save_for_backward(x)
        return x.new_zeros(())

    @staticmethod
    def backward(context, _):
        (x,) = context.saved_tensors
        return torch.full_like(x, context.part), None


@pytest.mark.parametrize("part", [torch.nan, torch.inf, 1e30])
@pytest.mark.parametrize("at", [11, 12])
def test_a_poisoned_step_never_replaces_a_good_checkpoint(at, part, whole, tmp_path, monkeypatch):
    """At a step that saves, whose own loss is finite, and at one before. The square of 1e30 is beyond Adam's float32."""
    with monkeypatch.context() as patch:
        poison(patch, at, part)
        with pytest.raises(FloatingPointError) as error:
            train(TINY, tmp_path, **EVERY)
    assert "The checkpoint of step 6 is whole" in str(error.value) and step_of(tmp_path) == 6
    assert not list(tmp_path.glob("samples_000012.png")) and read_log(tmp_path / "log.csv")[-1]["step"] == 9
    train(TINY, tmp_path, resume=True, **EVERY)
    assert same(whole / CHECKPOINT, tmp_path / CHECKPOINT)


def test_the_advice_after_a_nan_can_be_followed(tmp_path, capsys):
    """A rate of 1e17 ends a run by itself; resumed as it was it ends so again, and as the message says it does not."""
    train(TINY, tmp_path, stop_at=6, **EVERY)
    wild = ["--resume", "--out", tmp_path, "--change", "lr=1e17"]
    for _ in range(2):
        code, said = command_line(*wild, capsys=capsys)
        assert code == 1 and "--resume --change lr=" in said and "step 6 is whole" in said
    main([*OPTIONS, "--resume", "--out", str(tmp_path), "--change", "lr=3e-4"])
    assert step_of(tmp_path) == 24


def test_a_nan_before_the_first_checkpoint_says_that_nothing_is_saved(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        poison(patch, 2)
        with pytest.raises(FloatingPointError, match=r"Nothing was saved yet: start again with a lower --lr\."):
            train(TINY, tmp_path, **EVERY)
    assert not (tmp_path / CHECKPOINT).exists()
    train(replace(TINY, lr=3e-4), tmp_path, stop_at=6, **EVERY)  # in the same folder
    assert step_of(tmp_path) == 6


def test_a_hundredth_step_gives_the_same_advice(tmp_path, monkeypatch):
    """There the inner loop looks at the loss too."""
    poison(monkeypatch, 100, torch.nan)
    monkeypatch.setattr(loop, "mean_over_processes", lambda *_: 1.0)
    with pytest.raises(FloatingPointError, match="step 50 is whole"):
        train(replace(TINY, steps=200), tmp_path, log_every=500, save_every=50, quiet=True)


def test_a_net_whose_loss_overflows_is_not_saved(tmp_path, monkeypatch):
    """All weights are finite, and no rate could mend them."""
    train(TINY, tmp_path, stop_at=6, **EVERY)
    monkeypatch.setattr(loop, "held_out_loss", lambda *_: float("inf"))
    with pytest.raises(FloatingPointError, match=r"held-out loss is inf at step 12.*step 6 is whole"):
        train(TINY, tmp_path, resume=True, **EVERY)
    assert step_of(tmp_path) == 6


# ---- Ctrl-C ----------------------------------------------------------------------------------------------------------


def interrupt_at(monkeypatch, step: int) -> None:
    """Ctrl-C while the batch of this step is drawn."""
    plain = loop.batch_of

    def batch_of(config, model, x, y, i, *rest):
        if i == step:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(config, model, x, y, i, *rest)

    monkeypatch.setattr(loop, "batch_of", batch_of)


@pytest.mark.parametrize("step", [0, 7, 12, 22])
def test_ctrl_c_saves_says_so_and_loses_no_step(step, whole, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        interrupt_at(patch, step)
        code, said = command_line("--out", tmp_path, capsys=capsys)
    assert code == 130 and said == f"Stopped at step {step + 1} of 24. It is saved: continue with --resume."
    assert step_of(tmp_path) == step + 1 and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    train(TINY, tmp_path, resume=True, **EVERY)
    assert same(whole / CHECKPOINT, tmp_path / CHECKPOINT) and same(whole / MODEL, tmp_path / MODEL)
    drop = "images_per_second"
    assert [{k: v for k, v in row.items() if k != drop} for row in read_log(tmp_path / "log.csv")] == [
        {k: v for k, v in row.items() if k != drop} for row in read_log(whole / "log.csv")
    ]


def test_ctrl_c_in_the_last_step_finishes_the_run(tmp_path, monkeypatch):
    interrupt_at(monkeypatch, 23)
    train(TINY, tmp_path, **EVERY)
    assert (tmp_path / MODEL).exists()


def test_ctrl_c_before_the_first_step_is_one_line_too(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(loop, "images", lambda config: os.kill(os.getpid(), signal.SIGINT) or time.sleep(5))
    assert command_line("--out", tmp_path, capsys=capsys) == (130, "Interrupted.")


def test_a_second_ctrl_c_does_not_wait(tmp_path, monkeypatch):
    """The first was a second ago and more, and the step does not end."""
    monkeypatch.setattr("lib.trained.processes.time.monotonic", iter(range(0, 100, 2)).__next__)
    plain = loop.batch_of

    def stuck(config, model, x, y, i, *rest):
        if i == 7:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("the second one was not heard")
        return plain(config, model, x, y, i, *rest)

    monkeypatch.setattr(loop, "batch_of", stuck)
    with pytest.raises(KeyboardInterrupt):
        train(TINY, tmp_path, **EVERY)
    assert step_of(tmp_path) == 6


def test_handlers_of_others_stay_and_a_thread_trains_without(tmp_path):
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        train(TINY, tmp_path / "a", stop_at=1, **EVERY)
        os.kill(os.getpid(), signal.SIGINT)
        assert heard == [1]
    finally:
        signal.signal(signal.SIGINT, before)
    thread = threading.Thread(target=train, args=(TINY, tmp_path / "b"), kwargs={"stop_at": 1, **EVERY})
    thread.start()
    thread.join()
    assert step_of(tmp_path / "b") == 1


# ---- files and folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config.json", "log.csv", "samples_000012.png", CHECKPOINT])
def test_a_full_disk_is_one_line_and_leaves_no_half_file(name, whole, tmp_path, monkeypatch, capsys):
    train(TINY, tmp_path, stop_at=6, **EVERY)
    before = contents(tmp_path)
    plain = os.fsync

    def full(handle):
        draft = tmp_path / f".{name}.draft"
        if draft.exists() and os.path.samestat(os.fstat(handle), draft.stat()):
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(handle)

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        code, said = command_line("--resume", "--out", tmp_path, capsys=capsys)
    assert code == 1 and f"{name}' What was saved is whole: continue with --resume." in said
    assert said.startswith("error: [Errno 28] No space left on device: ")
    after = contents(tmp_path)
    assert not [other for other in after if other.startswith(".")] and after.get(name) == before.get(name)
    if name == CHECKPOINT or "samples" not in name:
        assert after[CHECKPOINT] == before[CHECKPOINT]
    train(TINY, tmp_path, resume=True, **EVERY)
    assert same(whole / CHECKPOINT, tmp_path / CHECKPOINT)
    assert [row["step"] for row in read_log(tmp_path / "log.csv")] == list(range(3, 25, 3))


def test_half_a_row_is_taken_back_or_not_read(whole, tmp_path):
    """The log is appended to, so that it can be followed."""
    import resource

    train(TINY, tmp_path, stop_at=6, **EVERY)
    path, before = tmp_path / "log.csv", resource.getrlimit(resource.RLIMIT_FSIZE)
    text = path.read_bytes()
    log = loop.Log(path, 6)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(text) + 3, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            log.add(step=9, loss=1.25)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == text
    path.write_bytes(text + b"9,1.2e-")  # as after a loss of power
    assert [row["step"] for row in read_log(path)] == [3, 6]


def test_a_sampler_that_fails_loses_no_step(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ValueError("no picture")

    monkeypatch.setattr(loop, "sheet_of_samples", fail)
    with pytest.raises(ValueError, match="no picture"):
        train(TINY, tmp_path, **EVERY)
    assert step_of(tmp_path) == 6


def test_what_is_no_folder_for_a_run_is_refused_in_one_line_and_untouched(whole, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for out, reason in ((tmp_path / "file", "is a file"), (tmp_path / "file" / "run", "Not a directory")):
        code, said = command_line("--out", out, capsys=capsys)
        assert code == 1 and reason in said
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["config.json", "log.csv", "model.safetensors", "samples_000006.png", "thesis.tex"])
@pytest.mark.parametrize("option", [[], ["--resume"]])
def test_the_files_of_somebody_else_stay(name, option, tmp_path, capsys):
    (tmp_path / name).write_text('{"mine": 1}')
    code, said = command_line(*option, "--out", tmp_path, capsys=capsys)
    assert code == 1 and f"holds {name}, which is not of a run" in said
    assert contents(tmp_path) == {name: b'{"mine": 1}'}


@pytest.mark.parametrize("out", ["x" * 300, "x" * 300 + "/run"])
def test_a_folder_that_cannot_be_looked_at_is_one_line(out, tmp_path, capsys):
    code, said = command_line("--out", tmp_path / out, capsys=capsys)
    assert code == 1 and "File name too long" in said


@pytest.mark.parametrize("out", ["", " "])
def test_a_folder_without_a_name_is_refused(out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="has no name"):
        train(TINY, out, **EVERY)
    assert not contents(tmp_path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + b"hello,world\r\n",
        lambda text: text + b"\xe9t\xe9\r\n",
        lambda text: text.replace(b",", b";"),
        lambda text: text[text.index(b"\n") + 1 :],
        lambda text: text + b",1.5,,,,,\r\n",
        lambda text: text + b"7,1.5,,,,,,,mine\r\n",
    ],
)
def test_a_log_that_somebody_wrote_in_is_refused(spoil, whole, tmp_path):
    log = tmp_path / "log.csv"
    log.write_bytes(spoil((whole / "log.csv").read_bytes()))
    with pytest.raises(ValueError, match=r"log\.csv is not as a run wrote it .*move it away"):
        read_log(log)


def test_a_log_that_somebody_wrote_in_is_kept_and_moved_away_is_no_obstacle(whole, tmp_path):
    train(TINY, tmp_path, stop_at=6, **EVERY)
    log = tmp_path / "log.csv"
    log.write_bytes(log.read_bytes() + b"hello,world\r\n")
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"log\.csv is not as a run wrote it"):
        train(TINY, tmp_path, resume=True, change={"lr": 1e-4}, **EVERY)
    assert contents(tmp_path) == before
    log.unlink()
    train(TINY, tmp_path, resume=True, stop_at=9, **EVERY)
    assert [row["step"] for row in read_log(log)] == [9]


def test_a_resume_of_nothing_says_that_it_starts_and_changes_nothing(tmp_path, capsys):
    out = tmp_path / "run"
    code, said = command_line("--resume", "--change", "save_every=7", "--out", out, capsys=capsys)
    assert code == 1 and f"There is no run in {out} to change" in said and not out.exists()
    train(TINY, out, resume=True, stop_at=1)
    assert capsys.readouterr().out == f"No run in {out} yet: starting one.\n"
    train(TINY, out, resume=True, stop_at=2)
    assert capsys.readouterr().out == ""


def test_a_run_whose_checkpoint_was_removed_is_not_begun_again_over_its_log(whole, tmp_path):
    for name in ("config.json", "log.csv", "samples_000006.png", "samples_000012.png"):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    with pytest.raises(ValueError, match=r"holds config\.json, which is not of a run to resume"):
        train(TINY, tmp_path, resume=True, **EVERY)


def test_what_a_try_left_before_its_first_checkpoint_is_no_obstacle(whole, tmp_path):
    for name in ("config.json", "log.csv", "samples_000006.png"):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    (tmp_path / ".DS_Store").write_text("")
    train(TINY, tmp_path, stop_at=1, **EVERY)
    assert [row["step"] for row in read_log(tmp_path / "log.csv")] == [1]


def test_a_folder_that_cannot_be_written_to_is_refused_before_the_data_come(tmp_path, monkeypatch, capsys):
    """Root may write anywhere, so the question is answered for it."""
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr(loop, "images", lambda config: pytest.fail("data were fetched"))
    code, said = command_line("--out", tmp_path, capsys=capsys)
    assert code == 1 and "cannot be written to" in said


def test_two_programs_do_not_train_in_one_folder(tmp_path, capsys):
    """As eight processes would that no launcher joined."""
    with alone(tmp_path):
        code, said = command_line("--out", tmp_path, capsys=capsys)
    assert code == 1 and "Another process works in" in said and "torchrun" in said
    train(TINY, tmp_path, stop_at=1, **EVERY)


def test_no_network_is_one_line(tmp_path, monkeypatch, capsys):
    import types

    def load_dataset(*_, **__):
        raise RuntimeError("Temporary failure in name resolution\nand a long story")

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=load_dataset))
    code, said = command_line("--data", "mnist", "--out", tmp_path / "run", capsys=capsys)
    assert code == 1 and "mnist did not come from Hugging Face (RuntimeError: Temporary failure in name resol" in said
    assert "digits, mnist_subset, emoji and faces need none" in said and "long story" not in said
    assert not list((tmp_path / "run").iterdir())


@pytest.mark.parametrize("name", ["log_every", "save_every", "stop_at"])
@pytest.mark.parametrize("value", [0, -1])
def test_intervals_are_at_least_one(name, value, tmp_path):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got {value}"):
        train(TINY, tmp_path / "run", **EVERY | {name: value})
    assert not (tmp_path / "run").exists()


def test_keep_is_at_least_zero(tmp_path):
    with pytest.raises(ValueError, match="keep must be at least 0"):
        train(TINY, tmp_path / "run", keep=-1, **EVERY)


@pytest.mark.parametrize("name", ["log_every", "save_every", "stop_at", "keep"])
@pytest.mark.parametrize("value", [2.5, True, "3"])
def test_steps_are_counted_in_whole_numbers(name, value, tmp_path):
    with pytest.raises(TypeError, match=f"{name} must be a whole number"):
        train(TINY, tmp_path / "run", **EVERY | {name: value})
    assert not (tmp_path / "run").exists()


# ---- another rate, more steps ----------------------------------------------------------------------------------------


def test_a_change_on_purpose_is_made_and_recorded(tmp_path):
    train(TINY, tmp_path, **EVERY)
    change = {"lr": 3e-3, "steps": 48, "batch": 32, "save_every": 12}
    train(TINY, tmp_path, resume=True, change=change, **EVERY)
    said = look(tmp_path / CHECKPOINT, (), "")[1]
    new = [{"step": 24, "steps": [24, 48], "batch": [64, 32], "lr": [1e-3, 3e-3], "save_every": [6, 12]}]
    for file in (CHECKPOINT, MODEL):
        assert json.loads(look(tmp_path / file, (), "")[1]["changes"]) == new
    rows = {row["step"]: row for row in read_log(tmp_path / "log.csv")}
    assert [step for step, row in rows.items() if "changed" in row] == [27]
    assert set(rows[27]["changed"].split("; ")) == {
        "lr 0.001 -> 0.003", "steps 24 -> 48", "batch 64 -> 32", "save_every 6 -> 12"}  # fmt: skip
    assert [step for step, row in rows.items() if "held_out_loss" in row] == [6, 12, 18, 24, 36, 48]
    # The schedule is that of 48 steps, at its 27th; the old one had ended.
    assert rows[27]["learning_rate"] == pytest.approx(3e-3 * loop_factor(26, 48)) and rows[48]["learning_rate"] < 1e-5
    assert (
        json.loads(said["config"])["steps"] == 48 and json.loads((tmp_path / "config.json").read_text())["lr"] == 3e-3
    )


def loop_factor(i: int, steps: int) -> float:
    from lib.training import warmup_cosine

    return warmup_cosine(i, steps)


def test_a_changed_run_is_resumed_by_either_command_and_ends_in_the_same_bits(tmp_path):
    """With the first options and the change again, or with the new options; with the first ones alone it is another run."""
    change, new = {"lr": 3e-3}, replace(TINY, lr=3e-3)
    for name in ("unbroken", "a", "b"):
        train(TINY, tmp_path / name, stop_at=6, **EVERY)
    train(TINY, tmp_path / "unbroken", resume=True, change=change, **EVERY)
    train(TINY, tmp_path / "a", resume=True, change=change, stop_at=12, **EVERY)
    with pytest.raises(ValueError, match=r"lr was 0.003, now 0.001.*--change lr=0.001"):
        train(TINY, tmp_path / "a", resume=True, **EVERY)
    train(TINY, tmp_path / "a", resume=True, change=change, **EVERY)
    train(TINY, tmp_path / "b", resume=True, change=change, stop_at=12, **EVERY)
    train(new, tmp_path / "b", resume=True, **EVERY)
    for name in ("a", "b"):
        assert same(tmp_path / "unbroken" / CHECKPOINT, tmp_path / name / CHECKPOINT)
        changes = json.loads(look(tmp_path / name / CHECKPOINT, (), "")[1]["changes"])
        assert changes == [{"step": 6, "lr": [1e-3, 3e-3]}]


def test_a_change_that_did_not_reach_a_checkpoint_is_forgotten_with_its_steps(whole, tmp_path, monkeypatch):
    train(TINY, tmp_path, stop_at=6, **EVERY)
    with monkeypatch.context() as patch:
        poison(patch, 4)
        with pytest.raises(FloatingPointError):
            train(TINY, tmp_path, resume=True, change={"lr": 3e-3}, **EVERY)
    train(TINY, tmp_path, resume=True, **EVERY)
    assert same(whole / CHECKPOINT, tmp_path / CHECKPOINT)
    assert not [row for row in read_log(tmp_path / "log.csv") if "changed" in row]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": 32}, "width would make another run. What can be changed is lr, steps, batch, accumulate, clip"),
        ({"seed": 1}, "seed would make another run"),
        ({"steps": 5}, "has 6 steps, more than steps=5"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"save_every": 0}, "save_every must be at least 1"),
        ({"batch": 5000}, "at most 1297 images"),
    ],
)
def test_a_change_that_cannot_be_is_refused(change, reason, tmp_path):
    train(TINY, tmp_path, stop_at=6, **EVERY)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=reason):
        train(TINY, tmp_path, resume=True, change=change, **EVERY)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("change", [{"lr": 1e-4}, {"batch": 32, "save_every": 7}])
def test_a_finished_run_has_nothing_left_to_change_but_its_length(change, whole, tmp_path):
    """Its files would say that it was trained so. What the message says can be done."""
    for path in whole.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"has all its 24 steps.*--change (lr=0.0001|batch=32) steps=48\."):
        train(TINY, tmp_path, resume=True, change=change, **EVERY)
    assert contents(tmp_path) == before
    with pytest.raises(ValueError, match=r"belongs to another run.*--change lr=0.01 steps=48\."):
        train(replace(TINY, lr=1e-2), tmp_path, resume=True, **EVERY)
    train(TINY, tmp_path, resume=True, change=change | {"steps": 48}, stop_at=25, **EVERY)
    assert step_of(tmp_path) == 25


@pytest.mark.parametrize(("stop", "way"), [(6, "--change steps=12"), (12, "--change steps=12"), (18, "another --out")])
def test_fewer_steps_are_offered_where_there_are_not_more_already(stop, way, tmp_path):
    train(TINY, tmp_path, stop_at=stop, **EVERY)
    with pytest.raises(ValueError, match=f"steps was 24, now 12.*{way}"):
        train(replace(TINY, steps=12), tmp_path, resume=True, **EVERY)


PAST = [{"step": "-5"}, {"step": "2.5"}, {"config": "[" * 100_000}] + [
    {"changes": text}
    for text in ("5", "[1]", "null", "[[1]]", '[{"lr": [1, 2]}]', '[{"step": 1, "lr": 2}]', '[{"step": "1"}]', "[" * 10**5)
]  # fmt: skip


@pytest.mark.parametrize("lie", PAST, ids=lambda lie: str(lie)[:40])
def test_a_past_that_cannot_have_been_is_refused(lie, whole, tmp_path):
    """In a file that somebody else wrote, without a checksum."""
    tensors, said = read(whole / CHECKPOINT, (), "")
    save_file(tensors, tmp_path / CHECKPOINT, said | lie)
    with pytest.raises(ValueError, match=r"is damaged \(what it says of its run is .*another folder with --out"):
        train(TINY, tmp_path, resume=True, **EVERY)


@pytest.mark.parametrize(
    "config",
    ["{}", "5", "spoilt", '{"process": "flow", "more": 1}', '{"process": 3}', '{"process": "flow", "lr": "x"}', "[" * 10**5],
)  # fmt: skip
def test_a_config_that_cannot_have_been_is_refused(config, tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "f", {"config": config})
    with pytest.raises(ValueError, match=r"The config in .* is none of a run \(.*makes such files"):
        config_of(tmp_path / "f")


def test_a_change_needs_a_resume(tmp_path, capsys):
    assert "--resume --change" in command_line("--out", tmp_path, "--change", "lr=1", capsys=capsys)[1]
    for text, reason in (("width=3", "another run"), ("lr=much", "lr=3e-4"), ("steps=1.5", "steps=8000")):
        assert reason in command_line("--out", tmp_path, "--resume", "--change", text, capsys=capsys)[1]


# ---- generations -----------------------------------------------------------------------------------------------------


def test_older_checkpoints_are_kept_on_request(whole, tmp_path):
    train(TINY, tmp_path, keep=2, **EVERY)
    older = {path.name for path in tmp_path.glob("checkpoint_*")}
    assert older == {"checkpoint_000012.safetensors", "checkpoint_000018.safetensors"}
    assert same(whole / CHECKPOINT, tmp_path / CHECKPOINT)
    with pytest.warns(UserWarning, match="not finished: step 12 of 24"):
        load_model(tmp_path / "checkpoint_000012.safetensors")
    # A damaged one says which there are, and each goes on to the same bits.
    put(tmp_path / CHECKPOINT, b"spoilt")
    with pytest.raises(ValueError, match=r"damaged.*Rename an older one.*000012.safetensors, checkpoint_000018"):
        train(TINY, tmp_path, resume=True, **EVERY)
    os.replace(tmp_path / "checkpoint_000012.safetensors", tmp_path / CHECKPOINT)
    train(TINY, tmp_path, resume=True, keep=2, **EVERY)
    assert same(whole / CHECKPOINT, tmp_path / CHECKPOINT)
    assert older == {path.name for path in tmp_path.glob("checkpoint_*")}


def test_a_try_that_was_killed_while_it_wrote_leaves_nothing_half(whole, tmp_path):
    """A draft of any file, and an older generation that is still the last one by another name."""
    train(TINY, tmp_path, stop_at=12, keep=1, **EVERY)
    os.link(tmp_path / CHECKPOINT, tmp_path / "checkpoint_000012.safetensors")
    for name in (CHECKPOINT, "log.csv", "checkpoint_000006.safetensors"):
        (tmp_path / f".{name}.draft").write_text("half")
    (tmp_path / ".thesis.draft").write_text("mine")
    train(TINY, tmp_path, resume=True, keep=1, **EVERY)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [".thesis.draft"]
    assert [path.name for path in tmp_path.glob("checkpoint_*")] == ["checkpoint_000018.safetensors"]
    assert same(whole / CHECKPOINT, tmp_path / CHECKPOINT)


def test_older_checkpoints_are_copied_where_there_are_no_links(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("os.link", fail)
    train(TINY, tmp_path, keep=1, stop_at=12, **EVERY)
    assert look(tmp_path / "checkpoint_000006.safetensors", ("step",), "")[1]["step"] == "6"


# ---- what can be done with it ----------------------------------------------------------------------------------------


def test_an_unfinished_run_can_be_looked_at(whole, tmp_path):
    train(TINY, tmp_path, stop_at=18, **EVERY)
    with pytest.warns(UserWarning, match=r"checkpoint.safetensors is of a run that is not finished: step 18 of 24\."):
        model = load_model(tmp_path / CHECKPOINT)
    tensors = read(tmp_path / CHECKPOINT, (), "")[0]
    for name, weight in model.net.state_dict().items():
        assert torch.equal(weight, tensors[f"ema.{name}"])
    assert model.sample((2, *model.shape), 3, y=torch.tensor([1, 2])).shape == (2, 1, 8, 8)
    load_model(whole / CHECKPOINT)  # finished: no warning


def test_a_model_from_a_file_is_fine_tuned_in_two_lines():
    """On one class alone, its loss there falls."""
    (x, y), _ = split(*digits(), 500)
    x = x[y == 3]
    frozen = load_model(Path(__file__).parents[1] / "results" / "digits_flow.safetensors")
    with pytest.raises(ValueError, match=r"frozen, as one from a file is.*model\.requires_grad_\(True\)"):
        fit(frozen, batches(x, size=32), 5)
    before = frozen.loss(x, generator=seeded(0)).item()

    model = frozen.requires_grad_(True)
    list(fit(model, batches(x, size=32, generator=seeded(1)), 20, lr=3e-4, generator=seeded(2)))

    assert model.loss(x, generator=seeded(0)).item() < before - 0.02


# ---- before any training ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"process": "flow", "target": "eps"}, "cannot be sampled on the path of flow"),
        ({"process": "ddpm", "target": "u"}, 'Use "v"'),
        ({"target": "velocity"}, "Unknown target"),
    ],
)
def test_what_cannot_be_sampled_is_refused_before_the_data_come(changes, reason, tmp_path, capsys):
    with pytest.raises(ValueError, match=reason):
        Config(**changes)
    options = [text for name, value in changes.items() for text in (f"--{name}", value)]
    assert reason in command_line(*options, "--out", tmp_path / "run", capsys=capsys)[1]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"width": "16"}, "width must be a whole number"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"batch": 16.0}, "batch must be a whole number"),
        ({"batch": True}, "batch must be a whole number"),
        ({"seed": 2**63}, "seed must be at most"),
        ({"lr": "x"}, "lr must be a number"),
        ({"lr": float("nan")}, "lr must be finite"),
        ({"lr": -1.0}, "lr must .* at least 0"),
        ({"label_drop": 1.5}, r"label_drop must lie in \[0, 1\]"),
        ({"ema": -0.1}, r"ema must lie in \[0, 1\]"),
        ({"ema": 1}, "ema must be below 1"),
        ({"data": ["digits"]}, r"data must be text, got list"),
        ({"latents": Path("f")}, "latents must be text"),
        ({"bf16": "yes"}, "bf16 must be True or False"),
        ({"depth": 100_000_000}, "depth must be at most 1000"),
        ({"width": 96_000}, r"depth=6 and width=96000 make 1e\+12 weights"),
    ],
)
def test_an_option_of_another_kind_is_refused_at_once(changes, reason):
    with pytest.raises((TypeError, ValueError), match=reason):
        Config(**changes)


def test_numbers_of_numpy_are_numbers():
    config = Config(depth=np.int64(1), lr=np.float32(0.5))
    assert json.dumps([config.depth, config.lr]) == "[1, 0.5]"


@pytest.mark.parametrize("process", ["ddpm", "flow"])
@pytest.mark.parametrize("target", ["", "eps", "x0", "v", "u"])
@pytest.mark.parametrize("betas", ["cosine", "linear"])
def test_every_other_combination_draws_its_first_picture(process, target, betas, tmp_path):
    try:
        config = replace(TINY, process=process, target=target, betas=betas, steps=1)
    except ValueError:
        assert (process, target) in {("flow", "eps"), ("ddpm", "u")}
        return
    train(config, tmp_path, quiet=True)
    assert (tmp_path / "samples_000001.png").exists()


# ---- on the command line ---------------------------------------------------------------------------------------------


def test_a_program_of_its_own_ends_on_ctrl_c_with_one_line_and_status_130(whole, tmp_path):
    """Not a function of this process: what a shell sees."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "lib.trained", *OPTIONS, "--steps", "100000", "--out", tmp_path]
    # It hears the signal also where a shell runs the tests behind itself.
    run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    deadline = time.monotonic() + 120
    while not (tmp_path / CHECKPOINT).exists() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1].rstrip("\n").split("\n")[-1].split("\r")[-1]
    assert run.returncode == 130
    assert said == f"Stopped at step {step_of(tmp_path)} of 100000. It is saved: continue with --resume."
