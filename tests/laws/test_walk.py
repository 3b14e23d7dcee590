"""Sampling: one loop, and the identities between its step rules."""

import math
from functools import partial
from itertools import pairwise

import pytest
import torch

from lib import (
    DDPM,
    CosinePath,
    DiscreteSchedule,
    EmpiricalOracle,
    FlowMatching,
    GaussianMixture,
    LinearPath,
    Oracle,
    VPPath,
    ancestral,
    calls_a_step,
    cosine_betas,
    ddim,
    dpmpp_2m,
    euler,
    heun,
    leading_grid,
    linear_betas,
    quadratic_grid,
    randn,
    rk4,
    sample,
    seeded,
    trailing_grid,
    walk,
)
from lib.samplers import facts, posterior_variance, rules, transition_variance
from tests.conftest import Spy


def noise(n=50, seed=0):
    return randn((n, 2), like=torch.zeros(0, dtype=torch.float64), generator=seeded(seed))


@pytest.mark.parametrize("steps", [1, 2, 5, 20])
def test_ddim_equals_euler_on_the_linear_path(moons, steps):
    oracle = Oracle(moons, LinearPath())
    by_ddim, by_euler = sample(oracle, noise(), steps, ddim), sample(oracle, noise(), steps, euler)
    torch.testing.assert_close(by_ddim, by_euler, rtol=0, atol=1e-12)  # rounding of at most 20 steps; seen: 6e-15


def test_ddim_differs_from_euler_on_the_cosine_path(moons):
    oracle = Oracle(moons, CosinePath())
    assert (sample(oracle, noise(), 5, ddim) - sample(oracle, noise(), 5, euler)).abs().max() > 0.01


