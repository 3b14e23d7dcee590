"""Image runs under stress: killed and resumed, on two processes, with damaged files, in other precisions."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from lib import Estimate, FlowMatching, LinearPath, digits, split
from lib.trained import loop
from lib.trained.__main__ import main
from lib.trained.config import LATER, Config, config_of, stored
from lib.trained.files import read
from lib.trained.folder import read_log
from lib.trained.images import load_model
from lib.trained.loop import sheet_of_samples, train
from lib.trained.processes import Place, place

TINY = Config(patch=4, width=16, depth=1, heads=2, steps=24, batch=64, ema=0.9)
OPTIONS = ["--patch", "4", "--width", "16", "--depth", "1", "--heads", "2", "--steps", "24", "--batch", "64",
           "--ema", "0.9", "--log-every", "3", "--save-every", "6"]  # fmt: skip
LATENTS = Path(__file__).parents[1] / "results" / "mnist_autoencoder.safetensors"
EVERY = {"log_every": 3, "save_every": 6, "quiet": True}
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The folder of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    train(TINY, out, **EVERY)
    return out


def same_tensors(one: Path, other: Path) -> bool:
    a, b = load_file(one), load_file(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def losses(folder: Path) -> list[tuple]:
    """The log without the speed, which no run repeats."""
    return [(r["step"], r["loss"], r["learning_rate"], r.get("held_out_loss")) for r in read_log(folder / "log.csv")]


# ---- what a run leaves --------------------------------------------------------------------------------------------


class Overshoots:
    """A model whose x0 is 3 everywhere: beyond white."""

    path = LinearPath()
    net = torch.nn.Linear(1, 1)  # says the device

    def estimate(self, x_t, t, y=None):
        c = self.path.coeffs(t, like=x_t)
        x0 = torch.full_like(x_t, 3.0)
        return Estimate(x0, (x_t - c.alpha * x0) / c.sigma)


@pytest.mark.parametrize(("pixels", "most"), [(True, 1.0), (False, 3.0)])
def test_pictures_of_pixels_are_clipped_on_the_way_and_latents_are_not(pixels, most):
    ends = []
    sheet = sheet_of_samples(Overshoots(), 10, (1, 4, 4), lambda x: ends.append(x) or x, columns=2, pixels=pixels)
    assert ends[0].max().item() == pytest.approx(most) and sheet.shape == (60, 12, 1)


def test_a_run_on_pixels_clips_its_pictures_and_one_on_latents_does_not(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(
        loop, "sheet_of_samples", lambda *_, pixels, batch: asked.append(pixels) or torch.zeros(1, 1, 1).byte()
    )
    latents = replace(TINY, data="mnist_subset", latents=str(LATENTS), patch=1, steps=1)
    for config in (replace(TINY, steps=1), latents):
        train(config, tmp_path / config.data, quiet=True)
    assert asked == [True, False]


def test_a_run_leaves_its_configuration_log_pictures_checkpoint_and_model(whole):
    pictures = [f"samples_{step:06d}.png" for step in (6, 12, 18, 24)]
    files = {"config.json", "log.csv", "checkpoint.safetensors", "model.safetensors", *pictures}
    assert {path.name for path in whole.iterdir()} == files  # no draft is left
    assert json.loads((whole / "config.json").read_text()) == asdict(TINY)
    rows = read_log(whole / "log.csv")
    assert [row["step"] for row in rows] == list(range(3, 25, 3))
    assert [row["step"] for row in rows if "held_out_loss" in row] == [6, 12, 18, 24]
    assert rows[-1]["loss"] < rows[0]["loss"] and all(row["images_per_second"] > 0 for row in rows)
    with Image.open(whole / pictures[-1]) as picture:
        assert (
            picture.size == (8 * 10, 10 * 10) and picture.mode == "L"
        )  # 8 samples a class, each in a frame of a pixel
        assert len(set(picture.tobytes())) > 50


def test_the_model_file_holds_the_averaged_weights_and_samples(whole):
    model, checkpoint = load_model(whole / "model.safetensors"), load_file(whole / "checkpoint.safetensors")
    assert (
        isinstance(model, FlowMatching) and config_of(whole / "model.safetensors") == TINY and model.shape == (1, 8, 8)
    )
    for name, weight in model.net.state_dict().items():
        torch.testing.assert_close(weight, checkpoint[f"ema.{name}"], atol=1e-3, rtol=1e-3)  # float16 in the file
    assert any(not torch.equal(checkpoint[f"ema.{name}"], checkpoint[f"net.{name}"]) for name in model.net.state_dict())
    assert model.sample((2, *model.shape), 3, y=torch.tensor([1, 2])).shape == (2, 1, 8, 8)


# ---- killed -------------------------------------------------------------------------------------------------------


def test_whatever_moment_the_writing_stops_the_old_checkpoint_is_whole(whole, tmp_path, monkeypatch):
    train(TINY, tmp_path, stop_at=6, **EVERY)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()

    draft = tmp_path / ".checkpoint.safetensors.draft"

    def cut(at: int | Path, *_):
        if draft.exists() and (at == draft if isinstance(at, Path) else os.path.samestat(os.fstat(at), draft.stat())):
            raise Cut

    class Cut(BaseException):
        """Nothing else raises it."""

    for moment in ("fsync", "replace"):
        plain = getattr(os, moment)
        with monkeypatch.context() as patch:
            patch.setattr(os, moment, lambda *args, plain=plain: cut(*args) or plain(*args))
            with pytest.raises(Cut):
                train(TINY, tmp_path, resume=True, **EVERY)
        assert (tmp_path / "checkpoint.safetensors").read_bytes() == before
        assert read_log(tmp_path / "log.csv")[-1]["step"] == 12
    train(TINY, tmp_path, resume=True, **EVERY)
    assert same_tensors(whole / "checkpoint.safetensors", tmp_path / "checkpoint.safetensors")
    assert losses(tmp_path) == losses(whole)


@pytest.mark.parametrize("stop", [1, 6, 7, 23])
def test_a_run_stopped_at_any_step_ends_in_the_same_bits(stop, whole, tmp_path):
    train(TINY, tmp_path, stop_at=stop, **EVERY)
    assert read(tmp_path / "checkpoint.safetensors", (), "")[1]["step"] == str(stop)
    train(TINY, tmp_path, resume=True, **EVERY)
    assert same_tensors(whole / "checkpoint.safetensors", tmp_path / "checkpoint.safetensors")


def test_a_finished_run_is_resumed_by_doing_nothing(whole, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("checkpoint.safetensors", "log.csv"):
        (folder / name).write_bytes((whole / name).read_bytes())
    monkeypatch.setattr("lib.trained.loop.batch_of", lambda *_: pytest.fail("a step was made"))
    train(TINY, folder, resume=True, **EVERY)
    assert losses(folder) == losses(whole)
    assert same_tensors(whole / "checkpoint.safetensors", folder / "checkpoint.safetensors")


# ---- refused ------------------------------------------------------------------------------------------------------


def resumed(folder: Path, contents: bytes, config: Config = TINY) -> None:
    (folder / "checkpoint.safetensors").write_bytes(contents)
    train(config, folder, resume=True, **EVERY)


@pytest.mark.parametrize("keep", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_checkpoint_is_refused(keep, whole, tmp_path):
    contents = (whole / "checkpoint.safetensors").read_bytes()
    with pytest.raises(ValueError, match=r"checkpoint.safetensors is damaged .* --out"):
        resumed(tmp_path, contents[: int(keep * len(contents))])
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize("place", ["length", "header", "name", "first number", "last number"])
def test_a_checkpoint_with_a_changed_byte_is_refused(place, whole, tmp_path):
    contents = bytearray((whole / "checkpoint.safetensors").read_bytes())
    numbers = 8 + int.from_bytes(contents[:8], "little")
    at = {"length": 1, "header": 9, "name": contents.index(b"net.blocks"), "first number": numbers, "last number": -1}
    contents[at[place]] ^= 0x15
    with pytest.raises(ValueError, match=r"checkpoint.safetensors"):
        resumed(tmp_path, bytes(contents))


def test_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.kill, (os.getpid(), signal.SIGTERM))

    for older in (False, True):
        torch.save({"net": Evil()}, tmp_path / "checkpoint.safetensors", _use_new_zipfile_serialization=not older)
        with pytest.raises(ValueError, match=r"is a pickle of torch\.save.* is not read"):
            train(TINY, tmp_path, resume=True, **EVERY)


def test_older_files_call_flow_matching_fm():
    """The shipped ones do."""
    said = read(Path(__file__).parents[1] / "results" / "digits_flow.safetensors", ("config",), "")[1]
    assert '"process": "fm"' in said["config"] and stored(said)["process"] == "flow"
    assert stored({"config": '{"process": "ddpm"}'}) == {"process": "ddpm"} | LATER
    assert LATER.items() <= asdict(Config()).items()  # what an older file lacks is what a new run has by itself


@pytest.mark.parametrize("change", [{"width": 32}, {"lr": 2e-3}, {"process": "ddpm"}, {"seed": 1}, {"steps": 48}])
def test_a_checkpoint_of_another_configuration_is_refused(change, whole, tmp_path):
    name = next(iter(change))
    with pytest.raises(ValueError, match=rf"belongs to another run: {name} was .*, now {change[name]!r}"):
        resumed(tmp_path, (whole / "checkpoint.safetensors").read_bytes(), replace(TINY, **change))


def test_a_checkpoint_of_other_data_is_refused(whole, tmp_path, monkeypatch):
    (x, y), held_out = split(*digits(), 500)
    x[0, 0, 0, 0] += 0.25
    monkeypatch.setattr("lib.trained.loop.images", lambda config: ((x, y), held_out))
    with pytest.raises(ValueError, match="other data"):
        resumed(tmp_path, (whole / "checkpoint.safetensors").read_bytes())


def test_another_kind_of_file_is_refused(whole, tmp_path):
    with pytest.raises(ValueError, match="does not say its data_hash"):
        resumed(tmp_path, (whole / "model.safetensors").read_bytes())
    save_file({"net.embed.weight": torch.ones(2)}, tmp_path / "plain.safetensors")
    with pytest.raises(ValueError, match="does not say its"):
        resumed(tmp_path, (tmp_path / "plain.safetensors").read_bytes())


def test_a_second_run_does_not_overwrite_the_first(whole):
    before = (whole / "checkpoint.safetensors").read_bytes()
    with pytest.raises(ValueError, match="holds a run already"):
        train(TINY, whole, **EVERY)
    assert (whole / "checkpoint.safetensors").read_bytes() == before


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_checkpoint(whole, tmp_path, monkeypatch):
    train(TINY, tmp_path, stop_at=6, **EVERY)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    monkeypatch.setattr(FlowMatching, "loss", lambda self, *a, **k: torch.tensor(float("nan"), requires_grad=True))
    with pytest.raises(
        FloatingPointError,
        match=r"step 6 is whole: continue it more slowly, --resume --change lr=0.0003\.",
    ):
        train(TINY, tmp_path, resume=True, **EVERY)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_batches_that_do_not_fit_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="at most 1297 images"):
        train(replace(TINY, batch=2000), tmp_path, **EVERY)
    monkeypatch.setattr("lib.trained.loop.place", lambda: Place(torch.device("cpu"), 0, 3))
    with pytest.raises(ValueError, match="multiple of 3 processes"):
        train(TINY, tmp_path, **EVERY)


def test_the_command_line_says_what_is_wrong_in_one_line(whole, capsys):
    for options, reason in ((OPTIONS, "holds a run already"), (["--data", "cats"], "data must be one of")):
        with pytest.raises(SystemExit) as left:
            main([*options, "--out", str(whole)])
        assert left.value.code == 1
        said = capsys.readouterr().err
        assert said.startswith("error: ") and reason in said and said.count("\n") == 1


# ---- many processes ----------------------------------------------------------------------------------------------


def test_more_processes_than_gpus_are_refused(monkeypatch):
    """Before they wait for each other."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert place() == Place(torch.device("cuda"), 0, 1)  # no launcher: one process
    monkeypatch.setattr("torch.distributed.is_torchelastic_launched", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ValueError, match="There are 2 GPUs and more processes: --nproc_per_node can be 2 at most"):
        place()


TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "lib.trained"]


def test_two_processes_follow_the_loss_curve_of_one(whole, tmp_path):
    """Sums in another order: 1e-5 of the loss after 24 steps. Started by torchrun, on gloo; that there were two says the log."""
    run = subprocess.run([*TORCHRUN, *OPTIONS, "--out", str(tmp_path / "run")], env=ENVIRONMENT, capture_output=True,
                         text=True, timeout=200)  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    assert [{row["processes"] for row in read_log(folder / "log.csv")} for folder in (whole, tmp_path / "run")] == [
        {1},
        {2},
    ]
    one, two = losses(whole), losses(tmp_path / "run")
    assert [row[0] for row in one] == [row[0] for row in two]
    torch.testing.assert_close(torch.tensor([r[1] for r in two]), torch.tensor([r[1] for r in one]), atol=0, rtol=1e-4)
    a, b = (load_file(folder / "checkpoint.safetensors") for folder in (whole, tmp_path / "run"))
    for name in a:
        if name.startswith("net."):
            torch.testing.assert_close(a[name], b[name], atol=1e-3, rtol=0)


def test_two_processes_stop_together_on_ctrl_c_and_one_goes_on(whole, tmp_path):
    """The terminal signals the launcher and both processes, and the launcher both again."""
    out = tmp_path / "run"
    run = subprocess.Popen([*TORCHRUN, *OPTIONS, "--save-every", "1", "--out", str(out)], env=ENVIRONMENT, text=True,
                           stderr=subprocess.PIPE, start_new_session=True,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    deadline = time.monotonic() + 200
    while not (out / "checkpoint.safetensors").exists() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)
    said = run.communicate(timeout=100)[1]
    step = int(read(out / "checkpoint.safetensors", (), "")[1]["step"])
    assert f"Stopped at step {step} of 24. It is saved: continue with --resume." in said and run.returncode != 0
    assert said.count("Stopped at") == 1 and step < 24
    train(TINY, out, resume=True, **EVERY)
    rows = {row["step"]: row for row in read_log(out / "log.csv")}
    assert {rows[1]["processes"], rows[24]["processes"]} == {1, 2}
    for row in read_log(whole / "log.csv"):
        assert abs(rows[row["step"]]["loss"] - row["loss"]) < 1e-4 * row["loss"]


