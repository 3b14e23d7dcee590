"""Distances between clouds, against POT and SciPy, and their floors."""

import math
from itertools import pairwise

import ot
import pytest
import scipy.linalg
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib import (
    energy_distance,
    frechet_distance,
    mean_log_density,
    noise_floor,
    precision_recall,
    randn,
    seeded,
    share_off,
    sliced_wasserstein,
    spread,
    two_moons,
    two_moons_mixture,
    yardsticks,
)
from lib.metrics import directions

MOONS = two_moons_mixture()


def cloud(n, seed, dim=2):
    return randn((n, dim), generator=seeded(seed)).double()


@given(n=st.integers(1, 60), m=st.integers(1, 60), dim=st.integers(1, 5))
def test_sliced_wasserstein_agrees_with_pot_for_equal_and_unequal_sizes(n, m, dim):
    x, y = cloud(n, 0, dim), 0.5 * cloud(m, 1, dim) + 1
    theirs = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), projections=directions(dim, 64).T.numpy(), p=2)
    assert sliced_wasserstein(x, y) == pytest.approx(theirs, rel=1e-6)  # POT adds up weights of 1/n; ours are counted


def test_energy_distance_agrees_with_scipy_in_one_dimension():
    x, y = cloud(70, 0, 1), cloud(50, 1, 1) + 0.3
    # Another order of sums; seen: 3e-14.
    assert energy_distance(x, y) == pytest.approx(scipy.stats.energy_distance(x[:, 0], y[:, 0]), rel=1e-9)


def test_energy_distance_agrees_with_its_definition_in_two_dimensions():
    x, y = cloud(40, 0), cloud(30, 1) + 0.3
    between, within_x, within_y = (torch.cdist(a, b).mean() for a, b in ((x, y), (x, x), (y, y)))
    # Another order of sums; seen: 0.
    assert energy_distance(x, y) == pytest.approx(math.sqrt(2 * between - within_x - within_y), rel=1e-9)


@pytest.mark.parametrize("metric", [sliced_wasserstein, energy_distance])
def test_metrics_are_zero_on_themselves_symmetric_and_deterministic(metric):
    x, y = cloud(200, 0), cloud(200, 1) + 1
    assert metric(x, x) == pytest.approx(0, abs=1e-6)  # the root of a rounding error
    assert metric(x, y) == pytest.approx(metric(y, x)) and metric(x, y) == metric(x, y) > 0.3


def test_sliced_wasserstein_of_a_shift_is_its_length_over_the_root_of_the_dimension():
    x = cloud(500, 0)
    # An angle's cosine; seen: 1e-16.
    assert sliced_wasserstein(x, x + torch.tensor([3.0, 4.0])) == pytest.approx(5 / math.sqrt(2), rel=1e-9)


def test_the_floor_falls_like_one_over_root_n():
    def draw(n, generator):
        return two_moons(n, generator=generator)[0]

    floors = [noise_floor(sliced_wasserstein, draw, n, repeats=20).mean for n in (250, 1000, 4000)]
    for coarse, fine in pairwise(floors):
        assert coarse / fine == pytest.approx(2, rel=0.35)  # 20 pairs, each with a spread of about a third
    assert noise_floor(sliced_wasserstein, draw, 250, repeats=3) == noise_floor(
        sliced_wasserstein, draw, 250, repeats=3
    )
    assert noise_floor(sliced_wasserstein, draw, 250, m=20_000).mean < floors[0]


def test_spread():
    assert spread([1.0, 2.0, 3.0]) == (2.0, 1.0) and math.isnan(spread([1.0]).sd)
    assert str(spread([1.0, 2.0, 3.0])) == "2.000 ± 1.000"


# --- Frechet distance ------------------------------------------------------------------------------------------------


def published_fid(a, b):
    """The formula as it is usually computed, by a root of the product of the covariances."""
    s_a, s_b = (x.T.cov().numpy() for x in (a, b))
    root = scipy.linalg.sqrtm(s_a @ s_b).real
    return (a.mean(0) - b.mean(0)).square().sum().item() + (s_a + s_b - 2 * root).trace()


