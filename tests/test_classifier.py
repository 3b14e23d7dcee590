"""The shipped classifiers: as good as their report says, and never loaded when damaged."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lib import Classifier, frechet_distance, load_classifier, precision_recall, seeded
from lib.trained.config import DATA
from lib.trained.weights import halved, save, write
from tools.results import classifiers

RESULTS = Path(__file__).parents[1] / "results"
REPORT = json.loads((RESULTS / "classifiers.json").read_text())
FILES = {name: RESULTS / f"{name}_classifier.safetensors" for name in classifiers.JOBS if name in REPORT}
AT_LEAST = {"digit": 0.97, "mnist": 0.97, "fashion": 0.91}  # of the held-out images; emoji and faces are few


@pytest.mark.parametrize("name", FILES)
def test_the_report_is_about_the_shipped_file(name):
    job, classifier = classifiers.JOBS[name], load_classifier(FILES[name])
    _, (x, y) = DATA[job.data].sides()
    assert classifier.accuracy(x, y) == pytest.approx(REPORT[name]["accuracy"], abs=0.002)  # one or two images
    assert classifier.accuracy(x, y) >= AT_LEAST.get(name, 0.5)
    assert FILES[name].stat().st_size < 5e6
    assert REPORT[name]["steps"] == job.steps and not any(p.requires_grad for p in classifier.parameters())
    assert {w.dtype for w in load_file(FILES[name]).values()} == {torch.float16}


def test_its_features_tell_real_digits_from_noise_and_all_from_one_class():
    classifier = load_classifier(FILES["digit"])
    _, (x, y) = DATA["digits"].sides()
    with torch.no_grad():
        one, other = (classifier.features(x[half::2]) for half in (0, 1))
        noise = classifier.features(x[::2] + torch.randn(x[::2].shape, generator=seeded(0)))
        zeros = classifier.features(x[y == 0])
    assert frechet_distance(one, noise) > 10 * frechet_distance(one, other)
    assert precision_recall(one, zeros)[1] < 0.3 < 0.7 < precision_recall(one, other)[1]


@pytest.mark.parametrize(("size", "channels", "classes"), [(8, 1, 10), (28, 1, 10), (32, 3, 5)])
def test_shapes(size, channels, classes):
    net, x = Classifier(size, 8, channels=channels, classes=classes), torch.zeros(3, channels, size, size)
    assert net(x).shape == (3, classes) and net.features(x).shape == (3, classifiers.FEATURES)
    assert net.loss(x, torch.arange(3)).shape == ()
    with pytest.raises(ValueError, match=rf"reads images of shape \({channels}, "):
        net(torch.zeros(3, channels, size + 1, size + 1))
    with pytest.raises(ValueError, match=f"from 0 to {classes - 1}"):
        net.loss(x, torch.tensor([0, 1, classes]))


@pytest.mark.parametrize("name", classifiers.JOBS)
def test_a_recipe_makes_a_classifier_of_its_pictures(name):
    """That each data set is read by the recipe of its own name, and in under 5 MB."""
    job = classifiers.JOBS[name]
    data = DATA[job.data]
    assert data.classifier == name
    net = Classifier(data.shape[-1], job.width, channels=data.shape[0], classes=len(data.classes))
    assert 2 * sum(p.numel() for p in net.parameters()) < 4.9e6
    assert job.border == (1.0 if name in ("emoji", "faces") else -1.0)


def test_a_few_steps_make_a_file_and_its_entry(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(classifiers, "RESULTS", tmp_path)
    monkeypatch.setattr(classifiers, "TARGET", tmp_path / "classifiers.json")
    monkeypatch.setitem(classifiers.JOBS, "faces", classifiers.JOBS["faces"]._replace(steps=5, width=8))
    (tmp_path / "classifiers.json").write_text(json.dumps({"digit": REPORT["digit"]}))
    classifiers.main(["faces"])
    report = json.loads((tmp_path / "classifiers.json").read_text())
    assert report["digit"] == REPORT["digit"] and report["faces"]["steps"] == 5
    net = load_classifier(tmp_path / "faces_classifier.safetensors")
    assert (net.channels, net.size, net.classes) == (3, 32, 5)
    assert net.accuracy(*DATA["faces"].sides()[1]) == report["faces"]["accuracy"]
    assert "of 15 held-out images" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no recipe for cats"):
        classifiers.main(["cats"])


def test_augmentation_moves_each_image_and_keeps_its_label():
    x = torch.full((200, 1, 8, 8), -1.0)
    x[:, :, 3, 4] = 100.0
    y = torch.arange(200)
    ((moved, labels),) = classifiers.augmented(iter([(x, y)]), classifiers.JOBS["digit"], seeded(0))
    assert torch.equal(labels, y) and moved.shape == x.shape
    found = moved.flatten(1).argmax(1)
    rows, columns = found // 8, found % 8
    assert set(rows.tolist()) == {2, 3, 4} and set(columns.tolist()) == {3, 4, 5}
    still = moved - 100.0 * (moved > 50)
    assert (still + 1)[moved < 50].std() == pytest.approx(classifiers.NOISE, rel=0.05)


def test_augmentation_in_colour_mirrors_one_in_two_and_white_comes_in():
    x = torch.ones(200, 3, 32, 32)
    x[:, 1, 16, 4] = 100.0
    ((moved, _),) = classifiers.augmented(iter([(x, torch.zeros(200))]), classifiers.JOBS["emoji"], seeded(0))
    column = moved[:, 1].flatten(1).argmax(1) % 32
    assert set(column.tolist()) == {2, 3, 4, 5, 6, 25, 26, 27, 28, 29} and 60 < (column < 16).sum() < 140
    assert moved[:, [0, 2]].mean() == pytest.approx(1, abs=0.01)


# --- files that must not be loaded -----------------------------------------------------------------------------------

ABOUT = dict.fromkeys(("data", "seed", "steps", "accuracy", "command", "torch"), "0") | {"size": "8"}


def test_what_is_saved_is_loaded(tmp_path):
    net = Classifier(8)
    save(tmp_path / "net", net, ABOUT)
    for mine, theirs in zip(load_classifier(tmp_path / "net").parameters(), net.parameters(), strict=True):
        assert torch.equal(mine, theirs.half().float())


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        (ABOUT | {"size": "28"}, "do not fit"),
        (ABOUT | {"size": "eight"}, "makes none: invalid literal"),
        ({key: value for key, value in ABOUT.items() if key != "size"}, "does not say its size"),
    ],
)
def test_another_file_is_refused(about, reason, tmp_path):
    write(tmp_path / "net", halved(Classifier(8)), about)
    with pytest.raises(ValueError, match=reason):
        load_classifier(tmp_path / "net")


def test_a_missing_or_damaged_file_says_how_to_make_it(tmp_path):
    with pytest.raises(ValueError, match=r"no file .*`python -m tools.results.classifiers` makes it"):
        load_classifier(tmp_path / "nothing")
    (tmp_path / "half").write_bytes(FILES["digit"].read_bytes()[:5000])
    with pytest.raises(ValueError, match="is damaged"):
        load_classifier(tmp_path / "half")
    with pytest.raises(ValueError, match="is another kind of file"):
        load_classifier(RESULTS / "toy_flow.safetensors")
