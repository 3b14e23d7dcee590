"""What is asked in half precision is worked on in float32: states, averages, times, and exact answers. The dtype comes back."""

import copy
import math

import pytest
import torch

from lib import (
    DDPM,
    EMA,
    DiscreteSchedule,
    DiT,
    EmpiricalOracle,
    Estimate,
    FlowMatching,
    LinearPath,
    MLPDenoiser,
    Oracle,
    SinusoidalTimeEmbedding,
    euler,
    linear_betas,
    randn,
    sample,
    seeded,
    sliced_wasserstein,
    two_moons,
    walk,
)

HALF = [torch.float16, torch.bfloat16]
X, Y = randn((6, 2), generator=seeded(0)), torch.arange(6) % 2


def test_more_steps_do_not_make_a_half_precision_sample_worse(moons):
    oracle, start = Oracle(moons, LinearPath()), randn((500, 2), generator=seeded(1)).bfloat16()
    real = two_moons(500, generator=seeded(2))[0]
    by_hand = start
    for t in torch.linspace(0, 1, 1001)[:-1].tolist():  # the state rounded to bfloat16 after every step
        velocity = oracle.estimate(by_hand, t).velocity(LinearPath().coeffs(t))
        by_hand = by_hand + (0.001 * velocity).bfloat16()
    rounded, carried = (sliced_wasserstein(x.float(), real) for x in (by_hand, sample(oracle, start, 1000, euler)))
    exact = sliced_wasserstein(sample(oracle, start.float(), 1000, euler), real)
    assert abs(carried - exact) < 0.01 < 0.1 < rounded - exact  # seen: 0.0002 and 0.2


@pytest.mark.parametrize("dtype", [*HALF, torch.float32, torch.float64])
def test_a_sample_has_the_precision_of_its_start(dtype, moons):
    start = X.to(dtype)
    assert sample(Oracle(moons, LinearPath()), start, 3, euler).dtype == dtype
    states = list(walk(Oracle(moons, LinearPath()), start, LinearPath().grid(3), euler))
    assert {state.x.dtype for state in states} == {torch.float32 if dtype in HALF else dtype}


@pytest.mark.parametrize("dtype", HALF)
def test_a_net_in_half_precision_is_asked_in_it_and_its_state_is_not_rounded(dtype):
    model = FlowMatching(MLPDenoiser(width=16, t_scale=1000)).to(dtype)
    seen = []

    class Spy(torch.nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, x_t, t, y=None):
            seen.append(x_t.dtype)
            return self.net(x_t, t, y)

    spied = model.with_net(Spy(model.net))
    x, u = X, []
    for state in walk(spied, X.to(dtype), LinearPath().grid(4), euler):
        if state.estimate is not None:
            u.append(model.net(state.x.to(dtype), state.t).float())
            torch.testing.assert_close(state.estimate.velocity(LinearPath().coeffs(state.t)), u[-1], rtol=0, atol=1e-5)
        x = state.x
    assert set(seen) == {dtype}
    assert torch.allclose(x, X.to(dtype).float() + 0.25 * sum(u), atol=1e-5)
    assert model.sample((4, 2), 3).dtype == dtype and model.loss(X).dtype == torch.float32
    assert model.loss(X.to(dtype), t=0.5).dtype == dtype


@pytest.mark.parametrize(("dtype", "decay"), [(torch.bfloat16, 0.9999), (torch.float16, 0.999)])
def test_an_average_of_half_precision_weights_moves(dtype, decay):
    net = torch.nn.Linear(1, 1, bias=False).to(dtype)
    torch.nn.init.zeros_(net.weight)
    ema = EMA(net, decay)
    torch.nn.init.ones_(net.weight)
    for _ in range(20_000):
        ema.update()
    # In the weights' own precision: 0.03 and 0.76.
    assert ema.net.weight.item() == pytest.approx(1 - decay**20_000, rel=1e-3) and net.weight.dtype == dtype


def test_an_average_samples_and_is_moved_like_its_net():
    model = FlowMatching(MLPDenoiser(width=8, t_scale=1000)).bfloat16()
    ema = EMA(model.net, 0.5)
    ema.update()
    assert model.with_net(ema.net).sample((3, 2), 4).isfinite().all()
    assert {w.dtype for w in ema.net.parameters()} == {torch.float32}
    assert {w.dtype for w in EMA(torch.nn.Linear(2, 2).double()).net.parameters()} == {torch.float64}
    late = EMA(net := torch.nn.Linear(1, 1, bias=False), 0.5)
    before = late.net.weight.item()
    torch.nn.init.ones_(net.bfloat16().weight)  # the net is converted after the average began
    late.update()
    assert late.net.weight.item() == pytest.approx((before + 1) / 2)


