"""The metrics of the shipped image models: fair, honest about their floors, and about the files that are shipped."""

import json
from types import SimpleNamespace

import pytest
import torch

from lib import EmpiricalOracle, LinearPath, digits, load_model
from lib.pictures import DEBIAN
from lib.trained.config import decoder_of
from lib.trained.image_metrics import against_halves, against_held_out, classifier_for, halves, matching, seen
from lib.trained.shipped import RESULTS
from tools.results import image_metrics as tool
from tools.results.image_metrics import Run, reference

REPORT = json.loads(tool.TARGET.read_text())
MODELS = REPORT["models"]


def needs(data: str) -> None:
    """Skip a test whose pictures are not on this machine."""
    if data == "fashion" and not DEBIAN.is_dir():
        pytest.skip("Debian's package of Fashion-MNIST is not installed")


class Memory(EmpiricalOracle):
    """A model that returns the real digits: the best that the metrics can see, and worth nothing."""

    def __init__(self):
        x, y = digits()
        super().__init__(x, LinearPath(), y)
        self.shape, self.net = (1, 8, 8), SimpleNamespace(classes=10)


@pytest.fixture(scope="module")
def remembered():
    x, y = tool.generate(Memory(), Run("euler", 20), 0)
    return seen(reference("digits").classifier, x), x, y


def test_halves_have_no_image_in_common_and_equally_many_of_each_class():
    y = digits()[1]
    one, other = halves(y, 0, 1000)
    assert not set(one.tolist()) & set(other.tolist())
    assert y[one].bincount().tolist() == y[other].bincount().tolist() == (y.bincount() // 2).tolist()
    assert not torch.equal(one, halves(y, 1, 1000)[0])
    assert halves(y, 0, 5)[0].shape == (50,)


def test_matching_takes_the_classes_that_are_asked_for():
    labels, y = torch.tensor([3, 3, 0, 9]), torch.arange(30) % 10
    assert y[matching(labels, y)].tolist() == [0, 3, 3, 9]
    with pytest.raises(ValueError, match="2 images of class 3 are needed, and there are 1"):
        matching(labels, y[:10])


def test_a_model_that_remembers_the_data_reaches_every_floor(remembered):
    features, x, y = remembered
    b, floor = reference("digits"), REPORT["floors"]["digits"]
    assert b.classifier.accuracy(x, y) > 0.97
    found = against_halves(b, features, y)
    assert sum(found) / len(found) < 1.5 * floor["frechet"][0]
    assert against_held_out(b, features, y)["recall"] > floor["recall"][0] - 0.1


def test_the_metrics_see_what_is_wrong(remembered):
    features, x, y = remembered
    b, floor = reference("digits"), REPORT["floors"]["digits"]
    first = torch.cat([features[y == label][:1].repeat(100, 1) for label in range(10)])
    in_turn = torch.arange(10).repeat_interleave(100)
    one_of_each = against_held_out(b, first, in_turn)
    assert one_of_each["precision"] > 0.6 and one_of_each["recall"] < 0.2
    noisy = seen(b.classifier, x + torch.randn(x.shape, generator=torch.Generator().manual_seed(0)))
    assert against_held_out(b, noisy, y)["precision"] < 0.5
    for wrong, labels in ((first, in_turn), (noisy, y)):
        found = against_halves(b, wrong, labels)
        assert sum(found) / len(found) > 3 * floor["frechet"][0]


def test_samples_depend_on_the_seed_and_not_on_how_many_are_drawn():
    few, y = tool.generate(Memory(), Run("ancestral", 3), 0, 20)
    more, _ = tool.generate(Memory(), Run("ancestral", 3), 0, 100)
    other, _ = tool.generate(Memory(), Run("ancestral", 3), 1, 20)
    assert y.tolist() == list(range(10)) * 2 and not torch.allclose(few, other)
    start, _ = tool.generate(Memory(), Run("euler", 1), 0, 20)
    again, _ = tool.generate(Memory(), Run("euler", 1), 0, 120)
    assert torch.allclose(start, again[:20], atol=1e-5) and few.shape == more[:20].shape


@pytest.mark.parametrize("data", REPORT["floors"])
def test_the_floors_are_those_of_the_real_images(data):
    needs(data)
    assert tool.nothing(data) == pytest.approx(REPORT["nothing"][data], rel=1e-2)
    for name, values in tool.floors(data).items():
        assert values == pytest.approx(REPORT["floors"][data][name], rel=1e-2), name


@pytest.mark.parametrize("name", MODELS)
def test_the_report_is_about_the_shipped_file(name):
    entry, path = MODELS[name], RESULTS / f"{name}.safetensors"
    first = next(iter(entry["runs"]))
    assert first == str(tool.RUNS[name][0]) and list(entry["runs"]) == [str(run) for run in tool.RUNS[name]]
    assert entry["files"] == tool.marks(name, entry["data"])
    told, data = entry["runs"][first]["check"], entry["data"]
    x, y = tool.generate(load_model(path), tool.RUNS[name][0], tool.SEEDS[0], tool.CHECK, decoder_of(path))
    agreed = classifier_for(data).accuracy(x, y)
    assert agreed == pytest.approx(told["agreement"], abs=0.021)  # two images of a hundred
    needs(data)
    found = tool.checked(x, y, data)
    assert found["agreement"] == pytest.approx(agreed, abs=1e-3)
    assert found["frechet"] == pytest.approx(told["frechet"], rel=0.02)
