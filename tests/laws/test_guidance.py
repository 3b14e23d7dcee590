"""Classifier-free guidance: one batched call, and the same samples whatever the network predicts."""

import math

import pytest
import torch

from lib import (
    DDPM,
    TARGETS,
    Guided,
    LinearPath,
    MLPDenoiser,
    Oracle,
    ddim,
    drop_labels,
    make_target,
    randn,
    sample,
    seeded,
    solve,
)

X, Y = randn((8, 2), generator=seeded(0)).double(), torch.arange(8) % 2
T = torch.full((8,), 0.4, dtype=torch.float64)


def test_scale_zero_is_unconditional_and_one_is_conditional(moons):
    oracle = Oracle(moons, LinearPath())
    for scale, y in ((0.0, None), (1.0, Y)):
        guided, plain = Guided(oracle, scale).estimate(X, T, Y), oracle.estimate(X, T, y)
        torch.testing.assert_close(guided.x0, plain.x0)
        torch.testing.assert_close(guided.eps, plain.eps)


def test_scale_is_one_plus_the_w_of_ho_and_salimans(moons):
    oracle, w = Oracle(moons, LinearPath()), 0.7
    conditional, unconditional = oracle.estimate(X, T, Y), oracle.estimate(X, T)
    theirs = (1 + w) * conditional.eps - w * unconditional.eps
    torch.testing.assert_close(Guided(oracle, 1 + w).estimate(X, T, Y).eps, theirs)


@pytest.mark.parametrize("target", TARGETS)
def test_guidance_commutes_with_the_target(moons, target):
    """Guide eps, x0, v or u: the estimate is the same, since the map between them is affine at a given (x_t, t)."""
    oracle, c = Oracle(moons, LinearPath()), LinearPath().coeffs(T, like=X)
    outputs = [make_target(target, *oracle.estimate(X, T, y), c) for y in (None, Y)]
    by_target = solve(target, torch.lerp(*outputs, 3.0), X, c)
    guided = Guided(oracle, 3.0).estimate(X, T, Y)
    torch.testing.assert_close(by_target.x0, guided.x0)
    torch.testing.assert_close(by_target.eps, guided.eps)


def test_guidance_asks_once_with_both_halves():
    asked = []

    class Net(torch.nn.Module):
        def forward(self, x, t, y=None):
            asked.append((len(x), y.tolist()))
            return torch.zeros_like(x)

    Guided(DDPM(Net()), 2.0).estimate(X, torch.full((8,), 500), Y)
    assert asked == [(16, [-1] * 8 + Y.tolist())]


def test_guidance_acts_inside_its_interval_alone(moons):
    """sigma / alpha is 9, 3, 1, 1/3 and 1/9 at these times of the straight path; every row has its own."""
    oracle, t = Oracle(moons, LinearPath()), torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9], dtype=torch.float64)
    x, y = torch.zeros(5, 2, dtype=torch.float64), Y[:5]  # between the moons, where the classes differ at every time
    mixed = Guided(oracle, 3.0, interval=(0.5, 4.0)).estimate(x, t, y)
    inside = torch.tensor([False, True, True, False, False])
    guided, conditional = Guided(oracle, 3.0).estimate(x, t, y), oracle.estimate(x, t, y)
    for half, with_it, without_it in zip(mixed, guided, conditional):
        torch.testing.assert_close(half[inside], with_it[inside])
        torch.testing.assert_close(half[~inside], without_it[~inside])
        assert ((with_it - without_it).abs().amax(-1) > 1e-6).all()  # or there would be nothing to tell apart


def test_outside_its_interval_guidance_costs_a_plain_call():
    asked = []

    class Net(torch.nn.Module):
        def forward(self, x, t, y=None):
            asked.append(len(x))
            return torch.zeros_like(x)

    guided = Guided(DDPM(Net(), target="x0"), 2.0, interval=(0.5, 4.0))
    early, middle, late = (-guided.path.log_snr(torch.tensor([900, 400, 50])) / 2).exp()
    assert late < 0.5 < middle < 4.0 < early
    for t in (900, 400, 50):
        guided.estimate(X, torch.tensor([t]).expand(8), Y)  # one time for the batch, as in a sampler
        guided.estimate(X, torch.full((8,), t), Y)
    assert asked == [8, 8, 16, 16, 8, 8]


@pytest.mark.parametrize("shared", [True, False])
def test_pure_noise_has_an_infinite_level(moons, shared):
    oracle, t = Oracle(moons, LinearPath()), torch.zeros(1, dtype=torch.float64)
    t = t.expand(8) if shared else t.repeat(8)
    bounded, open_ended, plain = (
        Guided(oracle, 3.0, interval=interval).estimate(X, t, Y) for interval in ((0.0, 1e6), (0.5, math.inf), None)
    )
    assert torch.equal(bounded.x0, oracle.estimate(X, t, Y).x0)
    assert torch.equal(open_ended.x0, plain.x0) and not torch.equal(bounded.x0, plain.x0)


def test_an_interval_without_an_end_is_guidance_everywhere(moons):
    oracle, y = Oracle(moons, LinearPath()), torch.arange(8) % 2
    everywhere, always = (
        sample(Guided(oracle, 2.0, interval=interval), X, 10, ddim, y) for interval in ((0.0, math.inf), None)
    )
    assert torch.equal(everywhere, always)


@pytest.mark.parametrize("interval", [(1.0, 1.0), (2.0, 1.0), (-0.1, 1.0), (0.0, math.nan)])
def test_an_interval_that_is_none_is_refused(moons, interval):
    with pytest.raises(ValueError, match="0 <= low < high"):
        Guided(Oracle(moons, LinearPath()), 2.0, interval=interval)


def test_guided_estimate_still_closes(moons):
    guided = Guided(Oracle(moons, LinearPath()), 5.0).estimate(X, T, Y)
    torch.testing.assert_close(LinearPath().coeffs(T, like=X).add_noise(*guided), X)


def test_guided_samples_fall_into_the_class_asked_for(moons):
    oracle, y = Oracle(moons, LinearPath()), torch.arange(400) % 2
    x = sample(Guided(oracle, 2.0), randn((400, 2), generator=seeded(0)).double(), 20, ddim, y)
    own, other = moons.log_prob(x, y=y), moons.log_prob(x, y=1 - y)
    assert (own > other).double().mean() > 0.99


def test_labels_are_dropped_for_each_sample_and_not_for_the_batch():
    y = torch.zeros(10_000, dtype=torch.long)
    dropped = drop_labels(y, 0.1, generator=seeded(0)) == -1
    assert abs(dropped.double().mean() - 0.1) < 4 * 0.3 / 100  # four standard errors of a share
    assert drop_labels(y, 0.0).max() == 0 and drop_labels(y, 1.0).max() == -1
    assert y.min() == 0  # the labels given are left as they were


def test_loss_drops_labels_where_the_model_says_so():
    seen = []

    class Net(torch.nn.Module):
        def forward(self, x, t, y=None):
            seen.append(y)
            return torch.zeros_like(x, requires_grad=True)

    DDPM(Net(), label_drop=0.5).loss(X.repeat(50, 1), Y.repeat(50), generator=seeded(0))
    DDPM(Net()).loss(X, Y)
    assert 0.3 < (seen[0] == -1).double().mean() < 0.7 and (seen[1] == Y).all()


def test_a_net_without_labels_given_answers_unconditionally():
    net = MLPDenoiser(classes=2, t_scale=1000).double()
    both = net(X, T, torch.full((8,), -1)), net(X, T)
    assert torch.equal(*both)
    assert not torch.equal(both[0], net(X, T, Y))