@given(n=st.integers(20, 60), m=st.integers(20, 60), dim=st.integers(2, 6))
def test_the_frechet_distance_agrees_with_scipy(n, m, dim):
    a, b = cloud(n, 0, dim) @ cloud(dim, 2, dim), 0.5 * cloud(m, 1, dim) + 1
    assert frechet_distance(a, b) == pytest.approx(published_fid(a, b), rel=1e-6)
    # A square root of a matrix; seen: 3e-16.
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)


def exact_cloud(covariance, mean=0.0, n=64):
    """Rows whose sample covariance is `covariance` and whose mean is `mean`, to rounding."""
    x = cloud(n, 3, len(covariance))
    x = torch.linalg.qr(x - x.mean(0)).Q * math.sqrt(n - 1)
    return x @ torch.linalg.cholesky(covariance).T + mean


def test_the_frechet_distance_of_normal_distributions_in_closed_form():
    a, b = exact_cloud(torch.tensor([1.0, 4.0, 9.0]).double().diag()), exact_cloud(torch.eye(3).double() * 4, mean=2.0)
    # A diagonal matrix; seen: 0.
    assert frechet_distance(a, b) == pytest.approx(3 * 2**2 + (1 - 2) ** 2 + (2 - 2) ** 2 + (3 - 2) ** 2, rel=1e-12)
    correlated = torch.tensor([[1.0, 0.9], [0.9, 1.0]]).double()  # eigenvalues 1.9 and 0.1
    expected = (math.sqrt(1.9) - 1) ** 2 + (math.sqrt(0.1) - 1) ** 2
    assert frechet_distance(exact_cloud(correlated), exact_cloud(torch.eye(2).double())) == pytest.approx(expected)


def test_the_frechet_distance_is_never_below_zero():
    """What should cancel may end a little below it, and "-0.0" would be shown."""
    clouds = [cloud(30, seed, 4) for seed in range(20)]
    assert min(math.copysign(1, frechet_distance(x, x)) for x in clouds) == 1


def test_the_frechet_distance_of_a_shift_is_its_square_even_where_the_covariance_is_singular():
    a = cloud(50, 0, 3) @ torch.ones(3, 8).double()  # rank 1 in 8 dimensions
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)  # two equal halves cancel; seen: 7e-15
    assert frechet_distance(a, a + 2) == pytest.approx(8 * 4, rel=1e-9)  # two equal halves cancel; seen: 2e-16
    few = cloud(4, 0, 8)  # fewer rows than dimensions
    assert frechet_distance(few, few + 1) == pytest.approx(8, rel=1e-9)  # two equal halves cancel; seen: 2e-16


def test_the_frechet_distance_of_perfect_samples_falls_like_one_over_n():
    floors = [noise_floor(frechet_distance, lambda n, g: randn((n, 8), generator=g), n).mean for n in (100, 400, 1600)]
    for coarse, fine in pairwise(floors):
        assert coarse / fine == pytest.approx(4, rel=0.2)


# --- precision and recall --------------------------------------------------------------------------------------------


def modes(n, seed, of):
    """Small clouds around some of the points 0, 10, 20, ... of a line."""
    return 0.3 * cloud(n, seed) + 10.0 * torch.tensor(of)[torch.arange(n) % len(of), None]


def test_a_missing_mode_costs_recall_and_a_false_one_precision():
    real = modes(400, 0, [0, 1, 2, 3])
    for fake, precision, recall in (
        (modes(400, 1, [0, 1, 2, 3]), 1.0, 1.0),
        (modes(400, 1, [0, 1, 2]), 1.0, 0.75),
        (modes(400, 1, [0, 1, 2, 5]), 0.75, 0.75),
        (modes(400, 1, [5, 6]), 0.0, 0.0),
    ):
        assert precision_recall(real, fake) == pytest.approx((precision, recall), abs=0.1)


def test_precision_and_recall_agree_with_their_definition():
    real, fake, k = cloud(40, 0), cloud(30, 1) + 0.5, 2

    def covered(points, centres):
        reach = [sorted((c - d).norm().item() for d in centres)[k] for c in centres]
        return sum(any((p - c).norm() <= r for c, r in zip(centres, reach)) for p in points) / len(points)

    assert precision_recall(real, fake, k) == pytest.approx((covered(fake, real), covered(real, fake)))
    assert precision_recall(real, fake, k) == precision_recall(fake, real, k)[::-1]
    assert precision_recall(real, real) == (1.0, 1.0)


