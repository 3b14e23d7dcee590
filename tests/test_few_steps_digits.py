"""The few-step model of the digits: its numbers are those of the shipped file, and better than the teacher with as few calls."""

import json

import pytest
import torch

from lib import FlowMatching, load_model
from lib.labels import NO_LABEL
from lib.trained.files import mark, read
from lib.trained.shipped import RESULTS
from lib.trained.stack import to_bytes
from tools.results import few_steps_digits as tool
from tools.results.image_metrics import CHECK, SEEDS, Run, check, generate, marks, nothing

REPORT = json.loads(tool.TARGET.read_text())
ROWS = REPORT["rows"]
MODELS = ("digits_flow", "digits_few")


@pytest.fixture(scope="module")
def models():
    return {name: load_model(RESULTS / f"{name}.safetensors") for name in MODELS}


@pytest.fixture(scope="module")
def ends(models):
    """The teacher's pictures, as it is judged."""
    return generate(models["digits_flow"], tool.RUN, SEEDS[0], CHECK)[0]


def test_the_report_is_about_the_shipped_files():
    assert REPORT["files"] == {name: marks(name, "digits") for name in MODELS}
    assert list(ROWS) == list(tool.ROWS)
    said = read(tool.STUDENT, ("teacher",), "")[1]
    assert said["teacher"] == mark(tool.TEACHER)
    assert REPORT["training"] == {name: int(said[name]) for name in REPORT["training"]}
    assert tool.STUDENT.stat().st_size < 5e6


def test_it_is_a_model_like_any_other(models):
    """Read by load_model, on the path of its teacher; a call is one row a picture, without a doubled one for guidance."""
    student = models["digits_few"]
    assert isinstance(student, FlowMatching) and student.path == models["digits_flow"].path
    rows = []
    counted = student.with_net(_Counted(student.net, rows))
    x = counted.sample((6, *student.shape), 4, y=torch.arange(6))
    assert x.shape == (6, 1, 8, 8) and rows == [6] * 4


class _Counted(torch.nn.Module):
    """A net that writes down how many rows it is asked for."""

    def __init__(self, net, rows):
        super().__init__()
        self.net, self.rows, self.shape, self.classes = net, rows, net.shape, net.classes

    def forward(self, x, t, y):
        self.rows.append(len(x))
        return self.net(x, t, y)


@pytest.mark.parametrize("name", [name for name in tool.ROWS if "student" in name or name == "teacher, 4 calls"])
def test_a_part_of_the_numbers_comes_out_again(name, models, ends):
    of, run = tool.ROWS[name]
    row = ROWS[name]
    assert {key: row[key] for key in Run._fields} == json.loads(json.dumps(run._asdict()))
    found, told = check(models[of], run, "digits"), row["check"]
    assert found["agreement"] == pytest.approx(told["agreement"], abs=0.021)  # two images of a hundred
    assert found["frechet"] == pytest.approx(told["frechet"], rel=0.02)
    x = generate(models[of], run, SEEDS[0], CHECK)[0]
    assert tool.apart(x, ends) == pytest.approx(told["apart"], rel=0.02)
    kept = tool.pictures(row)
    assert (to_bytes(x[: tool.SHOWN]).float() - kept.float()).abs().max() <= 3  # of 255


def test_the_pictures_beside_are_of_the_same_noise(ends):
    """The teacher's at 20 calls are what the others are measured against."""
    assert (to_bytes(ends[: tool.SHOWN]).float() - tool.pictures(ROWS["teacher, 20 calls"]).float()).abs().max() <= 3
    assert REPORT["labels"] == [i % 10 for i in range(tool.SHOWN)]
    assert ROWS["teacher, 20 calls"]["apart"] == [0, 0, 0]
    assert nothing("digits") == pytest.approx(REPORT["nothing"], rel=1e-2)


def test_four_calls_are_nearly_as_good_as_the_teachers_twenty():
    teacher, student = ROWS["teacher, 20 calls"], ROWS["student, 4 calls"]
    assert min(student["agreement"]) >= 0.95
    for name in ("frechet", "frechet_held_out"):
        assert sum(student[name]) <= 2.5 * sum(teacher[name])


def test_one_call_loses_little():
    teacher, student = ROWS["teacher, 20 calls"], ROWS["student, 1 calls"]
    assert min(student["agreement"]) >= 0.98
    assert sum(student["frechet"]) <= 1.5 * sum(teacher["frechet"])
    assert all(a > b - 0.06 for a, b in zip(student["recall"], teacher["recall"], strict=True))


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_reflow_beats_the_teacher_with_as_few_calls(calls):
    """In every seed, nearer to the data, as diverse or more, and nearer to where the teacher's twenty calls end."""
    student = ROWS[f"student, {calls} calls"]
    for teacher in (ROWS[f"teacher, {calls} calls"], ROWS[f"teacher, {calls} calls, w = 1.5"]):
        for name in ("frechet", "frechet_held_out", "apart"):
            assert all(a < b for a, b in zip(student[name], teacher[name], strict=True)), name
        assert all(a > b for a, b in zip(student["recall"], teacher["recall"], strict=True))
    assert max(student["apart"]) < min(REPORT["apart_of_another_noise"])


# ---- the recipe ----------------------------------------------------------------------------------------------------------------


def test_pairs_are_what_the_guided_teacher_makes_of_the_noise(tmp_path, monkeypatch, models):
    monkeypatch.setattr(tool, "CHUNK", 20)
    made, model = tool.pairs(tmp_path, 40), models["digits_flow"]
    assert made.noise.shape == made.ends.shape == (40, 1, 8, 8) and made.y.tolist() == [i % 10 for i in range(20)] * 2
    assert not torch.equal(made.noise[:20], made.noise[20:])
    x, y = made.noise, made.y
    with torch.no_grad():
        for i in range(
            20
        ):  # Euler by hand: sigma / alpha is 1 at t = 0.5, step 10, and 0.5 between the steps 13 and 14
            u = model.ask(x, i / 20, y)
            if 10 <= i <= 13:
                u = 2 * u - model.ask(x, i / 20, torch.full_like(y, NO_LABEL))
            x = x + u / 20
    assert torch.allclose(made.ends, x, atol=1e-3)

    monkeypatch.setattr(tool, "chunk", lambda *_: pytest.fail("they stand there"))
    again = tool.pairs(tmp_path, 40)
    assert torch.equal(again.ends, made.ends) and again.seconds == pytest.approx(made.seconds, abs=0.02)


def test_times_lie_near_the_noise():
    t = tool.early(10_000, torch.Generator().manual_seed(0))
    assert 0 <= t.min() and t.max() < 1
    assert (t < 0.25).double().mean() == pytest.approx(0.5, abs=0.03)


def test_the_student_begins_as_the_teacher_and_learns_the_pairs(models, monkeypatch):
    """A batch of pairs again and again: soon, one call from their noise lands a third nearer to their ends."""
    monkeypatch.setattr(tool, "DECAY", 0)  # the newest weights: an average would hardly have moved
    model, g = models["digits_flow"], torch.Generator().manual_seed(0)
    noise, y = torch.randn((tool.BATCH, 1, 8, 8), generator=g), torch.arange(tool.BATCH) % 10
    ends = tool.sample(tool.Guided(model, tool.RUN.scale, tool.RUN.interval), noise, 20, tool.euler, y)
    learned, seconds = tool.reflow(tool.Pairs(noise, ends, y, 0.0), steps=12)
    off = {one: tool.apart(one.sample((), 1, start=noise, y=y), ends) for one in (model, learned)}
    assert off[learned] < 0.67 * off[model] and seconds > 0
