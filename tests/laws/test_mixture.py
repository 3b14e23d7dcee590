"""The oracle is exact: density, score and conditional means agree with independent computations."""

import math

import pytest
import torch

from lib import (
    Coeffs,
    EmpiricalOracle,
    GaussianMixture,
    LinearPath,
    Oracle,
    randn,
    seeded,
    two_moons,
    two_moons_mixture,
)

LEVELS = [Coeffs(1.0, 0.0), Coeffs(0.9, 0.3), Coeffs(0.3, 0.9), Coeffs(0.0, 1.0)]


def test_two_moons_is_standardised_exactly(moons):
    # A sum over 200 components; seen: 3e-16.
    torch.testing.assert_close(moons.mean, torch.zeros(2, dtype=torch.float64), atol=1e-14, rtol=0)
    # A sum over 200 components; seen: 7e-16.
    torch.testing.assert_close(moons.variance, torch.ones(2, dtype=torch.float64), atol=1e-14, rtol=0)
    assert len(moons.weights) == 200 and moons.classes == 2


def test_two_moons_before_standardising_has_the_centres_of_the_definition():
    raw = two_moons_mixture(standardize=False)
    a = (7 + 0.5) * math.pi / 100
    torch.testing.assert_close(raw.means[7], torch.tensor([math.cos(a), math.sin(a)], dtype=torch.float64))
    torch.testing.assert_close(raw.means[107], torch.tensor([1 - math.cos(a), 0.5 - math.sin(a)], dtype=torch.float64))
    assert raw.variances.unique().tolist() == [0.07**2]
    assert raw.labels[7] == 0 and raw.labels[107] == 1


def test_log_prob_agrees_with_torch_distributions(moons):
    from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

    x = 2 * randn((50, 2), generator=seeded(0)).double()
    for c in LEVELS:
        scale = (c.alpha**2 * moons.variances + c.sigma**2).sqrt()
        reference = MixtureSameFamily(Categorical(moons.weights), Independent(Normal(c.alpha * moons.means, scale), 1))
        # Quadratic forms far from the data; seen: 5e-13.
        torch.testing.assert_close(moons.log_prob(x, c), reference.log_prob(x), rtol=1e-9, atol=1e-9)


def test_score_is_the_gradient_of_log_prob(moons):
    for c in LEVELS:
        x = (1.5 * randn((50, 2), generator=seeded(0)).double()).requires_grad_()
        (gradient,) = torch.autograd.grad(moons.log_prob(x, c).sum(), x)
        torch.testing.assert_close(moons.score(x.detach(), c), gradient, rtol=1e-8, atol=1e-8)


def test_eps_is_minus_sigma_times_the_score_and_tweedie_gives_x0(moons):
    x_t = 1.5 * randn((50, 2), generator=seeded(0)).double()
    for c in LEVELS[1:3]:
        estimate, score = moons.estimate(x_t, c), moons.score(x_t, c)
        # Autograd takes another way; seen: 9e-15.
        torch.testing.assert_close(estimate.eps, -c.sigma * score, rtol=1e-9, atol=1e-9)
        # Autograd takes another way, and divides by alpha; seen: 3e-14.
        torch.testing.assert_close(estimate.x0, (x_t + c.sigma**2 * score) / c.alpha, rtol=1e-9, atol=1e-9)