def test_chunks_change_nothing():
    real, fake = cloud(1100, 0), cloud(1050, 1)
    alone = [precision_recall(real, fake[i : i + 1].repeat(5, 1), 1)[0] for i in range(20)]
    assert sum(alone) / 20 == precision_recall(real, fake[:20], 1)[0]


def test_bad_input_to_the_image_metrics():
    x = cloud(10, 0)
    with pytest.raises(ValueError, match="at least two rows"):
        frechet_distance(x, x[:1])
    for metric in (frechet_distance, precision_recall):
        with pytest.raises(ValueError, match="not empty"):
            metric(x, x[:0])
        with pytest.raises(ValueError, match="of one shape"):
            metric(x, cloud(10, 0, 3))
        with pytest.raises(ValueError, match="NaN or infinite"):
            metric(x, x * math.inf)
    for k in (0, 10):
        with pytest.raises(ValueError, match=r"k must lie in 1 \.\.\. 9"):
            precision_recall(x, x, k)


# ---- what a distance is read beside ----------------------------------------------------------------------------------


def moons(n: int, generator: torch.Generator) -> torch.Tensor:
    return two_moons(n, generator=generator)[0]


def test_the_best_gaussian_stands_between_a_perfect_sample_and_doing_nothing():
    """Standardised moons have mean 0 and variance 1; what a Gaussian gains over N(0, I) is their correlation."""
    marks = yardsticks(sliced_wasserstein, moons, 500, repeats=8)
    assert marks.floor == noise_floor(sliced_wasserstein, moons, 500, repeats=8)
    assert 3 * marks.floor.mean < marks.gaussian.mean < marks.nothing.mean < 0.4


def test_to_gaussian_data_the_best_gaussian_is_perfect():
    mix = torch.tensor([[2.0, 0.0], [1.0, 0.1]])
    marks = yardsticks(sliced_wasserstein, lambda n, g: 3 + randn((n, 2), generator=g) @ mix, 500, repeats=8)
    assert abs(marks.gaussian.mean / marks.floor.mean - 1) < 0.3 and marks.nothing.mean > 10 * marks.floor.mean


def test_where_a_coordinate_is_constant_so_is_that_of_the_best_gaussian():
    marks = yardsticks(
        sliced_wasserstein, lambda n, g: randn((n, 2), generator=g) * torch.tensor([1.0, 0.0]), 400, repeats=4
    )
    assert marks.gaussian.mean < 2 * marks.floor.mean


@pytest.mark.parametrize("rare", [0.01, 0.1])
def test_of_the_data_as_many_points_are_off_as_are_called_rare(rare):
    x = moons(20_000, seeded(0))
    assert share_off(x, MOONS, rare) == pytest.approx(rare, abs=0.005)
    assert share_off(randn(x.shape, generator=seeded(1)), MOONS) > 0.5
    assert share_off(torch.full((1, 2), 9.0), MOONS) == 1


def test_the_density_sees_strays_and_not_a_lost_moon():
    x, y = two_moons(20_000, generator=seeded(0))
    own = mean_log_density(x, MOONS)
    assert mean_log_density(x + 0.2 * randn(x.shape, generator=seeded(1)), MOONS) < own - 1
    assert abs(mean_log_density(x[y == 0], MOONS) - own) < 0.02
    # Minus the entropy. It is below that of 200 blobs that do not overlap.
    blobs = math.log(len(MOONS.means)) + (2 * math.pi * math.e * MOONS.variances[0]).log().sum().item() / 2
    assert -blobs < own < -blobs + math.log(len(MOONS.means))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: share_off(torch.zeros(3, 2), MOONS, 0), "inside"),
        (lambda: share_off(torch.full((3, 2), math.nan), MOONS), "diverged"),
        (lambda: mean_log_density(torch.full((3, 2), math.inf), MOONS), "diverged"),
        (lambda: yardsticks(frechet_distance, lambda n, g: randn((n, 1, 4), generator=g), 10), "points"),
    ],
)
def test_what_has_no_yardstick_is_said(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()
