"""Classifier-free guidance: one batched call, and the same samples whatever the network predicts."""

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