def test_ancestral_step_has_the_posterior_mean_and_variance_of_the_betas(schedule):
    """q(x_{t-1} | x_t, x_data) from alpha and sigma (samplers) and from betas (DDPM eq. 6 and 7) are the same Gaussian."""
    x_data, t = noise(1), torch.tensor([schedule.T // 2])
    x_t = schedule.coeffs(t, like=x_data).add_noise(x_data, noise(1, 1))
    net = torch.nn.Linear(1, 1)
    mean, variance = DDPM(net, schedule.betas).posterior(x_t, x_data, t)

    at_t, before = (schedule.coeffs(time) for time in (t, t - 1))
    # Differences of numbers near 1; seen: 4e-14.
    assert posterior_variance(at_t, before).item() == pytest.approx(variance.item(), rel=1e-9)
    # Differences of numbers near 1; seen: 4e-14.
    assert transition_variance(at_t, before).item() == pytest.approx(schedule.betas[t].item(), rel=1e-9)

    # 20,000 draws of the step with the true x_data as the estimate.
    n = 20_000
    oracle, generator = EmpiricalOracle(x_data, schedule), seeded(0)
    grid = torch.tensor([t.item(), t.item() - 1])
    draws = list(walk(oracle, x_t.repeat(n, 1), grid, ancestral, generator=generator))[-1].x
    std = variance.sqrt().item()
    assert ((draws.mean(0) - mean).abs() < 5 * std / math.sqrt(n)).all()  # five standard errors
    assert ((draws.var(0) / variance - 1).abs() < 5 * math.sqrt(2 / n)).all()


def test_first_posterior_puts_everything_on_the_data(schedule):
    x_data, x_t = noise(3), noise(3, 1)
    mean, variance = DDPM(torch.nn.Linear(1, 1), schedule.betas).posterior(
        x_t, x_data, torch.zeros(3, dtype=torch.long)
    )
    torch.testing.assert_close(mean, x_data)
    assert (variance == 0).all()


def test_ddim_with_eta_one_is_ancestral_and_both_end_without_noise(schedule, moons):
    oracle = Oracle(moons, schedule)
    a = sample(oracle, noise(), 10, partial(ddim, eta=1.0), generator=seeded(3))
    b = sample(oracle, noise(), 10, ancestral, generator=seeded(3))
    assert torch.equal(a, b)
    for rule in (ancestral, partial(ancestral, variance="beta")):
        *_, last, end = walk(oracle, noise(), schedule.grid(10), rule, generator=seeded(3))
        torch.testing.assert_close(end.x, last.estimate.x0)  # the last step returns the estimate itself


def test_beta_variance_is_larger_than_beta_tilde(schedule):
    grid = schedule.grid(10)
    for c_t, c_s in pairwise(map(schedule.coeffs, grid[:-1].tolist())):
        assert 0 < posterior_variance(c_t, c_s) < transition_variance(c_t, c_s)


@pytest.mark.parametrize(("data", "variance"), [("point", "beta_tilde"), ("normal", "beta")])
def test_each_ddpm_variance_is_exact_for_its_own_data(data, variance):
    """beta-tilde keeps the marginals exactly for a single point, beta for N(0, I): x_s must have the path's variance."""
    schedule = DiscreteSchedule(linear_betas(1000))
    # no tolerance: a variance
    variances = torch.tensor([[1e-12, 1e-12]]) if data == "point" else torch.ones(1, 2)
    oracle = Oracle(GaussianMixture([1.0], [[0.0, 0.0]], variances), schedule)
    n, grid = 20_000, schedule.grid(10)
    for state in walk(oracle, noise(n), grid, partial(ancestral, variance=variance), generator=seeded(1)):
        c = schedule.coeffs(state.t)
        expected = c.alpha**2 * variances[0, 0].item() + c.sigma**2
        if state.t >= 0:  # the last step adds no noise by definition
            # Three steps' worth of sampling error of a variance, plus 4e-5: sampling starts from N(0, I), not from x_T.
            assert abs(state.x.var().item() - expected) < 5 * math.sqrt(2 / (2 * n)) * expected + 1e-4


def test_ddim_depends_only_on_the_snr_grid(moons):
    """Two variance-preserving paths, walked through the same values of alpha / sigma, give the same samples."""
    schedule, flow = DiscreteSchedule(linear_betas(1000)), VPPath()
    grid = leading_grid(1000, 20)  # starts at t = 950: VPPath's noise end is a little less noisy than the schedule's
    # The flow time with the same log-SNR, by bisection.
    low, high = torch.zeros(20, dtype=torch.float64), torch.ones(20, dtype=torch.float64)
    for _ in range(80):
        middle = (low + high) / 2
        noisier = flow.log_snr(middle) < schedule.log_snr(grid[:-1])
        low, high = torch.where(noisier, middle, low), torch.where(noisier, high, middle)
    same = torch.cat([high, torch.ones(1, dtype=torch.float64)])
    a = sample(Oracle(moons, schedule), noise(), 20, ddim, grid=grid)
    b = sample(Oracle(moons, flow), noise(), 20, ddim, grid=same)
    # Bisection to 1e-16 in t, amplified along the walk; seen: 5e-15.
    torch.testing.assert_close(a, b, rtol=0, atol=1e-9)


@pytest.mark.parametrize("steps", [10, 1000])
def test_ddim_on_a_schedule_is_the_euler_flow_on_the_warped_clock(moons, steps):
    """Divide x by alpha + sigma and call alpha / (alpha + sigma) the time: DDIM becomes Euler on the straight path."""
    schedule = DiscreteSchedule(linear_betas(1000))
    grid = schedule.grid(steps)
    c = schedule.coeffs(grid)
    clock = c.alpha / (c.alpha + c.sigma)
    start = noise()
    by_ddim = sample(Oracle(moons, schedule), start, steps, ddim)
    by_euler = sample(Oracle(moons, LinearPath()), start / (c.alpha + c.sigma)[0], steps, euler, grid=clock)
    torch.testing.assert_close(by_ddim, by_euler, rtol=0, atol=1e-8)  # rounding, amplified where the moons part


def order_seen(oracle, rule, steps, grid=None) -> float:
    """The slope of log error against log step."""
    grid = grid or oracle.path.grid
    exact = sample(oracle, noise(), 4 * 512, rk4, grid=grid(512))
    ends = [sample(oracle, noise(), n * calls_a_step(rule), rule, grid=grid(n)) for n in steps]
    x = torch.tensor(steps).double().log()
    y = torch.stack([(end - exact).square().mean().sqrt() for end in ends]).log()
    return -(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()).item()


@pytest.mark.parametrize("rule", [rule for rule in rules() if facts(rule).velocity], ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", [LinearPath(), CosinePath()], ids=["linear", "cosine"])
def test_order_of_convergence(broad, path, rule):
    """Of every rule that integrates the velocity: the order that it claims."""
    order = facts(rule).order
    first = max(8, 64 // order**2)
    slope = order_seen(Oracle(broad, path), rule, [first * 2**k for k in range(4)])
    assert abs(slope - order) < 0.2 * order  # higher-order terms are not yet negligible at the largest step


IN_LOG_SNR = [rule for rule in rules() if facts(rule).order and not facts(rule).velocity]


@pytest.mark.parametrize("rule", IN_LOG_SNR, ids=lambda rule: rule.__name__)
def test_order_of_convergence_in_log_snr(broad, rule):
    """Of the others that draw no noise: between two finite noise levels, on steps that grow in log(alpha / sigma)."""

    def grid(n):  # alpha/sigma = tan(pi t / 2) from e^-2 to e^2, the last step in its logarithm five times the first
        u = torch.linspace(0, 1, n + 1, dtype=torch.float64)
        return (-2 + 4 * (u + 2 * u**2) / 3).exp().atan() * 2 / math.pi

    slope = order_seen(Oracle(broad, CosinePath()), rule, [20, 40, 80, 160], grid)
    assert abs(slope - facts(rule).order) < 0.2 * facts(rule).order


def test_the_rules_say_what_they_are():
    """The table that the book prints, once by hand: what follows from it follows from here. A new rule needs no row."""
    said = {rule.__name__: tuple(facts(rule))[:4] for rule in rules()}
    assert {
        "euler": ("Euler", 1, 1, "start"),
        "heun": ("Heun", 2, 2, "end"),
        "rk4": ("RK4", 4, 4, "end"),
        "ddim": ("DDIM", 1, 1, None),
        "ancestral": ("Ancestral", 1, None, None),
        "dpmpp_2m": ("DPM-Solver++ 2M", 1, 2, None),
    }.items() <= said.items()
    assert len({label for label, *_ in said.values()}) == len(said)
    assert facts(partial(heun)) == facts(heun) and facts(lambda step: step.x)[1:5] == (1, None, None, ())


@pytest.mark.parametrize("rule", [*rules(), partial(ddim, eta=0.5)], ids=lambda rule: getattr(rule, "__name__", "eta"))
def test_a_rule_without_an_order_draws_noise_and_no_other(moons, rule):
    ends = [sample(Oracle(moons, LinearPath()), noise(), 8, rule, generator=seeded(k)) for k in (0, 1)]
    assert torch.equal(*ends) == (facts(rule).order is not None and not isinstance(rule, partial))


@pytest.mark.parametrize("rule", [rule for rule in rules() if facts(rule).velocity], ids=lambda rule: rule.__name__)
def test_a_rule_asks_at_the_end_of_a_step_where_it_says_so(moons, rule):
    spy = Spy(moons, LinearPath())
    sample(spy, noise(3), calls_a_step(rule), rule)
    assert (1.0 in spy.asked) == (facts(rule).velocity == "end") and len(spy.asked) == calls_a_step(rule)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.__name__)
def test_a_rule_looks_at_the_velocities_that_it_names(moons, rule):
    """Where the path has none, or an infinite one, a rule that would look is refused, and any other walks."""
    looks = facts(rule).velocity
    for path, seen in (
        (DiscreteSchedule(linear_betas(1000)), looks is not None),
        (VPPath(), looks == "end"),
        (LinearPath(), False),
    ):
        oracle, asked = Oracle(moons, path), calls_a_step(rule) * 3
        if seen:
            with pytest.raises(ValueError, match=rule.__name__):
                sample(oracle, noise(3), asked, rule)
        else:
            assert sample(oracle, noise(3), asked, rule, generator=seeded(0)).isfinite().all()


@pytest.mark.parametrize("rule", [*rules(), partial(ddim, eta=0.5)], ids=lambda rule: getattr(rule, "__name__", "eta"))
def test_a_walk_makes_exactly_steps_times_calls_network_calls(constant_net, rule):
    FlowMatching(constant_net).sample((3, 2), 8 * calls_a_step(rule), rule, generator=seeded(0))
    assert constant_net.calls == 8 * calls_a_step(rule)


def test_a_walk_yields_every_grid_point_and_can_be_left_early(constant_net):
    model = FlowMatching(constant_net)
    states = list(walk(model, noise(3), model.path.grid(4), euler))
    assert [s.t for s in states] == [0, 0.25, 0.5, 0.75, 1]
    assert states[-1].estimate is None and all(s.estimate is not None for s in states[:-1])
    constant_net.calls = 0
    next(walk(model, noise(3), model.path.grid(4), euler))
    assert constant_net.calls == 1


def test_a_constant_velocity_is_integrated_exactly_by_every_velocity_rule(constant_net):
    start = noise(5)
    for rule in (rule for rule in rules() if facts(rule).velocity):
        end = FlowMatching(constant_net).sample(start.shape, 3 * calls_a_step(rule), rule, start=start)
        # One addition a step; seen: 2e-16.
        torch.testing.assert_close(end, start + constant_net.value.item(), rtol=0, atol=1e-12)


def test_one_step_from_pure_noise_lands_on_the_mean(moons):
    for rule in (euler, ddim, dpmpp_2m):
        end = sample(Oracle(moons, LinearPath()), noise(), 1, rule)
        # A sum of symmetric components; seen: 2e-15.
        torch.testing.assert_close(end, torch.zeros_like(end), atol=1e-12, rtol=0)


def test_same_seed_twice_is_equal_and_another_seed_is_not(moons):
    oracle = Oracle(moons, DiscreteSchedule(cosine_betas(100)))
    runs = [sample(oracle, noise(), 20, ancestral, generator=seeded(s)) for s in (5, 5, 6)]
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])


def test_sampling_keeps_no_graph_and_a_memory_of_one_step(constant_net):
    model = FlowMatching(constant_net)
    assert not model.sample((3, 2), 5, dpmpp_2m).requires_grad
    seen = []

    def spy(step):
        seen.append(step)
        return euler(step)

    list(walk(model, noise(3), model.path.grid(5), spy))
    assert seen[0].before is None
    for earlier, later in pairwise(seen):
        assert later.before == (earlier.t, earlier.c_t, earlier.estimate)


def test_spacings_end_on_clean_data():
    assert trailing_grid(1000, 4).tolist() == [999, 749, 499, 249, -1]
    assert leading_grid(1000, 4).tolist() == [750, 500, 250, 0, -1]
    assert trailing_grid(1000, 1000).tolist() == list(range(999, -2, -1))
    assert leading_grid(1000, 1000).tolist() == list(range(999, -2, -1))
    quadratic = quadratic_grid(1000, 10)
    import numpy as np

    assert quadratic[:-1].flip(0).tolist() == (np.linspace(0, np.sqrt(800), 10) ** 2).astype(int).tolist()


def test_quadratic_spacing_hits_whole_squares():
    """With 21 steps the middle is (10/20)^2 of 800: exactly 200, which a rounded root would miss."""
    assert quadratic_grid(1000, 21)[10] == 200
    assert quadratic_grid(1000, 1).tolist() == [800, -1]


@pytest.mark.parametrize("spacing", [trailing_grid, leading_grid, quadratic_grid])
@pytest.mark.parametrize("T", [50, 1000])
def test_every_spacing_falls_strictly_to_minus_one_for_every_number_of_steps(spacing, T):
    for steps in [1, 2, 3, 7, 29, 30, 49, 50, *([100, 333, 1000] if T == 1000 else [])]:
        grid = spacing(T, steps)
        assert len(grid) == steps + 1 and grid[-1] == -1 and grid[0] < T and (grid.diff() < 0).all()


def test_a_linear_gaussian_flow_has_the_exact_map():
    """For N(m, s^2) data the flow is affine and known: x_1 = m + s * x_0. RK4 must reproduce it."""
    mixture = GaussianMixture([1.0], [[0.7, -0.2]], [[0.25, 2.0]])
    start = noise()
    exact = mixture.means + mixture.variances.sqrt() * start
    torch.testing.assert_close(sample(Oracle(mixture, LinearPath()), start, 400, rk4), exact, rtol=0, atol=1e-6)
