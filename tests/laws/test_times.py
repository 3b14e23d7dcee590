"""A time is a number for the whole batch, or a tensor (B,) with one for each sample; both say the same."""

import math

import numpy as np
import pytest
import torch

from lib.clipping import Clipped
from lib.data import two_moons_mixture
from lib.diffusion import DDPM, DiscreteSchedule, linear_betas
from lib.flow_matching import FlowMatching, LinearPath
from lib.guidance import Guided
from lib.nets.dit import DiT
from lib.nets.ensemble import Ensemble
from lib.nets.mlp import MLPDenoiser
from lib.oracle import EmpiricalOracle, Oracle
from lib.prediction import TARGETS, solve
from lib.samplers import euler, sample
from lib.seeding import randn, seeded
from tests.conftest import Spy
from tests.laws.test_one_solve import inner_times


@pytest.mark.parametrize("target", TARGETS)
def test_a_number_solves_as_a_time_for_each_sample(path, target):
    x, output = randn((6, 2), generator=seeded(0)).double(), randn((6, 2), generator=seeded(1)).double()
    time = inner_times(path, 3)[1].item()
    one, each = path.coeffs(time), path.coeffs(torch.tensor(time).repeat(6), like=x)
    assert isinstance(one.alpha, float) and each.alpha.shape == (6, 1)
    assert one[:2] == path.coeffs(time, like=x)[:2]  # there is nothing to shape
    if target == "u" and one.d_alpha is None:
        return  # refused, as the laws of solve show
    for a, b in zip(solve(target, output, x, one), solve(target, output, x, each), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)  # float32 rounds the time of each; seen: 1e-7


def test_a_log_snr_is_like_its_time(path):
    ends = [end for end in (path.t_noise, path.t_data) if end == end]
    for t in (*inner_times(path, 3).tolist(), *ends):
        each = path.log_snr(torch.tensor([t], dtype=torch.int64 if isinstance(t, int) else torch.float64))
        # One logarithm of a number or of a tensor; seen: 7e-16 (AVX2, SSE).
        assert path.log_snr(t) == pytest.approx(each.item(), rel=1e-12, abs=1e-12), t
    assert path.log_snr(path.t_data) == math.inf


def models(moons):
    y = torch.arange(40) % 2
    points, images = randn((40, 2), generator=seeded(1)), randn((40, 1, 8, 8), generator=seeded(2))
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the initial weights
        nets = [MLPDenoiser(classes=2, t_scale=1000) for _ in range(2)]
        small, dit = MLPDenoiser(classes=2), DiT(8, width=32, depth=1, heads=2, classes=2, t_scale=1000)
        for weight in dit.parameters():
            torch.nn.init.normal_(weight, std=0.1)
    flow = FlowMatching(nets[0])
    return {
        "oracle": (Oracle(moons, LinearPath()), points),
        "oracle on a schedule": (Oracle(moons, DiscreteSchedule(linear_betas(1000))), points),
        "empirical oracle": (EmpiricalOracle(points, LinearPath(), y), points),
        "net": (flow, points),
        "net on a schedule": (DDPM(small), points),
        "nets side by side": (FlowMatching(Ensemble(nets)), points),
        "transformer": (FlowMatching(dit), images),
        "guided": (Guided(flow, 2.0), points),
        "guided in an interval": (Guided(flow, 2.0, (0.3, 3.0)), points),
        "clipped": (Clipped(Guided(flow, 2.0), -0.5, 0.5), points),
        "clipped by a quantile": (Clipped(flow, -0.5, 0.5, quantile=0.5), points),
    }


@pytest.mark.parametrize("name", models(two_moons_mixture()))
def test_every_model_takes_both(moons, name):
    model, x = models(moons)[name]
    t = 400 if isinstance(model.path.t_noise, int) else 0.4
    y = torch.arange(40) % 2
    with torch.no_grad():
        one, in_a_tensor, each = (model.estimate(x, at, y) for at in (t, torch.tensor(t), torch.full((40,), t)))
    for a, b, c in zip(one, in_a_tensor, each, strict=True):
        assert a.shape == b.shape == c.shape == x.shape
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)  # products of another shape, in float32; seen: 2e-6
        torch.testing.assert_close(a, c, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("model", [DDPM(MLPDenoiser()), FlowMatching(MLPDenoiser(t_scale=1000))])
def test_a_loss_at_a_number_is_the_loss_there_for_all(model):
    x, eps = (randn((30, 2), generator=seeded(k)) for k in (0, 1))
    t = 300 if isinstance(model, DDPM) else 0.3
    torch.testing.assert_close(model.loss(x, t=t, eps=eps), model.loss(x, t=torch.full((30,), t), eps=eps))


def test_the_posterior_takes_both():
    x = randn((30, 2), generator=seeded(0))
    for t in (0, 1, 700):
        one, each = (DDPM(None).posterior(x, 2 * x, at) for at in (t, torch.full((30,), t)))
        torch.testing.assert_close(one[0], each[0])
        torch.testing.assert_close(one[1].expand_as(each[1]), each[1])


def test_a_number_says_whose_clock_it_is(moons):
    """1 is a step of DDPM's clock, 1.0 an end of flow matching's."""
    x = randn((4, 2), generator=seeded(0))
    with pytest.raises(TypeError, match="not 1"):
        Oracle(moons, LinearPath()).estimate(x, 1)
    with pytest.raises(TypeError, match="belong to FlowMatching"):
        Oracle(moons, DiscreteSchedule(linear_betas(50))).estimate(x, 1.0)
    # numpy's numbers count too, of whatever width
    assert LinearPath().coeffs(np.float32(0.5)) == LinearPath().coeffs(0.5)
    assert DiscreteSchedule(linear_betas(50)).coeffs(np.int32(7)) == DiscreteSchedule(linear_betas(50)).coeffs(7)
    with pytest.raises(TypeError, match="not 1"):
        LinearPath().coeffs(np.int64(1))
    for path, t in ((LinearPath(), 1.5), (LinearPath(), math.nan), (DiscreteSchedule(linear_betas(50)), 50)):
        with pytest.raises(ValueError, match="t must lie in"):
            path.coeffs(t)


def test_a_sampler_asks_with_numbers(moons):
    flow, schedule = Spy(moons, LinearPath()), Spy(moons, DiscreteSchedule(linear_betas(1000)))
    sample(flow, randn((3, 2), generator=seeded(0)), 4, euler)
    sample(schedule, randn((3, 2), generator=seeded(0)), 4)
    asked = flow.asked + schedule.asked
    assert asked == [0.0, 0.25, 0.5, 0.75, 999, 749, 499, 249]
    assert [type(t) for t in asked] == [float] * 4 + [int] * 4
