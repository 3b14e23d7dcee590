"""The shipped classifiers: as good as their report says, and never loaded when damaged."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lib import DigitClassifier, frechet_distance, load_classifier, precision_recall, seeded, split
from lib.trained.weights import halved, save, write
from tools.results import classifiers

RESULTS = Path(__file__).parents[1] / "results"
FILES = {name: RESULTS / f"{name}_classifier.safetensors" for name in classifiers.JOBS}
REPORT = json.loads((RESULTS / "classifiers.json").read_text())


@pytest.mark.parametrize("name", FILES)
def test_the_report_is_about_the_shipped_file(name):
    job, classifier = classifiers.JOBS[name], load_classifier(FILES[name])
    _, (x, y) = split(*job.data(), job.held_out)
    assert classifier.accuracy(x, y) == pytest.approx(REPORT[name]["accuracy"], abs=0.002)  # one or two images
    assert classifier.accuracy(x, y) >= 0.97
    assert REPORT[name]["steps"] == job.steps and not any(p.requires_grad for p in classifier.parameters())
    assert {w.dtype for w in load_file(FILES[name]).values()} == {torch.float16}


def test_its_features_tell_real_digits_from_noise_and_all_from_one_class():
    classifier = load_classifier(FILES["digit"])
    _, (x, y) = split(*classifiers.digits(), 500)
    with torch.no_grad():
        one, other = (classifier.features(x[half::2]) for half in (0, 1))
        noise = classifier.features(x[::2] + torch.randn(x[::2].shape, generator=seeded(0)))
        zeros = classifier.features(x[y == 0])
    assert frechet_distance(one, noise) > 10 * frechet_distance(one, other)
    assert precision_recall(one, zeros)[1] < 0.3 < 0.7 < precision_recall(one, other)[1]


@pytest.mark.parametrize("size", [8, 28])
def test_shapes(size):
    net = DigitClassifier(size)
    assert net(torch.zeros(3, 1, size, size)).shape == (3, 10)
    assert net.features(torch.zeros(3, 1, size, size)).shape == (3, classifiers.FEATURES)
    assert net.loss(torch.zeros(3, 1, size, size), torch.arange(3)).shape == ()
    with pytest.raises(ValueError, match=r"reads images of shape \(1, "):
        net(torch.zeros(3, 1, size + 1, size + 1))


def test_augmentation_moves_each_image_and_keeps_its_label():
    x = torch.full((200, 1, 8, 8), -1.0)
    x[:, :, 3, 4] = 100.0
    y = torch.arange(200)
    ((moved, labels),) = classifiers.augmented(iter([(x, y)]), 1, seeded(0))
    assert torch.equal(labels, y) and moved.shape == x.shape
    found = moved.flatten(1).argmax(1)
    rows, columns = found // 8, found % 8
    assert set(rows.tolist()) == {2, 3, 4} and set(columns.tolist()) == {3, 4, 5}
    still = moved - 100.0 * (moved > 50)
    assert (still + 1)[moved < 50].std() == pytest.approx(classifiers.NOISE, rel=0.05)


# --- files that must not be loaded -----------------------------------------------------------------------------------

ABOUT = dict.fromkeys(("data", "seed", "steps", "accuracy", "command", "torch"), "0") | {"size": "8"}


def test_what_is_saved_is_loaded(tmp_path):
    net = DigitClassifier(8)
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
    write(tmp_path / "net", halved(DigitClassifier(8)), about)
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
