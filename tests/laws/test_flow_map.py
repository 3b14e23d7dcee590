"""Flow maps: the three consistencies hold for the exact map, and for no other; jumps count their calls."""

from functools import partial

import pytest
import torch
from torch import nn

from lib import DiT, LinearPath, MLPDenoiser, Oracle, explicit_attention, fit, randn, seeded, two_moons_mixture, walk
from lib.data import batches
from lib.diffusion import DiscreteSchedule, linear_betas
from lib.flow_map import FlowMap, derivative, eulerian, flow, improved, jump, lagrangian, shortcut, two_times
from lib.prediction import per_sample

MEAN, STD = 0.7, 0.4  # of Gaussian data, whose flow map is known in closed form
CONSISTENCIES = {"shortcut": shortcut, "lagrangian": lagrangian, "eulerian": eulerian, "improved": improved}
MOONS = Oracle(two_moons_mixture(), LinearPath())


class GaussianMap(nn.Module):
    """v(x; s, t) of N(MEAN, STD^2 I): X(x; s, t) = m_t + (x - m_s) std_t / std_s, and its velocity where s = t."""

    shape = (2,)

    def forward(self, x, times, y=None):
        s, t = (per_sample(side, x) for side in times.unbind(1))
        std = lambda t: (t**2 * STD**2 + (1 - t) ** 2).sqrt()  # noqa: E731
        away, slope = x - s * MEAN, (s * STD**2 - (1 - s)) / std(s)
        same = t == s
        gap = torch.where(same, 1.0, t - s)
        return torch.where(same, MEAN + away * slope / std(s), MEAN + away * (std(t) / std(s) - 1) / gap)


@pytest.fixture
def exact():
    return FlowMap(GaussianMap())


def noise(n, generator):
    return randn((n, 2), generator=generator).double()


def drawn(n=64, seed=0):
    """Points on the way, two times, and the velocity of their pairs, all in float64."""
    g = seeded(seed)
    x_data, eps = MEAN + STD * noise(n, g), noise(n, g)
    s, t = torch.rand(2, n, generator=g, dtype=torch.float64).sort(dim=0).values
    return s[:, None] * x_data + (1 - s[:, None]) * eps, s, t, x_data - eps


def small(**more):
    torch.manual_seed(0)
    return two_times(MLPDenoiser(width=32, depth=2, embed_dim=16, **more)).double()


def test_a_jump_of_no_length_stays_where_it_is():
    model, (x, s, _, _) = FlowMap(small()), drawn()
    assert model.jump(x, s, s).equal(x)


def test_the_exact_map_composes_on_the_moons():
    """From noise to data in one go, and with a halt on the way."""
    x = noise(200, seeded(0))
    halt = flow(MOONS, x, 0.0, 0.6, steps=100)
    assert (flow(MOONS, halt, 0.6, 1.0, steps=100) - flow(MOONS, x, steps=200)).abs().max() < 1e-5


def test_the_closed_form_is_the_flow_of_its_velocity(exact):
    x = drawn()[0]
    assert (flow(exact, x, 0.2, 0.9, steps=200) - exact.jump(x, 0.2, 0.9)).abs().max() < 1e-6


@pytest.mark.parametrize("name", ["shortcut", "lagrangian"])
def test_a_consistency_holds_for_the_exact_map(exact, name):
    x, s, t, u = drawn()
    assert CONSISTENCIES[name](exact, x, s, t, None, u).abs().max() < 1e-10  # seen: 4e-15


def test_the_meanflow_identity_holds_for_the_exact_map(exact):
    """With the true velocity as tangent and target the residual is zero; that of one pair is so on average only."""
    x, s, t, _ = drawn()
    true = exact.average(x, s, s)
    for consistency in (eulerian, improved):
        assert consistency(exact, x, s, t, None, true).abs().max() < 1e-10  # seen: 2e-15
    n, g = 200_000, seeded(1)
    s, t = (torch.full((n,), time, dtype=torch.float64) for time in (0.3, 0.8))
    x_data, eps = MEAN + STD * noise(n, g), noise(n, g)
    x, u = 0.3 * x_data + 0.7 * eps, x_data - eps
    residual = eulerian(exact, x, s, t, None, u)
    assert residual.abs().mean() > 0.1
    for weight in (torch.ones_like(x), x):  # uncorrelated with whatever x says
        assert (residual * weight).mean().abs() < 0.01


class Off(nn.Module):
    """The exact net with a change of the times that it is told."""

    def __init__(self, change):
        super().__init__()
        self.net, self.change, self.shape = GaussianMap(), change, (2,)

    def forward(self, x, times, y=None):
        return self.net(x, self.change(times), y)


@pytest.mark.parametrize("name", CONSISTENCIES)
@pytest.mark.parametrize("change", [lambda st: st.flip(1), lambda st: st[:, :1].expand(-1, 2), lambda st: 0.5 * st])
def test_no_other_map_fulfils_it(name, change):
    """s and t exchanged, jumps along the velocity at the start, another clock."""
    wrong, (x, s, t, _) = FlowMap(Off(change)), drawn()
    true = FlowMap(GaussianMap()).average(x, s, s)
    assert CONSISTENCIES[name](wrong, x, s, t, None, true).abs().mean() > 0.01