# ---- options -----------------------------------------------------------------------------------------------------


def test_bf16_runs_and_keeps_float32_weights(whole, tmp_path):
    train(replace(TINY, bf16=True), tmp_path, **EVERY)
    checkpoint = load_file(tmp_path / "checkpoint.safetensors")
    assert {tensor.dtype for tensor in checkpoint.values()} == {torch.float32}
    mine, single = losses(tmp_path), losses(whole)
    assert mine != single
    assert abs(mine[-1][1] - single[-1][1]) < 0.05 * single[-1][1]


def test_ddpm_runs_on_its_own_clock(tmp_path):
    train(replace(TINY, process="ddpm", steps=6), tmp_path, **EVERY)
    assert load_model(tmp_path / "model.safetensors").net.t_scale == 1


# torch's own, while it traces; the second on Python 3.13.0 alone
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf", "ignore:Guards may run slower")
def test_compile_is_passed_the_net_and_changes_only_its_speed(whole, tmp_path, monkeypatch):
    compiled, graphs = torch.compile, []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    # The tracing is the library's part; a compiler of C++ may be missing and takes a minute.
    monkeypatch.setattr(torch, "compile", lambda net: compiled(net, backend=backend))
    train(TINY, tmp_path, compile=True, **EVERY)
    assert graphs
    for (_, mine, *_), (_, plain, *_) in zip(losses(tmp_path), losses(whole)):
        assert abs(mine - plain) < 1e-4 * plain
    assert load_file(tmp_path / "checkpoint.safetensors").keys() == load_file(whole / "checkpoint.safetensors").keys()


def test_the_log_can_be_read_by_anything_that_reads_csv(whole):
    with (whole / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {"step", "loss", "learning_rate", "images_per_second", "held_out_loss", "processes", "changed"}
    assert rows[0].keys() == columns
    assert rows[0]["held_out_loss"] == ""


def test_a_unet_runs_and_has_no_options_of_a_transformer(tmp_path, capsys):
    options = ["--net", "unet", "--width", "8", "--steps", "2", "--batch", "8", "--t-scale", "30"]
    main([*options, "--out", str(tmp_path)])
    net = load_model(tmp_path / "model.safetensors").net
    assert (type(net).__name__, net.t_scale, net.classes) == ("UNet", 30, 10)
    with pytest.raises(SystemExit):
        main([*options, "--patch", "4", "--out", str(tmp_path / "two")])
    assert "A U-Net has no patch" in capsys.readouterr().err and not (tmp_path / "two").exists()
