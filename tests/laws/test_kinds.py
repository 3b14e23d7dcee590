"""Numbers, labels, times, shapes and precisions of every kind: what fits means the same, what does not is refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from lib import (
    DDPM,
    Clipped,
    Coeffs,
    DiscreteSchedule,
    EmpiricalOracle,
    Estimate,
    FlowMatching,
    GaussianMixture,
    Guided,
    LinearPath,
    MLPDenoiser,
    Oracle,
    Standardizer,
    batches,
    ddim,
    digits,
    drop_labels,
    euler,
    linear_betas,
    make_target,
    patchify,
    randn,
    sample,
    seeded,
    solve,
    unpatchify,
)
from lib.training import stratified_uniform
from tests.conftest import HALF_WAY, MOONS, PATH, B, X, Y

LABELLED = FlowMatching(MLPDenoiser(width=8, t_scale=1000, classes=2))


def test_a_number_of_one_sample_and_a_column_mean_what_they_say():
    model, eps = FlowMatching(MLPDenoiser(width=8, t_scale=1000)), randn((B, 2), generator=seeded(3))
    losses = [
        model.loss(X, t=t, eps=eps).item() for t in (0.5, torch.tensor(0.5), torch.tensor([0.5]), np.float32(0.5))
    ]
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-6)
    answers = [model.net(X, t) for t in (0.5, torch.tensor(0.5), torch.full((B,), 0.5))]
    assert all(torch.allclose(answer, answers[0], atol=1e-6) for answer in answers)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_labels_of_every_whole_type_mean_the_same(dtype):
    y, oracle = Y.to(dtype), EmpiricalOracle(randn((9, 2), generator=seeded(4)), PATH, torch.arange(9).to(dtype) % 2)
    for model in (LABELLED, Guided(LABELLED, 2.0), Oracle(MOONS, PATH), oracle):
        for a, b in zip(model.estimate(X, 0.5, y), model.estimate(X, 0.5, Y), strict=True):
            assert torch.equal(a, b)
    assert drop_labels(y, 1.0).tolist() == [-1] * B  # which a byte does not hold


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_times_of_every_whole_type_mean_the_same(dtype):
    schedule, t = DiscreteSchedule(linear_betas(50)), torch.tensor([0, 1, 7, 49])
    for a, b in zip(schedule.coeffs(t.to(dtype), like=X)[:2], schedule.coeffs(t, like=X)[:2], strict=True):
        assert torch.equal(a, b)  # torch takes a byte for a mask


def test_images_of_bytes_as_floats_are_warned_about():
    with pytest.warns(UserWarning, match=r"Scale them to \[-1, 1\]"):
        batches(torch.full((3, 1, 2, 2), 200.0), size=2)
    batches(digits()[0], size=2)


def test_a_net_for_the_other_clock_is_warned_about():
    with pytest.warns(UserWarning, match="build it with t_scale=1"):
        DDPM(MLPDenoiser(t_scale=1000))
    with pytest.warns(UserWarning, match="t_scale=1000"):
        FlowMatching(MLPDenoiser(t_scale=1))
    DDPM(MLPDenoiser(t_scale=1000), linear_betas(10, rescale=False))  # 0 ... 9 in the range of 0 ... 9,000


def test_numbers_standardise_all_pixels_alike():
    x, _ = digits()
    z = Standardizer(x.mean(), x.std())(x)
    assert z.shape == x.shape and z.mean().abs() < 1e-3 and abs(z.std() - 1) < 1e-3
    assert torch.equal(Standardizer(0.5, 2)(X), (X - 0.5) / 2)


def test_times_without_a_generator_leave_the_global_numbers_alone():
    before = torch.random.get_rng_state()
    assert sorted((stratified_uniform(8) * 8).long().tolist()) == list(range(8))
    assert torch.equal(before, torch.random.get_rng_state())


# ---- any shape, any precision ------------------------------------------------------------------------------------------

SHAPES = some.lists(some.integers(1, 3), min_size=1, max_size=4).map(tuple)
FLOATS = some.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64])


@settings(max_examples=60, deadline=None)
@given(SHAPES, SHAPES, FLOATS, some.sampled_from(["eps", "x0", "v", "u"]))
def test_two_shapes_mix_only_when_they_are_one(one, other, dtype, target):
    x, y = torch.ones(one, dtype=dtype), torch.ones(other, dtype=dtype)
    ways = (
        lambda: HALF_WAY.add_noise(x, y),
        lambda: make_target(target, x, y, HALF_WAY),
        lambda: solve(target, y, x, HALF_WAY).x0,
        lambda: Estimate(x, y).velocity(HALF_WAY),
        lambda: FlowMatching(lambda x_t, t, y_=None: y, target=target).estimate(x, 0.5).eps,
    )
    for way in ways:
        if one == other:
            assert way().shape == one and way().dtype == dtype
        else:
            with pytest.raises(ValueError, match="shape"):
                way()


@settings(max_examples=60, deadline=None)
@given(SHAPES, some.integers(0, 4), some.booleans())
def test_a_time_for_each_sample_or_one_for_all(shape, count, whole):
    x, path = torch.ones(shape), DiscreteSchedule(linear_betas(50)) if whole else PATH
    t = path.times(torch.full((count,), 0.5))
    if count in (1, shape[0]):
        c = path.coeffs(t, like=x)
        assert c.alpha.shape == (count, *[1] * (len(shape) - 1)) and c.add_noise(x, x).shape == shape
    else:
        with pytest.raises(ValueError, match="Times must be"):
            path.coeffs(t, like=x)


@settings(max_examples=30, deadline=None)
@given(some.integers(1, 5), some.integers(1, 4), FLOATS, some.sampled_from([euler, ddim]))
def test_a_sample_is_like_its_start(rows, columns, dtype, rule):
    mixture = GaussianMixture([1.0], [[0.5] * columns], [[2.0] * columns])
    start = randn((rows, columns), like=torch.zeros(0, dtype=dtype), generator=seeded(rows))
    end = sample(Oracle(mixture, PATH), start, 4, rule)
    assert end.shape == start.shape and end.dtype == dtype and end.isfinite().all()


@settings(max_examples=60, deadline=None)
@given(some.lists(some.integers(1, 6), min_size=4, max_size=4), some.integers(1, 4))
def test_an_image_comes_back_from_its_patches_or_is_refused(shape, patch):
    x = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
    if shape[2] == shape[3] and shape[2] % patch == 0:
        assert torch.equal(unpatchify(patchify(x, patch), patch, shape[1]), x)
    else:
        with pytest.raises(ValueError, match=r"square|do not tile"):
            patchify(x, patch)


def test_coefficients_are_numbers_or_one_for_each_sample():
    curve = torch.rand(B, 1)
    assert Coeffs(curve, curve).add_noise(X, X).shape == X.shape
    for wrong in (torch.rand(2), torch.rand(1, 1, 1), torch.rand(2, 1)):
        with pytest.raises(ValueError, match="do not belong to samples"):
            Coeffs(wrong, wrong).add_noise(X, X)


def test_whole_numbers_and_mixed_kinds_are_coefficients():
    column = torch.full((B, 1), 0.5)
    for a, b in (
        (Coeffs(1, 0), Coeffs(1.0, 0.0)),
        (Coeffs(column, 0.5), Coeffs(0.5, 0.5)),
        (Coeffs(0.5, column), Coeffs(0.5, 0.5)),
    ):
        assert torch.equal(a.add_noise(X, X + 1), b.add_noise(X, X + 1))
        for one, other in zip(solve("v", X, X + 1, a), solve("v", X, X + 1, b), strict=True):
            torch.testing.assert_close(one, other)


def test_a_size_of_numpy_and_a_time_in_brackets_mean_what_they_say():
    assert len(next(batches(X, size=np.int64(3)))[0]) == 3
    guided = Guided(LABELLED, 2.0)
    torch.testing.assert_close(guided.estimate(X, torch.tensor([0.5]), Y), guided.estimate(X, 0.5, Y))


def test_numbers_are_clipped_by_a_quantile_too():
    path = LinearPath()

    class Numbers:
        def __init__(self):
            self.path = path

        def estimate(self, x_t, t, y=None):
            return Estimate(3 * x_t, x_t)

    x = torch.tensor([-2.0, 0.1, 1.0])
    assert torch.allclose(Clipped(Numbers(), quantile=0.9).estimate(x, 0.5).x0, torch.tensor([-1.0, 0.3, 1.0]))


@pytest.mark.parametrize("answered", [torch.float64, torch.float16])
def test_a_sample_is_like_its_start_whatever_the_net_answers(answered):
    model = FlowMatching(lambda x_t, t, y=None: x_t.to(answered))
    assert model.sample((), 3, start=X).dtype == torch.float32
    assert sample(model, X, 3, lambda step: step.x.to(answered)).dtype == torch.float32


def test_a_model_can_be_put_around_a_function_and_a_function_around():
    model = FlowMatching(MLPDenoiser(width=8, t_scale=1000))
    double = model.with_net(lambda x_t, t, y=None: 2 * x_t)
    assert torch.equal(double.ask(X, 0.5), 2 * X) and torch.equal(
        double.with_net(model.net).ask(X, 0.5), model.ask(X, 0.5)
    )
