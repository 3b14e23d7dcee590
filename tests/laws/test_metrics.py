"""Distances between clouds, against POT and SciPy, and their floors."""

import math
from itertools import pairwise

import ot
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib import energy_distance, noise_floor, randn, seeded, sliced_wasserstein, spread, two_moons
from lib.metrics import directions


def cloud(n, seed, dim=2):
    return randn((n, dim), generator=seeded(seed)).double()


@given(n=st.integers(1, 60), m=st.integers(1, 60), dim=st.integers(1, 5))
def test_sliced_wasserstein_agrees_with_pot_for_equal_and_unequal_sizes(n, m, dim):
    x, y = cloud(n, 0, dim), 0.5 * cloud(m, 1, dim) + 1
    theirs = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), projections=directions(dim, 64).T.numpy(), p=2)
    assert sliced_wasserstein(x, y) == pytest.approx(theirs, rel=1e-6)  # POT adds up weights of 1/n; ours are counted


def test_energy_distance_agrees_with_scipy_in_one_dimension():
    x, y = cloud(70, 0, 1), cloud(50, 1, 1) + 0.3
    assert energy_distance(x, y) == pytest.approx(scipy.stats.energy_distance(x[:, 0], y[:, 0]), rel=1e-9)


def test_energy_distance_agrees_with_its_definition_in_two_dimensions():
    x, y = cloud(40, 0), cloud(30, 1) + 0.3
    between, within_x, within_y = (torch.cdist(a, b).mean() for a, b in ((x, y), (x, x), (y, y)))
    assert energy_distance(x, y) == pytest.approx(math.sqrt(2 * between - within_x - within_y), rel=1e-9)


@pytest.mark.parametrize("metric", [sliced_wasserstein, energy_distance])
def test_metrics_are_zero_on_themselves_symmetric_and_deterministic(metric):
    x, y = cloud(200, 0), cloud(200, 1) + 1
    assert metric(x, x) == pytest.approx(0, abs=1e-6)  # the root of a rounding error
    assert metric(x, y) == pytest.approx(metric(y, x)) and metric(x, y) == metric(x, y) > 0.3


def test_sliced_wasserstein_of_a_shift_is_its_length_over_the_root_of_the_dimension():
    x = cloud(500, 0)
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
