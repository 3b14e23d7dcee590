"""Pictures measured beside their floor: real pictures reach it, everything that is wrong with others shows somewhere."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from lib import randn, seeded
from lib.trained import evaluate as command
from lib.trained.config import DATA
from lib.trained.evaluate import evaluate, inception_look, main, table
from lib.trained.image_metrics import classifier_file, classifier_for
from lib.trained.shipped import RESULTS
from lib.trained.stack import read_stack, to_bytes, write_stack
from tools.results import classifiers

ROOT = Path(__file__).parents[1]
REPORT = json.loads((RESULTS / "image_metrics.json").read_text())


@pytest.fixture
def apart(monkeypatch):
    """400 digits that are no longer in the data set: (bytes, labels). Nobody trained on them here but the classifier."""
    (x_train, y_train), held = DATA["digits"].sides()
    others = {"sides": lambda: ((x_train[400:], y_train[400:]), held)}
    monkeypatch.setitem(DATA, "digits", SimpleNamespace(**DATA["digits"]._asdict() | others))
    return to_bytes(x_train[:400]), y_train[:400]


def measured(*stacks, data="digits", **options) -> dict:
    return evaluate(stacks, data, classifier_for(data), splits=5, quiet=True, **options)


# ---- what real pictures score --------------------------------------------------------------------------------------------------


def test_a_data_set_against_itself_reaches_every_floor(apart):
    """Within four standard deviations of the splits; the classifier, which was trained on these, may know them better."""
    report = measured(apart)
    (found,) = report["stacks"]
    assert found.keys() == report["floor"].keys() == {*command.LABELS} - {"fid_inception"}
    for name, (mean, sd) in report["floor"].items():
        slack = 4 * max(sd, found[name][1])
        assert mean - slack <= found[name][0], (name, found[name], mean, sd)
        assert found[name][0] <= mean + slack or name == "agreement", (name, found[name], mean, sd)
    assert report["floor"]["copies"][0] == pytest.approx(0.05, abs=0.03)


def test_without_pictures_there_are_the_floors_of_the_book():
    """The file's were measured in the same way, with twice the halvings and always the first held-out images."""
    report = measured()
    for name, tolerance in (("frechet", 1.0), ("frechet_held_out", 2.5), ("precision", 0.02), ("recall", 0.02)):
        assert report["floor"][name][0] == pytest.approx(REPORT["floors"]["digits"][name][0], abs=tolerance), name
    assert report["stacks"] == [] and report["halves"] == 896 and report["held_out"] == 500


def test_copies_are_found():
    """Copies of training pictures have the best marks of all, but for one."""
    (x, y), _ = DATA["digits"].sides()
    report = measured((to_bytes(x), y))
    (found,), floor = report["stacks"], report["floor"]
    assert found["copies"] == [1.0, 0.0] and floor["copies"][0] < 0.1
    assert found["frechet"][0] < floor["frechet"][0] + 2 * floor["frechet"][1] and found["agreement"][0] > 0.99
    noisy = to_bytes(x + 0.5 * randn(x.shape, generator=seeded(0)))
    assert measured((noisy, y))["stacks"][0]["copies"][0] < 0.05


def test_what_is_wrong_shows(apart):
    x, y = apart
    noise = to_bytes(to_floats(x) + randn(x.shape, generator=seeded(0)))
    one_of_each = torch.stack([x[y == label][0] for label in y])
    bad = {name: measured((pictures, labels))["stacks"][0] for name, (pictures, labels) in {
        "noise": (noise, y), "another class": (x, (y + 1) % 10), "one of each": (one_of_each, y)}.items()}  # fmt: skip
    floor = measured(apart)["floor"]
    assert bad["noise"]["precision"][0] < 0.7 and bad["noise"]["frechet"][0] > 3 * floor["frechet"][0]
    assert bad["another class"]["agreement"][0] < 0.05
    assert bad["one of each"]["recall"][0] < 0.2 < 0.6 < bad["one of each"]["precision"][0]
    assert bad["one of each"]["agreement"][0] > 0.9


def to_floats(x):
    return x.float() / 127.5 - 1


# ---- fair ----------------------------------------------------------------------------------------------------------------------


def test_classes_that_were_not_asked_for_are_not_compared_with(apart):
    x, y = apart
    few = (y == 3) | (y == 5)
    report = measured((x[few], y[few]))
    assert report["classes"] == [3, 5] and report["halves"] <= 2 * min(few.sum().item(), 100)
    for name, (mean, sd) in report["floor"].items():
        assert abs(report["stacks"][0][name][0] - mean) <= 5 * max(sd, report["stacks"][0][name][1], 0.02), name


