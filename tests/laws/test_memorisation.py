"""What tells a copy from a sample, against values that are known without it."""

import math

import pytest
import torch

from lib import EmpiricalOracle, LinearPath, digits, randn, seeded
from lib.memorisation import collapse, copy_ratio, effective_dimension, frechet_at_infinity, perplexity
from lib.metrics import frechet_distance

PATH = LinearPath()


def cloud(n, dim=2, seed=0):
    return randn((n, dim), generator=seeded(seed)).double()


def test_perplexity_is_the_exponential_of_the_entropy():
    points, x = cloud(5), cloud(3, seed=1)
    c = PATH.coeffs(0.4, like=x)
    weights = torch.softmax(-(x[:, None] - 0.4 * points).square().sum(-1) / (2 * 0.6**2), 1)
    expected = torch.distributions.Categorical(probs=weights).entropy().exp()
    torch.testing.assert_close(perplexity(x, points, c), expected, rtol=0, atol=1e-9)  # seen: 2e-15


def test_it_is_n_in_noise_and_one_at_the_data():
    points = cloud(50)
    noise, data = (perplexity(points, points, PATH.coeffs(t, like=points)) for t in (1e-3, 1 - 1e-4))
    assert (noise > 49).all() and (data < 1.01).all()


def test_where_it_is_one_the_oracle_copies():
    points = cloud(40)
    x_t, c = points + 0.01 * cloud(40, seed=2), PATH.coeffs(0.99, like=points)
    sure = perplexity(x_t, points, c) < 1.01
    answers = EmpiricalOracle(points, PATH).estimate(x_t, 0.99).x0
    assert sure.double().mean() > 0.6
    assert torch.cdist(answers[sure], points).min(1).values.max() < 0.01


@pytest.mark.parametrize(("n", "dim"), [(100, 8), (1000, 8), (1000, 16), (2000, 32)])
def test_gaussian_data_collapse_where_it_is_predicted(n, dim):
    """Where the entropies are equal the mean log of the perplexity is of the order of 1, and it falls from log n to 0 around."""
    points = cloud(n, dim)
    level = collapse(n, dim)

    def count(times):
        t = 1 / (1 + times * level)
        x_t = t * points[:100] + (1 - t) * cloud(100, dim, seed=3)
        return perplexity(x_t, points, PATH.coeffs(t, like=points)).log().mean().item()

    assert count(0.5) < 0.15 < count(1) < 0.5 * math.log(n) < count(2.5)


def test_collapse_is_its_formula():
    assert collapse(100, 2) == pytest.approx(1 / math.sqrt(99))
    assert collapse(100, 4, 9.0) == pytest.approx(3 / math.sqrt(9))


def test_the_directions_that_data_use():
    flat = cloud(4000, 6)
    assert 5.9 < effective_dimension(flat) <= 6
    flat[:, 1:] *= 1e-6
    assert effective_dimension(flat) == pytest.approx(1)
    assert 10 < effective_dimension(digits()[0]) < 20


@pytest.mark.parametrize("dim", [1, 2, 4])
def test_one_in_c_to_the_d_is_accused_though_it_is_no_copy(dim):
    """Of points in the middle of an even cloud; at the rim there are more."""
    points, x = torch.rand(2, 6000, dim, generator=seeded(4), dtype=torch.float64)
    middle = x[((x - 0.5).abs() < 0.3).all(1)]
    share = (copy_ratio(middle, points) < 1 / 3).double().mean().item()
    error = math.sqrt(3**-dim * (1 - 3**-dim) / len(middle))
    assert abs(share - 3**-dim) < 4 * error


def test_a_copy_has_ratio_zero_though_it_stands_twice():
    points = torch.cat([cloud(30), cloud(30)])
    assert copy_ratio(points[:10], points).max() == 0


def test_the_bias_of_a_frechet_distance_is_taken_out():
    a, b = cloud(4000, 8, seed=5) + 0.3, cloud(20_000, 8, seed=6)
    end, slope = frechet_at_infinity(a, b, [200, 400, 800], repeats=10, generator=seeded(7))
    true = 8 * 0.3**2
    assert slope > 0 and abs(end - true) < 0.12  # seen: 0.07; the shift of the means of 4,000 alone scatters by 0.03
    assert frechet_distance(a[:200], b) > true + 0.15


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: perplexity(cloud(2), cloud(3, 3), PATH.coeffs(0.5)), "differ in shape"),
        (lambda: perplexity(cloud(2), cloud(3), PATH.coeffs(1.0)), "sigma = 0"),
        (lambda: collapse(1, 2), "n"),
        (lambda: effective_dimension(torch.ones(5, 2)), "alike"),
        (lambda: copy_ratio(cloud(2), torch.ones(5, 2)), "two different"),
        (lambda: frechet_at_infinity(cloud(9), cloud(9), [9]), "two sizes"),
        (lambda: frechet_at_infinity(cloud(9), cloud(9), [5, 10]), "from 2 to 9"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_pure_noise_may_come_from_every_point():
    points = randn((7, 3), generator=seeded(0))
    found = perplexity(randn((4, 3), generator=seeded(1)), points, PATH.coeffs(0.0))
    torch.testing.assert_close(found, torch.full((4,), 7.0, dtype=torch.float64))
