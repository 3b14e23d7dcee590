"""Noising, targets and the 2x2 system: `solve` undoes `make_target`, on every path."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib import TARGETS, Coeffs, CosinePath, LinearPath, Oracle, make_target, randn, seeded, solve, target_row
from lib.prediction import determinant

EPS64 = torch.finfo(torch.float64).eps


def inner_times(path, n):
    """Times strictly between the two ends, where no target is singular."""
    return path.times(torch.linspace(0.02, 0.98, n, dtype=torch.float64))


@pytest.mark.parametrize("target", TARGETS)
def test_solve_undoes_make_target_on_every_path(path, target):
    x_data, eps = randn((64, 2), generator=seeded(0)).double(), randn((64, 2), generator=seeded(1)).double()
    c = path.coeffs(inner_times(path, 64), like=x_data)
    if target == "u" and c.d_alpha is None:
        with pytest.raises(ValueError, match="no time derivative"):
            make_target(target, x_data, eps, c)
        return
    x_t = c.add_noise(x_data, eps)
    estimate = solve(target, make_target(target, x_data, eps, c), x_t, c)
    # Rounding, amplified by the inverse matrix: its entries are at most 1/|det| times the largest coefficient.
    amplification = max(
        1.0,
        (1 / determinant(target, c)).abs().max().item() * max(1, max(abs(e).max().item() for e in c if e is not None)),
    )
    torch.testing.assert_close(estimate.x0, x_data, rtol=0, atol=100 * EPS64 * amplification)
    torch.testing.assert_close(estimate.eps, eps, rtol=0, atol=100 * EPS64 * amplification)


@given(
    angle=st.floats(0.05, math.pi / 2 - 0.05),
    scale=st.floats(0.3, 3.0),
    target=st.sampled_from(("eps", "x0", "v")),
    shape=st.sampled_from([(1,), (5, 2), (3, 1, 4, 4)]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_solve_undoes_make_target_for_any_coefficients_shape_and_dtype(angle, scale, target, shape, dtype):
    c = Coeffs(scale * math.cos(angle), scale * math.sin(angle))
    x_data, eps = (randn(shape, like=torch.zeros(0, dtype=dtype), generator=seeded(s)) for s in (0, 1))
    estimate = solve(target, make_target(target, x_data, eps, c), c.add_noise(x_data, eps), c)
    assert estimate.x0.dtype == estimate.eps.dtype == dtype
    tolerance = (
        1e3 * torch.finfo(dtype).eps / abs(determinant(target, c)) * max(1, scale)
    )  # rounding over the determinant
    torch.testing.assert_close(estimate.x0, x_data, rtol=0, atol=tolerance)
    torch.testing.assert_close(estimate.eps, eps, rtol=0, atol=tolerance)


def test_determinants_are_the_table_of_the_book(path):
    c = path.coeffs(inner_times(path, 20))
    torch.testing.assert_close(determinant("eps", c), c.alpha)
    torch.testing.assert_close(determinant("x0", c), -c.sigma)
    torch.testing.assert_close(determinant("v", c), c.alpha**2 + c.sigma**2)
    if c.d_alpha is not None:
        torch.testing.assert_close(determinant("u", c), c.alpha * c.d_sigma - c.sigma * c.d_alpha)


def test_u_is_never_singular_on_the_linear_and_cosine_paths():
    t = torch.linspace(0, 1, 101, dtype=torch.float64)
    for path in (LinearPath(), CosinePath()):
        # Exactly -1 and -pi/2, up to rounding; seen: 7e-16.
        assert determinant("u", path.coeffs(t)).abs().min() >= 1 - 1e-12


def test_velocity_is_the_derivative_of_the_path(continuous_path):
    t = torch.linspace(0.01, 0.98, 50, dtype=torch.float64)
    h = 1e-6
    lower, upper, here = (continuous_path.coeffs(t + d) for d in (-h, h, 0))
    # A central difference of step h errs by h^2 times the third derivative, and by rounding over h.
    torch.testing.assert_close((upper.alpha - lower.alpha) / (2 * h), here.d_alpha, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close((upper.sigma - lower.sigma) / (2 * h), here.d_sigma, rtol=1e-6, atol=1e-8)


def test_v_is_a_rotation_and_u_on_the_cosine_path_is_minus_half_pi_v():
    x_data, eps = randn((9, 2), generator=seeded(0)).double(), randn((9, 2), generator=seeded(1)).double()
    c = CosinePath().coeffs(torch.linspace(0, 1, 9, dtype=torch.float64), like=x_data)
    x_t, v = c.add_noise(x_data, eps), make_target("v", x_data, eps, c)
    torch.testing.assert_close(x_t**2 + v**2, x_data**2 + eps**2)
    torch.testing.assert_close(make_target("u", x_data, eps, c), -math.pi / 2 * v)


def test_the_wrong_v_is_singular_at_equal_signal_and_noise():
    """The form alpha' x - sigma' eps, as a common source prints it, loses the data where alpha = sigma; the true v never does."""
    c = CosinePath().coeffs(torch.tensor([0.5], dtype=torch.float64))
    wrong = c.alpha * -c.d_sigma - c.sigma * c.d_alpha
    assert abs(wrong) < 1e-12  # cos and sin squared cancel; seen: 0
    assert determinant("v", c) == pytest.approx(1)


def test_alpha_x0_plus_sigma_eps_is_x_t_for_the_oracle_at_every_time(path, moons):
    x_t = 3 * randn((40, 2), generator=seeded(2)).double()
    t = path.times(torch.linspace(0, 1, 40, dtype=torch.float64))
    t = torch.cat([t[:-2], torch.tensor([path.t_noise, path.t_data]).to(t)])
    estimate = Oracle(moons, path).estimate(x_t, t)
    c = path.coeffs(t, like=x_t)
    assert estimate.x0.isfinite().all() and estimate.eps.isfinite().all()
    # 200 responsibilities of the quadratic form each carry rounding of some hundred eps; the sum must still close;
    # seen: 1e-14.
    torch.testing.assert_close(c.add_noise(*estimate), x_t, rtol=0, atol=1e-12)


def test_target_row_has_the_signs_of_the_papers():
    c = Coeffs(0.8, 0.6, 1.0, -1.0)
    assert target_row("eps", c) == (0, 1)
    assert target_row("x0", c) == (1, 0)
    assert target_row("v", c) == (-0.6, 0.8)
    assert target_row("u", c) == (1.0, -1.0)