def test_more_pictures_of_one_class_are_not_held_against_the_others(apart, monkeypatch):
    """Nine of ten zeros are left out, in the splits, where either side has the same classes, as in the halves."""
    compared = []
    monkeypatch.setattr(command, "agreement", lambda net, features, y: compared.append(y.tolist()) or 1.0)
    x, y = apart
    some = torch.cat([(y == label).nonzero()[:3, 0] for label in range(1, 10)])
    rows = torch.cat([(y == 0).nonzero()[:30, 0], some])
    report = measured((x[rows], y[rows]))
    assert report["halves"] == report["held_out"] == 30
    assert compared == [sorted([*range(10)] * 3)] * 10
    for name in ("frechet", "frechet_held_out"):
        assert report["stacks"][0][name][0] < 2 * report["floor"][name][0], name


def test_pictures_without_labels_have_no_agreement(apart):
    x, _ = apart
    report = measured((x, torch.full((len(x),), -1)))
    assert "agreement" not in report["floor"] | report["stacks"][0] and report["classes"] == []
    assert report["halves"] == 400 and report["stacks"][0]["frechet"][0] < 2 * report["floor"]["frechet"][0]


def test_sides_are_as_large_as_was_asked(apart):
    report = measured(apart, pictures=100)
    assert report["halves"] == 100 and report["held_out"] == 100
    more = measured(apart, pictures=250)
    assert more["halves"] == 250 and more["floor"]["frechet"][0] < report["floor"]["frechet"][0]  # biased: c / N


def test_several_stacks_have_a_spread(apart):
    x, y = apart
    order = torch.randperm(len(y), generator=seeded(0))
    worse = to_bytes(to_floats(x) + 0.5 * randn(x.shape, generator=seeded(0)))
    report = measured((x, y), (worse[order], y[order]))
    one, other = (stack["frechet"][0] for stack in report["stacks"])
    mean, sd = report["over_stacks"]["frechet"]
    assert mean == pytest.approx((one + other) / 2, rel=1e-3) and sd == pytest.approx(
        abs(one - other) / 2**0.5, rel=1e-3
    )
    assert "2 stacks" in table(report)
    with pytest.raises(ValueError, match="differ in how many pictures of a class"):
        measured((x, y), (x[:-1], y[:-1]))


# ---- Inception ---------------------------------------------------------------------------------------------------------------


class Inception(torch.nn.Module):
    """A stand-in for torch-fidelity's: the mean of each colour, and of the upper half."""

    def __init__(self, name, features):
        super().__init__()
        assert (name, features) == ("inception-v3-compat", ["2048"])

    def forward(self, x):
        assert x.dtype == torch.uint8 and x.shape[1] == 3
        x = x.float()
        return (torch.stack([x.mean((1, 2, 3)), x[:, :, :4].mean((1, 2, 3)), x[:, 0].flatten(1).std(1)], 1),)