@pytest.mark.parametrize("dtype", HALF)
def test_a_net_in_half_precision_tells_all_times_apart(dtype):
    """A time in bfloat16 has three digits; its embedding would be that of another one."""
    embed = SinusoidalTimeEmbedding(64)
    t = torch.arange(1000)
    rows, rounded = embed(t), copy.deepcopy(embed).to(dtype)(t)
    assert rounded.dtype == dtype
    torch.testing.assert_close(rounded.float(), rows, rtol=0, atol=4e-3)  # half a last digit of a number up to 1
    assert (rounded.diff(dim=0).abs().amax(1) > 0).all()


@pytest.mark.parametrize("path", [LinearPath(), DiscreteSchedule(linear_betas(100))], ids=["flow", "ddpm"])
@pytest.mark.parametrize("dtype", HALF)
def test_exact_answers_in_half_precision_are_the_exact_answers_rounded(dtype, path, moons):
    x = X.to(dtype)
    for model in (
        Oracle(moons, path),
        EmpiricalOracle(two_moons(50, generator=seeded(4))[0], path, torch.arange(50) % 2),
    ):
        for t in (path.t_noise, path.grid(4)[2].item(), path.t_data):
            found, exact = model.estimate(x, t, Y), model.estimate(x.float(), t, Y)
            for a, b in zip(found, exact, strict=True):
                assert a.dtype == dtype and a.isfinite().all()
                torch.testing.assert_close(a, b.to(dtype), rtol=2e-2, atol=2e-2)
    c = path.coeffs(path.grid(4)[2].item())
    for measure in (moons.log_prob, moons.score):
        torch.testing.assert_close(measure(x, c), measure(x.float(), c).to(dtype), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("dtype", HALF)
def test_curves_at_half_precision_times_are_computed_in_single(dtype):
    t = torch.tensor([0.25, 0.998046875], dtype=dtype)
    c = LinearPath().coeffs(t, like=X[:2])
    assert torch.equal(c.sigma[:, 0], 1 - t.float()) and c.alpha.dtype == torch.float32


def test_a_transformer_in_half_precision_trains_and_samples():
    net = DiT(4, width=8, depth=1, heads=2, t_scale=1000, generator=seeded(0)).bfloat16()
    model, images = FlowMatching(net), randn((3, 1, 4, 4), generator=seeded(1))
    model.loss(images).backward()
    assert model.sample(images.shape, 3, start=images).dtype == torch.float32
    assert all(weight.grad is not None for weight in net.parameters())


def test_other_precisions_are_refused_with_the_two_names():
    for model, x in ((FlowMatching(MLPDenoiser(t_scale=1000)), X.double()), (DDPM(MLPDenoiser().double()), X)):
        with pytest.raises(TypeError, match=r"float64|float32"):
            model.loss(x)
    net = MLPDenoiser(t_scale=1000)
    with torch.autocast("cpu", torch.bfloat16):
        assert net(X.bfloat16(), 0.5).shape == X.shape  # autocast chooses precisions by itself
    assert isinstance(FlowMatching(net).estimate(X, 0.5), Estimate) and math.isfinite(FlowMatching(net).loss(X).item())


def test_a_net_that_is_replaced_is_asked_in_its_own_precision():
    model = FlowMatching(MLPDenoiser(width=8, t_scale=1000))
    model.ask(X, 0.5)
    half = copy.deepcopy(model.net).half()
    model.net = half
    assert model.ask(X, 0.5).dtype == torch.float32
    model.net = MLPDenoiser(width=8, t_scale=1000)
    model.ask(X, 0.5)
    model.load_state_dict(copy.deepcopy(model).half().state_dict(), assign=True)
    model.net.time.half()
    assert model.ask(X, 0.5).dtype == torch.float32
    assert copy.deepcopy(model).ask(X, 0.5).dtype == torch.float32


def test_an_average_follows_what_replaces_a_weight_or_a_buffer():
    net = torch.nn.BatchNorm1d(2)
    ema = EMA(net, 0.0)
    net.to(torch.float64)
    net(3 + torch.zeros(5, 2, dtype=torch.float64))
    ema.update()
    assert torch.allclose(ema.net.running_mean, net.running_mean.float()) and ema.net.running_mean[0] > 0
    net.load_state_dict({k: v + 1 for k, v in net.state_dict().items()}, assign=True)
    net.bias = torch.nn.Parameter(torch.full((2,), 7.0))
    ema.update()
    assert torch.equal(ema.net.weight, net.weight.float()) and ema.net.bias.tolist() == [7, 7]
    del net.bias
    with pytest.raises(ValueError, match="has gone since the average began"):
        ema.update()