def test_posterior_mean_agrees_with_numerical_integration(broad):
    """E[x_data | x_t] by brute force: weigh a fine grid of clean points by p(x) N(x_t; alpha x, sigma^2)."""
    axis = torch.linspace(-7, 7, 561, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    prior = broad.log_prob(grid)
    x_t = randn((5, 2), generator=seeded(3)).double()
    for c in (Coeffs(0.8, 0.6), Coeffs(0.3, 0.95)):
        log_likelihood = -((x_t[:, None] - c.alpha * grid) ** 2).sum(-1) / (2 * c.sigma**2)
        weights = (prior + log_likelihood).softmax(-1)
        # A Riemann sum of a smooth, fast-decaying density converges faster than any power of the spacing.
        # The sum stands for an integral; seen: 5e-14.
        torch.testing.assert_close(broad.estimate(x_t, c).x0, weights @ grid, rtol=0, atol=1e-9)


def test_ends_are_what_they_must_be(moons):
    x_t = randn((20, 2), generator=seeded(0)).double()
    noise_end, data_end = moons.estimate(x_t, Coeffs(0.0, 1.0)), moons.estimate(x_t, Coeffs(1.0, 0.0))
    # A sum over 200 components; seen: 2e-16.
    torch.testing.assert_close(noise_end.x0, moons.mean.expand(20, 2), atol=1e-13, rtol=0)
    torch.testing.assert_close(noise_end.eps, x_t)
    torch.testing.assert_close(data_end.x0, x_t)
    assert (data_end.eps == 0).all()


def test_total_expectation_over_the_classes(moons):
    """p(x) = sum_y p(y) p(x | y), and the unconditional mean is the mean of the conditional ones by p(y | x)."""
    x_t = 1.5 * randn((30, 2), generator=seeded(0)).double()
    c = Coeffs(0.7, 0.7)
    given = [torch.full((30,), k) for k in range(2)]
    joint = torch.stack([moons.log_prob(x_t, c, y) + math.log(0.5) for y in given])
    torch.testing.assert_close(joint.logsumexp(0), moons.log_prob(x_t, c))
    share = joint.softmax(0)[..., None]
    mixed = sum(share[k] * moons.estimate(x_t, c, given[k]).x0 for k in range(2))
    torch.testing.assert_close(mixed, moons.estimate(x_t, c).x0)


def test_no_label_is_the_unconditional_estimate_row_by_row(moons):
    x_t, c = randn((6, 2), generator=seeded(0)).double(), Coeffs(0.7, 0.7)
    mixed = moons.estimate(x_t, c, torch.tensor([-1, 0, 1, -1, 0, 1]))
    torch.testing.assert_close(mixed.x0[[0, 3]], moons.estimate(x_t, c).x0[[0, 3]])
    torch.testing.assert_close(mixed.x0[[1, 4]], moons.estimate(x_t, c, torch.zeros(6, dtype=torch.long)).x0[[1, 4]])


def test_blocks_do_not_change_the_answer(moons, monkeypatch):
    x_t, t = randn((70, 2), generator=seeded(0)).double(), torch.linspace(0, 1, 70, dtype=torch.float64)
    oracle = Oracle(moons, LinearPath())
    whole = oracle.estimate(x_t, t)
    shared = oracle.estimate(x_t, t[30].item())
    monkeypatch.setattr("lib.mixture.BLOCK", 1000)
    torch.testing.assert_close(oracle.estimate(x_t, t), whole)
    torch.testing.assert_close(oracle.estimate(x_t, t[30].item()), shared)
    torch.testing.assert_close(shared.x0[30], whole.x0[30])


def test_samples_have_the_moments_and_labels_of_the_mixture(moons):
    x, y = two_moons(40_000, generator=seeded(0), dtype=torch.float64)
    # Standard errors at 40,000 samples: 0.005 for a mean, below 0.005 for these variances; four of them.
    assert x.mean(0).abs().max() < 0.02 and (x.var(0) - 1).abs().max() < 0.02
    assert abs(y.double().mean() - 0.5) < 4 * 0.5 / 200
    closer_to_own_moon = moons.log_prob(x, y=y) > moons.log_prob(x, y=1 - y)
    assert closer_to_own_moon.double().mean() > 0.999  # the moons hardly overlap at noise 0.07


def test_empirical_oracle_is_the_mixture_of_narrow_gaussians_on_its_points():
    points = two_moons(30, generator=seeded(0), dtype=torch.float64)[0]
    # no tolerance: a variance
    narrow = GaussianMixture(torch.full((30,), 1 / 30), points, torch.full_like(points, 1e-14))
    x_t, t = randn((20, 2), generator=seeded(1)).double(), torch.linspace(0, 0.95, 20, dtype=torch.float64)
    a, b = EmpiricalOracle(points, LinearPath()).estimate(x_t, t), Oracle(narrow, LinearPath()).estimate(x_t, t)
    torch.testing.assert_close(a.x0, b.x0, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(a.eps, b.eps, rtol=1e-6, atol=1e-8)


def test_empirical_oracle_closes_and_knows_its_labels():
    x, y = two_moons(40, generator=seeded(0), dtype=torch.float64)
    oracle = EmpiricalOracle(x, LinearPath(), y)
    x_t, t = randn((30, 2), generator=seeded(1)).double(), torch.linspace(0, 1, 30, dtype=torch.float64)
    ask = torch.arange(30) % 2
    estimate = oracle.estimate(x_t, t, ask)
    torch.testing.assert_close(LinearPath().coeffs(t, like=x_t).add_noise(*estimate), x_t)
    only = EmpiricalOracle(x[y == 0], LinearPath()).estimate(x_t, t)
    torch.testing.assert_close(estimate.x0[ask == 0], only.x0[ask == 0])
    with pytest.raises(ValueError, match="no labels"):
        EmpiricalOracle(x, LinearPath()).estimate(x_t, t, ask)


def test_empirical_oracle_on_images_keeps_their_shape():
    images = randn((5, 1, 4, 4), generator=seeded(0)).double()
    estimate = EmpiricalOracle(images, LinearPath()).estimate(images, torch.full((5,), 0.99, dtype=torch.float64))
    torch.testing.assert_close(estimate.x0, images, atol=1e-6, rtol=0)


def test_oracle_of_half_precision_like_inputs_answers_in_their_dtype(moons):
    x_t = randn((4, 2), generator=seeded(0))
    estimate = Oracle(moons, LinearPath()).estimate(x_t, torch.full((4,), 0.5))
    double = Oracle(moons, LinearPath()).estimate(x_t.double(), torch.full((4,), 0.5, dtype=torch.float64))
    assert estimate.x0.dtype == torch.float32
    torch.testing.assert_close(
        estimate.x0.double(), double.x0, rtol=0, atol=1e-4
    )  # float32 rounding in exponents of some hundred
