"""log p(x) by the probability-flow ODE, beside the density that is known."""

import math

import pytest
import torch

from lib import (
    CosinePath,
    DiscreteSchedule,
    FlowMatching,
    GaussianMixture,
    LinearPath,
    MLPDenoiser,
    Oracle,
    VPPath,
    linear_betas,
    randn,
    seeded,
    two_moons_mixture,
)
from lib.likelihood import log_likelihood, standard_normal

MOONS = two_moons_mixture()


def moons(n=64, seed=0):
    return MOONS.sample(n, generator=seeded(seed), dtype=torch.float64)[0]


@pytest.mark.parametrize("path", [LinearPath(), CosinePath()], ids=["linear", "cosine"])
def test_the_oracle_finds_its_own_density(path):
    found = log_likelihood(Oracle(MOONS, path), moons(), 100)
    off = (found.log_p - MOONS.log_prob(moons())).abs()
    assert off.mean() < 1e-3
    assert not found.error.any()


def test_a_label_gives_the_density_of_its_class():
    x, y = moons(32), torch.zeros(32, dtype=torch.long)
    found = log_likelihood(Oracle(MOONS, LinearPath()), x[MOONS.log_prob(x, y=y) > -8][:8], 200, y[:8])
    expected = MOONS.log_prob(x[MOONS.log_prob(x, y=y) > -8][:8], y=y[:8])
    torch.testing.assert_close(found.log_p, expected, rtol=0, atol=2e-2)


@pytest.mark.parametrize("normal", [False, True])
def test_hutchinson_is_right_within_its_error(normal):
    x = moons(40)
    model = Oracle(MOONS, LinearPath())
    found = log_likelihood(model, x, 40, probes=64, normal=normal, generator=seeded(1))
    exact = log_likelihood(model, x, 40).log_p
    z = (found.log_p - exact) / found.error
    assert (z.abs() < 2).double().mean() > 0.85 and abs(z.mean()) < 2 * 2 / math.sqrt(len(x))
    assert (found.error > 0).all()


def test_signs_are_exact_on_a_diagonal_jacobian_and_normal_probes_are_not():
    gaussian = GaussianMixture(torch.ones(1), torch.tensor([[1.0, -1.0]]), torch.tensor([[0.2, 3.0]]))
    model, x = Oracle(gaussian, LinearPath()), randn((6, 2), generator=seeded(3)).double()
    exact = log_likelihood(model, x, 40).log_p
    signs = log_likelihood(model, x, 40, probes=2, generator=seeded(4))
    torch.testing.assert_close(signs.log_p, exact, rtol=0, atol=1e-9)  # seen: 1e-15
    normal = log_likelihood(model, x, 40, probes=2, normal=True, generator=seeded(4))
    assert (normal.log_p - exact).abs().max() > 0.05


def test_a_divergence_of_the_wrong_sign_is_seen():
    """The mutant, log N minus what is summed: on a Gaussian narrower than the noise it is off by twice the log of the width."""
    gaussian = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.full((1, 2), 0.04))
    x = torch.zeros(1, 2, dtype=torch.float64)
    found = log_likelihood(Oracle(gaussian, LinearPath()), x, 200).log_p
    expected = gaussian.log_prob(x)
    assert abs(found - expected) < 1e-3
    wrong = 2 * standard_normal(x) - found
    assert abs(wrong - expected) > 6


def test_a_net_has_a_density_that_sums_to_one():
    """A new net's flow, integrated over a grid: the total probability is 1, whatever it has learned."""
    torch.manual_seed(0)
    model = FlowMatching(MLPDenoiser(width=16, depth=1, t_scale=20))
    axis = torch.linspace(-6, 6, 81, dtype=torch.float64)
    points = torch.cartesian_prod(axis, axis).float()
    found = log_likelihood(model, points, 40).log_p.double()
    assert abs(found.exp().sum() * (axis[1] - axis[0]) ** 2 - 1) < 0.02


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"calls": 3}, "RK4"),
        ({"probes": -1}, "probes"),
        ({"model": Oracle(MOONS, DiscreteSchedule(linear_betas(100)))}, "discrete schedule"),
        ({"model": Oracle(MOONS, VPPath())}, "infinite at the time"),
        ({"model": "oracle"}, "odel"),
        ({"x": torch.zeros(0, 2)}, "x"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, said):
    arguments = {"model": Oracle(MOONS, LinearPath()), "x": moons(2).float(), "calls": 8} | change
    with pytest.raises((TypeError, ValueError), match=said):
        log_likelihood(arguments.pop("model"), arguments.pop("x"), **arguments)


def test_one_probe_has_no_scatter_and_says_so_quietly():
    found = log_likelihood(Oracle(MOONS, LinearPath()), moons(3).float(), 8, probes=1, generator=seeded(0))
    assert found.log_p.isfinite().all() and found.error.isnan().all()