def test_the_diagonal_is_the_velocity():
    model, (x, s, _, _) = FlowMap(small()), drawn()
    estimate = model.estimate(x, s)
    c = model.path.coeffs(s, like=x)
    assert torch.allclose(estimate.velocity(c), model.average(x, s, s), rtol=0, atol=1e-8)
    assert torch.allclose(c.alpha * estimate.x0 + c.sigma * estimate.eps, x, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    "net", [MLPDenoiser(width=16, depth=2, t_scale=1000, classes=3), DiT(8, patch=4, width=16, depth=2, classes=3)]
)
def test_a_net_that_is_told_two_times_answers_as_before(net):
    for weight in net.parameters():  # a DiT says 0 when new
        nn.init.normal_(weight, std=0.1, generator=seeded(0))
    x, t, y = randn((5, *net.shape), generator=seeded(0)), torch.linspace(0, 1, 5), torch.arange(5) % 3
    before = net(x, t, y)
    after = two_times(net)(x, torch.stack([t, (t + 1) / 2], 1), y)
    assert torch.allclose(before, after, atol=1e-6) and before.abs().max() > 0


def test_the_adaptive_weight_hides_the_loss():
    """With power 1 it prints 1, whether the net is far away or near; with 0 it prints the mean square error."""
    x = MEAN + STD * noise(4096, seeded(0))
    for far in (1, 30):
        net = lambda x, times, y, far=far: GaussianMap()(x, times) + far  # noqa: E731
        plain, hidden = (FlowMap(net, diagonal=1, power=power).loss(x, generator=seeded(1)).item() for power in (0, 1))
        assert abs(hidden - 1) < 0.01 and plain > 0.9 * far**2


class Counted(nn.Module):
    shape = (2,)

    def __init__(self):
        super().__init__()
        self.calls, self.weight = 0, nn.Parameter(torch.zeros(()))

    def forward(self, x, times, y=None):
        self.calls += 1
        return self.weight + torch.ones_like(x)


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_a_jump_is_one_call(calls):
    model = FlowMap(net := Counted())
    x = model.sample((3, 2), calls, generator=seeded(0))
    assert net.calls == calls and torch.allclose(x, randn((3, 2), generator=seeded(0)) + 1)
    states = list(walk(model, x, model.path.grid(calls), jump))
    assert len(states) == calls + 1 and all(state.estimate is None for state in states)


@pytest.mark.parametrize("name", CONSISTENCIES)
def test_the_teacher_is_not_moved(name):
    """Only the left-hand side has a gradient: the same as where the right-hand side is a number that was written down."""
    model, (x, s, t, u) = FlowMap(small()), drawn(8)
    consistency = CONSISTENCIES[name]
    weights = list(model.parameters())
    found = torch.autograd.grad(consistency(model, x, s, t, None, u).square().mean(), weights)
    side = lambda: model.average(x, s, t)  # noqa: E731
    if name == "lagrangian":
        side = lambda: derivative(lambda end: model.jump(x, s, end), (t,), (torch.ones_like(t),))[1]  # noqa: E731
    teacher = (side() - consistency(model, x, s, t, None, u)).detach()
    expected = torch.autograd.grad((side() - teacher).square().mean(), weights)
    assert all(torch.allclose(a, b, rtol=0, atol=1e-8) for a, b in zip(found, expected))
    assert sum(a.abs().sum() for a in found) > 0


@pytest.mark.parametrize("name", CONSISTENCIES)
def test_a_short_training_learns_to_jump(name):
    """From noise to Gaussian data in one call, by each consistency: nearer than one step of flow matching's velocity."""
    model = FlowMap(small(t_scale=4).float(), consistency=CONSISTENCIES[name], diagonal=0.5)
    g = seeded(0)
    x = MEAN + STD * randn((2000, 2), generator=g)
    for _ in fit(model, batches(x, size=128, generator=g), 300, lr=5e-3, generator=g):
        pass
    z = randn((500, 2), generator=g)
    there = FlowMap(GaussianMap()).jump(z, 0.0, 1.0)
    with torch.no_grad():
        off = (model.jump(z, 0.0, 1.0) - there).norm(dim=1).mean()
    one_step = (z + (MEAN - z) - there).norm(dim=1).mean()  # the velocity at t = 0 points at the mean
    assert off < 0.7 * one_step


def test_forward_derivatives_need_the_explicit_softmax():
    x, s, t = randn((2, 1, 8, 8), generator=seeded(0)), torch.tensor([0.1, 0.2]), torch.tensor([0.5, 0.9])
    for attention, works in ((nn.functional.scaled_dot_product_attention, False), (explicit_attention, True)):
        model = FlowMap(two_times(DiT(8, patch=4, width=16, depth=1, attention=attention)))
        if works:
            assert eulerian(model, x, s, t, None, torch.ones_like(x)).isfinite().all()
        else:
            with pytest.raises((NotImplementedError, RuntimeError)):
                eulerian(model, x, s, t, None, torch.ones_like(x))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: FlowMap(small(), DiscreteSchedule(linear_betas(1000))), "Take a path of flow matching"),
        (lambda: FlowMap(small(), diagonal=1.5), "diagonal"),
        (lambda: FlowMap(small(), consistency="shortcut"), "consistency"),
        (lambda: two_times(nn.Linear(2, 2)), "no embedding of a time"),
        (lambda: small()(torch.zeros(3, 2, dtype=torch.float64), torch.zeros(3)), "two times"),
        (lambda: partial(eulerian, tangent="oracle")(FlowMap(small()), *drawn(2)[:3], None, None), "tangent"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_a_sentence(make, said):
    with pytest.raises((TypeError, ValueError), match=said):
        make()
