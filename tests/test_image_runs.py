"""Chapter 12's cells for a GPU, at smoke size on a CPU; and the file of its ablation."""

import json
from dataclasses import replace
from pathlib import Path

import jupytext
import pytest
import torch

from lib import mnist_subset
from lib.trained import config as settings
from tools.results import image_ablation

ROOT = Path(__file__).parents[1]
CHAPTER = ROOT / "book" / "chapters" / "12_image_runs.md"
ABLATION = json.loads(image_ablation.TARGET.read_text())
CELLS = [cell for cell in jupytext.reads(CHAPTER.read_text(), fmt="md:myst").cells if cell.cell_type == "code"]
IMPORTS = [cell.source for cell in CELLS if "imports" in cell.metadata.get("tags", [])]
MARKED = [cell.source for cell in CELLS if cell.source.startswith("# exercised by tests/test_image_runs.py")]
SMALL = {"width": 16, "depth": 1, "heads": 2, "steps": 2, "batch": 8, "patch": 4}


@pytest.fixture
def cell(monkeypatch, tmp_path, capsys):
    """The names of the chapter's marked cells, run where there is no GPU, after its imports."""
    monkeypatch.chdir(tmp_path)
    names = {}
    exec("\n".join(line for source in IMPORTS for line in source.splitlines() if "read_text" not in line), names)
    assert MARKED
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for source in MARKED:
        exec(source, names)
    return names, capsys.readouterr().out


def test_without_a_gpu_nothing_is_trained_and_nothing_claimed(cell):
    names, said = cell
    assert set(names["models"].values()) == {None}
    assert said.count("not run: no GPU") == 2 and "trained on" not in said and said.count("an estimate") == 2


def test_a_gpu_alone_trains_nothing_for_hours(cell, monkeypatch, capsys):
    names, _ = cell
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for source in MARKED:
        exec(source, names)
    assert set(names["models"].values()) == {None}
    assert capsys.readouterr().out.count("not run: not named in TRAIN") == 2


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_what_a_gpu_would_run_runs_on_a_cpu(name, cell, monkeypatch, tmp_path, capsys):
    names, _ = cell
    x, y = mnist_subset()
    if name == "cifar10":
        x = x[:, :, :, :, None].repeat(1, 3, 1, 1, 1)[..., 0]
        x = torch.nn.functional.pad(x, (2, 2, 2, 2), value=-1.0)
    few = settings.DATA[name]._replace(load=lambda: (x[:200], y[:200]), held_out=20)
    monkeypatch.setitem(settings.DATA, name, few)
    config = replace(names["GPU_RUNS"][name], **SMALL)
    model = names["image_run"](config, tmp_path / "run", wanted=True)
    assert settings.config_of(tmp_path / "run" / "model.safetensors") == config and model.shape == tuple(x.shape[1:])
    again = names["image_run"](config, tmp_path / "run", wanted=True)  # resumes, and has nothing left to do
    assert all(torch.equal(a, b) for a, b in zip(model.net.parameters(), again.net.parameters()))
    assert capsys.readouterr().out.count("trained on a CPU") == 2
    if name == "mnist":
        names["judged"](model, "two steps", ROOT / "results" / "mnist_classifier.safetensors")
        assert "two steps: " in capsys.readouterr().out


def test_the_ablation_is_what_its_script_makes(monkeypatch, tmp_path):
    assert ABLATION["net"] == image_ablation.NET and set(ABLATION["runs"]) == set(image_ablation.WAYS)
    for runs in ABLATION["runs"].values():
        assert list(runs) == [str(seed) for seed in image_ablation.SEEDS]
    monkeypatch.setattr(image_ablation, "NET", image_ablation.NET | {"width": 16, "depth": 1, "steps": 4, "batch": 8})
    monkeypatch.setattr(image_ablation, "BUDGETS", (2, 20))
    cases = image_ablation.run("DDPM, cosine", 0)
    assert set(cases["half-way, newest, 20"]) == set(ABLATION["runs"]["DDPM, cosine"]["0"]["half-way, newest, 20"])
    assert cases["half-way, newest, 20"] != cases["half-way, averaged, 20"]
