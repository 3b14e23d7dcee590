"""The check of a machine with a GPU, at smoke size without one; and what it says where something is wrong."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from PIL import Image

from tools.checks import gpu, gpu_speed

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tools" / "gpu_check.sh"


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """Results go into the test's folder, and what the check sets is forgotten."""
    monkeypatch.setenv("OUT", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def report(folder: Path) -> dict:
    return json.loads((folder / "gpu_check.json").read_text())


def test_without_a_gpu_it_says_so_and_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert gpu.main([]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "no GPU that torch" in said and "--device cpu --seconds 5" in said
    assert not list(tmp_path.iterdir())


def test_all_of_it_runs_at_smoke_size(tmp_path, capsys):
    assert gpu.main(["--device", "cpu", "--seconds", "1"]) == 0
    found = report(tmp_path)
    assert found["machine"]["name"] == "a CPU" and found["machine"]["torch"] == torch.__version__
    runs, curves, speed, emoji = (found["parts"][name] for name in ("runs", "curves", "speed", "emoji"))
    assert all(part["ok"] and part["seconds"] > 0 for part in found["parts"].values())
    assert len(runs["its losses"]) == 8 and runs["device"] == "cpu"
    assert runs["same bits after resuming"] and runs["difference after resuming"] == 0  # of one thread on a CPU
    assert 0 < curves["difference"]["bf16"] <= curves["band"]["bf16"] and curves["steps"] == 6
    for row in (*speed["training"].values(), *speed["sampling"].values()):
        assert row["images/s"] > 0 and row["share of a large product"] > 0 and row["share of the peak"] is None
        assert any("scaled_dot_product" in kernel for kernel in row["attention"])
    assert any("backward" in kernel for kernel in speed["training"]["bf16"]["attention"])
    assert emoji["steps"] >= 4 and len(emoji["held-out loss"]) >= 3
    with Image.open(tmp_path / emoji["sheet"]) as sheet:
        assert sheet.size == (8 * 34, 10 * 34) and sheet.mode == "RGB"
    assert "FAILED" not in capsys.readouterr().out


def test_a_part_that_fails_says_why_and_the_others_are_run(monkeypatch, tmp_path, capsys):
    def broken(place, folder):
        raise torch.OutOfMemoryError("CUDA out of memory")

    def well(place, folder):
        return {"ok": True, "n": 1 / 3}

    def outside(place, folder):
        return {"ok": False}

    for parts, status in (((broken, well), 1), ((well, outside), 1), ((well,), 0)):
        monkeypatch.setattr(gpu, "PARTS", parts)
        assert gpu.main(["--device", "cpu"]) == status
        assert list(report(tmp_path)["parts"]) == [part.__name__ for part in parts]
        assert report(tmp_path)["parts"]["well"]["n"] == 0.3333
        if broken in parts:
            assert report(tmp_path)["parts"]["broken"]["error"] == "OutOfMemoryError: CUDA out of memory"
    assert "broken   FAILED" in capsys.readouterr().out


@pytest.mark.parametrize(("off", "ok"), [(0.019, True), (0.021, False)])
def test_a_curve_that_leaves_its_band_is_seen(off, ok, monkeypatch, tmp_path):
    def train(config, out, **_):
        out.mkdir()
        rows = "".join(f"{step},{1.5 * (1 + off * config.bf16)}\n" for step in (1, 2, 3))
        (out / "log.csv").write_text(f"step,loss\n{rows}")

    monkeypatch.setattr(gpu, "train", train)
    found = gpu.curves(gpu.Place("cpu", seconds=1, limit=9), tmp_path)
    assert found["ok"] is ok and found["difference"] == {"bf16": pytest.approx(off)}


def test_curves_of_other_lengths_are_infinitely_apart():
    assert gpu.apart([1.0, 2.0], [1.0, 4.0]) == 0.25
    assert gpu.apart([1.0], [1.0, 1.0]) == float("inf")


def test_emoji_have_what_is_left_of_the_limit(monkeypatch, tmp_path):
    """However long was asked for."""
    asked = []

    def train(config, out, **_):
        asked.append(config.steps)
        out.mkdir()
        names = "step,loss,images_per_second,held_out_loss\n"
        (out / "log.csv").write_text(f"{names}{config.steps // 2},2.0,160,2\n{config.steps},1.0,160,2\n")
        (out / f"samples_{config.steps:06d}.png").write_bytes(b"")

    monkeypatch.setattr(gpu, "train", train)
    gpu.emoji(gpu.Place("cpu", seconds=300, limit=50), tmp_path)
    assert 180 <= asked[-1] <= 200  # 20 seconds, 30 before the end, of ten steps of 16 each


def test_attention_that_is_not_fused_is_none():
    x = torch.randn(1, 2, 4, 8)
    assert gpu_speed.counted(lambda: torch.softmax(x @ x.mT, -1) @ x)[1] == {}
    operations, kernels = gpu_speed.counted(
        lambda: torch.nn.functional.scaled_dot_product_attention(x, x, x) @ torch.ones(8, 3)
    )
    assert sum(kernels.values()) == 1 and operations >= 2 * 8 * 8 * 3


def test_the_script_finds_a_python_and_hands_over_its_options(tmp_path):
    """One that has the packages and no GPU will do, if there is none with a GPU."""
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\ncase "$2" in *assert*) exit 1;; esac\n[ "$1" = -c ] || echo "called: $@"\n')
    fake.chmod(0o755)
    asked = subprocess.run(
        [SCRIPT, "--seconds", "7"], env=os.environ | {"PYTHON": str(fake)}, capture_output=True, text=True
    )
    assert asked.stdout == "called: -m tools.checks.gpu --seconds 7\n" and asked.returncode == 0


def test_the_script_says_what_it_needs(tmp_path):
    asked = subprocess.run(
        [SCRIPT], env=os.environ | {"PYTHON": str(tmp_path / "none")}, capture_output=True, text=True
    )
    assert (
        asked.returncode == 2 and asked.stderr.startswith("No Python here has torch") and asked.stderr.count("\n") == 1
    )
