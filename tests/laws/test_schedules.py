"""Noise schedules: what is published about them, recomputed."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib import (
    Coeffs,
    CosinePath,
    DiscreteSchedule,
    LinearPath,
    VPPath,
    cosine_betas,
    karras_sigmas,
    linear_betas,
    make_target,
    min_snr_weight,
    randn,
    scaled_linear_betas,
    seeded,
    shift_times,
    sigmoid_betas,
    trailing_grid,
    zero_terminal_snr,
)
from lib.flow_matching import paths


def test_the_marginal_is_the_product_of_the_steps():
    """Eq. (*): t single noising steps, carried out on coefficients, are one step with sqrt(alpha_bar)."""
    schedule = DiscreteSchedule(linear_betas(1000))
    alpha, variance = 1.0, 0.0
    for t, beta in enumerate(schedule.betas.tolist()):
        alpha, variance = math.sqrt(1 - beta) * alpha, (1 - beta) * variance + beta
        c = schedule.coeffs(torch.tensor([t]))
        # Rounding of up to 1,000 products in float64.
        # Products of up to 1,000 factors; seen: 3e-13.
        assert c.alpha.item() == pytest.approx(alpha, rel=1e-11) and c.sigma.item() ** 2 == pytest.approx(
            variance,
            rel=1e-11,  # the same product; seen: 3e-13
        )


@pytest.mark.parametrize("T", [21, 50, 100, 1000, 4000])
@pytest.mark.parametrize("betas", [linear_betas, cosine_betas])
def test_every_training_schedule_ends_in_noise(betas, T):
    assert DiscreteSchedule(betas(T)).alpha_bars[-1] < 1e-3


def test_unscaled_betas_at_50_steps_do_not_end_in_noise():
    assert DiscreteSchedule(linear_betas(50, rescale=False)).alpha_bars[-1].item() == pytest.approx(0.6029, abs=1e-4)


def test_published_ends():
    linear = DiscreteSchedule(linear_betas(1000)).alpha_bars[-1].item()
    assert linear == pytest.approx(4.0358e-5, rel=1e-4)  # Lin et al. 2024, Table 1: sqrt 0.006353
    assert math.sqrt(linear) == pytest.approx(0.0063528, rel=1e-4)
    scaled = DiscreteSchedule(scaled_linear_betas(1000)).alpha_bars[-1].item()
    assert scaled / (1 - scaled) == pytest.approx(0.0046819, rel=1e-4)
    cosine = DiscreteSchedule(cosine_betas(1000)).alpha_bars[-1].item()
    assert cosine == pytest.approx(2.4288e-9, rel=1e-4)


def test_cosine_betas_come_from_alpha_bar_and_one_is_clipped():
    T, s = 1000, 0.008
    f = [math.cos((t / T + s) / (1 + s) * math.pi / 2) ** 2 for t in range(T + 1)]
    schedule = DiscreteSchedule(cosine_betas(T))
    for t in (0, 10, 500, 998):
        # Products of 1,000 factors; seen: 1e-15.
        assert schedule.alpha_bars[t].item() == pytest.approx(f[t + 1] / f[0], rel=1e-9)
    assert (schedule.betas >= 0.999).sum() == 1
    assert math.sqrt(schedule.betas[0]) == pytest.approx(0.00643, abs=1e-5)  # just below a pixel bin, 1/127.5 = 0.00784


def test_zero_terminal_snr_keeps_the_first_step_and_ends_at_zero():
    before, after = (DiscreteSchedule(b) for b in (scaled_linear_betas(), zero_terminal_snr(scaled_linear_betas())))
    assert after.alpha_bars[-1] == 0 and after.betas[-1] == 1
    assert after.alpha_bars[0].item() == pytest.approx(before.alpha_bars[0].item(), rel=1e-12)  # one factor; seen: 0


@given(T=st.integers(21, 300), family=st.sampled_from([linear_betas, cosine_betas]))
def test_every_schedule_is_variance_preserving_and_falls(T, family):
    schedule = DiscreteSchedule(family(T))
    c = schedule.coeffs(torch.arange(-1, T))
    # Two squares and a sum; seen: 2e-16.
    torch.testing.assert_close(c.alpha**2 + c.sigma**2, torch.ones(T + 1, dtype=torch.float64), rtol=0, atol=1e-14)
    assert (c.alpha.diff() < 0).all() and (schedule.log_snr(torch.arange(T)).diff() < 0).all()
    assert c.alpha[0] == 1 and c.sigma[0] == 0


def test_continuous_paths_run_from_noise_to_data(continuous_path):
    c = continuous_path.coeffs(continuous_path.grid(100))
    assert (c.alpha.diff() > 0).all() and (c.sigma.diff() < 0).all()
    assert c.alpha[0] < 0.01 and c.sigma[0] > 0.9999 and c.alpha[-1] == 1 and c.sigma[-1] == 0


def test_vp_path_is_the_continuous_limit_of_the_linear_schedule():
    """beta_t = 1e-4 ... 0.02 in 1,000 steps is beta(s) = 0.1 ... 20 on [0, 1]; four times the steps, a quarter of the gap."""
    share, gaps = torch.arange(1, 11) / 10, []
    for T in (1000, 4000):
        schedule = DiscreteSchedule(linear_betas(T))
        gaps.append(
            (VPPath().log_snr(1 - share.double()) - schedule.log_snr((share * T).long() - 1)).abs().max().item()
        )
    assert gaps[0] < 0.1 and gaps[1] == pytest.approx(gaps[0] / 4, rel=0.1)


@given(u=st.floats(0, 1, exclude_max=True))
def test_times_cover_the_clock(u):
    schedule = DiscreteSchedule(cosine_betas(37))
    t = schedule.times(torch.tensor([u], dtype=torch.float64))
    assert t.dtype == torch.int64 and 0 <= t.item() < 37 and t.item() == int(u * 37)


def test_coefficients_are_cast_at_use(path):
    x = randn((4, 3, 8, 8), generator=seeded(0))
    t = path.times(torch.linspace(0.1, 0.9, 4, dtype=torch.float64))
    c = path.coeffs(t, like=x)
    assert c.alpha.shape == (4, 1, 1, 1) and c.alpha.dtype == torch.float32
    exact = path.coeffs(t)
    assert exact.alpha.dtype == torch.float64
    torch.testing.assert_close(c.alpha.flatten(), exact.alpha.float(), rtol=0, atol=0)


def test_a_path_is_a_value():
    """Equal where its numbers are equal, unequal otherwise, and it says how it is made."""
    made = [LinearPath, CosinePath, VPPath, lambda: VPPath(0.2, 8), lambda: DiscreteSchedule(linear_betas(100))]
    made += [lambda: DiscreteSchedule(linear_betas(1000)), lambda: DiscreteSchedule(cosine_betas(1000))]
    for i, one in enumerate(made):
        assert [one() == other() for other in made] == [i == j for j in range(len(made))]
        assert hash(one()) == hash(one())
    assert repr(VPPath(0.2, 8)) == "VPPath(beta_min=0.2, beta_max=8)" and repr(LinearPath()) == "LinearPath()"
    assert repr(DiscreteSchedule(linear_betas(1000))) == "DiscreteSchedule(T=1000, betas from 0.0001 to 0.02)"
    with pytest.raises(AttributeError):
        VPPath().beta_min = 0.2
    assert paths()[:3] == [LinearPath(), CosinePath(), VPPath()]  # those of the book; a new one needs no row here


# ---- the knobs that are turned most ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("T", "start", "end", "tau"), [(1000, -3, 3, 1.0), (250, 0, 3, 0.9), (50, -3, 3, 0.4)])
def test_sigmoid_betas_come_from_alpha_bar(T, start, end, tau):
    """Against the formula of the paper in plain numbers; the clip touches the last beta alone."""

    def g(u):
        return 1 / (1 + math.exp(-(start + u * (end - start)) / tau))

    schedule = DiscreteSchedule(sigmoid_betas(T, start, end, tau))
    for t in (1, T // 2, T - 1):
        want = (g(1) - g(t / T)) / (g(1) - g(0))
        assert schedule.alpha_bars[t - 1].item() == pytest.approx(want, rel=1e-9)  # up to 1,000 factors; seen: 2e-13
    assert (schedule.betas >= 0.999).sum() == 1


@pytest.mark.parametrize("wrong", [{"start": 3.0, "end": -3.0}, {"tau": 0.0}, {"tau": -1.0}, {"tau": 1e-3}])
def test_a_sigmoid_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match=r"Need start|flat at its ends"):
        sigmoid_betas(100, **wrong)


def test_karras_sigmas_are_even_in_their_root():
    sigmas = karras_sigmas(18)
    assert sigmas.shape == (19,) and sigmas[-1] == 0
    assert sigmas[0].item() == pytest.approx(80) and sigmas[-2].item() == pytest.approx(0.002)
    steps = (sigmas[:-1] ** (1 / 7)).diff()
    assert torch.allclose(steps, steps[:1].expand(17))
    assert torch.allclose(karras_sigmas(5, 1.0, 9.0, rho=1.0), torch.tensor([9.0, 7.0, 5.0, 3.0, 1.0, 0.0]).double())
    assert (karras_sigmas(1) == torch.tensor([80.0, 0.0])).all()


def test_large_rho_is_geometric():
    ratio = karras_sigmas(10, rho=1e4)[:-1].log().diff()
    assert torch.allclose(ratio, ratio.mean().expand(9), rtol=1e-2)


@pytest.mark.parametrize("wrong", [{"low": 0.0}, {"low": 90.0}, {"rho": 0.0}, {"rho": -7.0}])
def test_levels_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="Need 0 < low"):
        karras_sigmas(5, **wrong)
    with pytest.raises(ValueError, match="at least one step"):
        karras_sigmas(0)


@given(shift=st.floats(0.1, 10))
def test_the_shift_lowers_every_log_snr_alike(shift):
    path, t = LinearPath(), torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    moved = shift_times(t, shift)
    assert torch.allclose(path.log_snr(moved), path.log_snr(t) - 2 * math.log(shift))
    assert torch.allclose(shift_times(moved, 1 / shift), t)  # and back
    assert shift_times(torch.tensor([0.0, 1.0]), shift).tolist() == [0, 1]
    theirs = shift * (1 - t) / (1 + (shift - 1) * (1 - t))  # eq. 23, with 1 for noise
    assert torch.allclose(1 - moved, theirs)


def test_a_shift_that_is_none_is_refused():
    with pytest.raises(ValueError, match="must be positive"):
        shift_times(torch.tensor([0.5]), 0.0)
    with pytest.raises(ValueError, match="must lie in"):
        shift_times(torch.tensor([1.5]), 3.0)


def test_the_nearest_time_is_the_time_itself():
    schedule = DiscreteSchedule(zero_terminal_snr(scaled_linear_betas(100)))
    grid = trailing_grid(100, 7)
    assert torch.equal(schedule.nearest(schedule.log_snr(grid)), grid)
    other = DiscreteSchedule(linear_betas(1000))
    found = other.nearest(torch.tensor([0.0, math.inf, -100.0]))
    assert found.tolist() == [other.log_snr(torch.arange(1000)).abs().argmin().item(), -1, 999]
    with pytest.raises(ValueError, match="NaN among them"):
        other.nearest(torch.tensor([math.nan]))


@given(log_snr=st.floats(-12, 12), gamma=st.floats(0.1, 20))
def test_min_snr_is_one_loss_in_three_units(log_snr, gamma):
    """Errors of one estimate, squared in each target and weighed, are min(SNR, gamma) times the error of x0."""
    a2 = 1 / (1 + math.exp(-log_snr))
    c, level = Coeffs(math.sqrt(a2), math.sqrt(1 - a2)), torch.tensor([log_snr], dtype=torch.float64)
    x0 = torch.ones(1, 1, dtype=torch.float64)
    eps = -c.alpha / c.sigma * x0  # at a fixed x_t
    for target in ("x0", "eps", "v"):
        off = make_target(target, x0, eps, c).square() * min_snr_weight(level, target, gamma)
        assert off.item() == pytest.approx(min(math.exp(log_snr), gamma), rel=1e-6)


def test_min_snr_of_what_it_does_not_know_is_refused():
    level = torch.zeros(1)
    for wrong in ({"target": "u"}, {"gamma": 0.0}):
        with pytest.raises(ValueError, match=r"Min-SNR weights are|gamma must be positive"):
            min_snr_weight(level, **wrong)