def test_a_fid_has_its_own_name_and_its_floor(apart, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", SimpleNamespace(FeatureExtractorInceptionV3=Inception))
    x, y = apart
    report = measured((x, y), (255 - x, y), inception=inception_look())
    fid, wrong = (stack["fid_inception"] for stack in report["stacks"])
    assert fid[0] <= report["floor"]["fid_inception"][0] + 4 * report["floor"]["fid_inception"][1] < wrong[0] / 10
    assert fid[0] != report["stacks"][0]["frechet"][0]
    assert "FID of Inception" in table(report) and "Frechet of the classifier" in table(report)


def test_without_torch_fidelity_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(ModuleNotFoundError, match="pip install torch-fidelity"):
        inception_look()

    class Offline:
        def __init__(self, *_):
            raise OSError("no name")

    monkeypatch.setitem(sys.modules, "torch_fidelity", SimpleNamespace(FeatureExtractorInceptionV3=Offline))
    with pytest.raises(OSError, match=r"weights did not come \(no name\)"):
        inception_look()


# ---- the command line ----------------------------------------------------------------------------------------------------------


def test_a_stack_becomes_a_table_and_a_file(apart, tmp_path, capsys):
    write_stack(tmp_path / "pictures.npz", *apart, {"data": "digits", "settings": "{}"})
    main([str(tmp_path / "pictures.npz"), "--splits", "3"])
    report, shown = json.loads((tmp_path / "pictures.json").read_text()), capsys.readouterr().out
    assert report["data"] == "digits" and report["splits"] == 3 and report["said"][0]["settings"] == "{}"
    rows = {line[:36].strip(): line[36:].split("  ") for line in shown.split("\n")[2:] if line}
    assert rows.keys() == {label for name, label in command.LABELS.items() if name != "fid_inception"}
    mean, sd = report["floor"]["recall"]
    assert f"{mean:.3g} ± {sd:.2g}" == rows["recall"][-1].strip()


def test_a_models_file_is_drawn_and_measured_as_its_stack_would_be(tmp_path, capsys):
    options = ["--count", "40", "--calls", "2", "--rule", "euler", "--splits", "2"]
    main([str(RESULTS / "digits_flow.safetensors"), *options, "--out", str(tmp_path)])
    report, first = json.loads((tmp_path / "pictures.json").read_text()), capsys.readouterr().out
    assert report["halves"] == 40 and json.loads(report["said"][0]["settings"])["rule"] == "euler"
    main([str(tmp_path / "pictures.npz"), "--splits", "2", "--json", str(tmp_path / "again")])
    assert json.loads((tmp_path / "again").read_text()) == report and capsys.readouterr().out == first
    (tmp_path / "again").unlink()
    main([str(RESULTS / "digits_flow.safetensors"), *options, "--out", str(tmp_path)])  # nothing is drawn twice
    assert capsys.readouterr().out == first


def test_a_stack_of_another_program_is_read(tmp_path, capsys):
    x, _ = DATA["digits"].sides()[1]
    np.savez(tmp_path / "theirs.npz", to_bytes(x).permute(0, 2, 3, 1).numpy())
    main([str(tmp_path / "theirs.npz"), "--data", "digits", "--splits", "2"])
    assert "copies" in capsys.readouterr().out and (tmp_path / "theirs.json").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("nothing.npz", "There is no file nothing.npz"),
        ("theirs.npz", "Say what to compare with: --data, one of digits"),
        ("", "Say what to compare with"),
        ("digits.npz theirs.npz --data cats", "data must be one of"),
        ("digits.npz --data mnist_subset", "have the shape (1, 8, 8), and those of mnist_subset (1, 28, 28)"),
        ("wrong.npz --data digits", "Labels of digits run from 0 to 9, and these from 17 to 17"),
        ("few.npz --data digits", "Too few to compare: 1 pictures of a class, 2 held out"),
        ("digits.npz --pictures 5", "Too few to compare: 0 pictures of a class"),
        ("digits.npz --splits 0", "must be at least 1"),
        ("digits.npz --classifier {mnist}", "reads pictures of shape (1, 28, 28) in 10 classes, and those of digits"),
        ("digits.npz --classifier {flow}", "it is another kind of file"),
        ("digits.npz --inception", "--inception needs torch-fidelity"),
        ("{flow}", "is a model's file: give it alone, with --out"),
        ("{flow} digits.npz --out here", "is a model's file: give it alone"),
        ("{flow} --rule leap --out here", "rule must be one of"),
        ("{flow} --out here --data fashion", "There is no classifier for fashion yet"),
        ("{flow} --out here --inception", "--inception needs torch-fidelity"),
        ("{mnist} --out here", "it is another kind of file"),
    ],
)
def test_what_cannot_be_measured_is_one_line(options, words, tmp_path, monkeypatch, capsys):
    x, y = (part[:300] for part in DATA["digits"].sides()[1])
    stacks = {"digits": y, "theirs": y, "wrong": torch.full_like(y, 17)}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    monkeypatch.setattr("lib.trained.sample.pictures", lambda *_: pytest.fail("a picture was drawn"))
    monkeypatch.setattr(
        "lib.trained.image_metrics.DATA", DATA | {"fashion": DATA["fashion"]._replace(classifier="cats")}
    )
    for name, labels in stacks.items():
        write_stack(f"{name}.npz", to_bytes(x), labels, {"data": "digits"} if name == "digits" else {})
    write_stack("few.npz", to_bytes(x[:2]), torch.tensor([0, 1]), {})
    files = {"mnist": RESULTS / "mnist_classifier.safetensors", "flow": RESULTS / "digits_flow.safetensors"}
    with pytest.raises(SystemExit) as left:
        main(options.format(**files).split())
    said = capsys.readouterr().err
    assert left.value.code == 1 and said.startswith("error: ") and words in said and said.count("\n") == 1
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize("data", DATA)
def test_without_a_classifier_the_command_that_makes_it_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setattr("lib.trained.image_metrics.RESULTS", tmp_path)
    with pytest.raises(
        ValueError, match=f"no classifier for {data} yet: `python -m tools.results.classifiers "
    ) as error:
        classifier_file(data)
    name = str(error.value).split("`")[1].split()[-1]
    assert name in classifiers.JOBS and DATA[classifiers.JOBS[name].data].shape == DATA[data].shape
    (tmp_path / f"{name}_classifier.safetensors").write_text("")
    assert classifier_file(data).parent == tmp_path


def test_what_is_written_is_read_again(apart, tmp_path):
    write_stack(tmp_path / "stack", *apart, {"data": "digits"})
    x, y, said = read_stack(tmp_path / "stack")
    assert torch.equal(x, apart[0]) and torch.equal(y, apart[1]) and said == {"data": "digits"}
