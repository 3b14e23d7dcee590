"""Losses, training, averaging and embeddings."""

import copy
import math
import warnings

import pytest
import torch

from lib import (
    DDPM,
    EMA,
    TARGETS,
    CosinePath,
    DiscreteSchedule,
    FlowMatching,
    LinearPath,
    MLPDenoiser,
    Oracle,
    SinusoidalTimeEmbedding,
    Standardizer,
    batches,
    cosine_betas,
    digits,
    fit,
    linear_betas,
    make_target,
    randn,
    seeded,
    two_moons,
    zero_terminal_snr,
)
from lib.training import logit_normal, stratified_uniform, warmup_cosine


class OracleNet(torch.nn.Module):
    """The oracle in the place of a network: it answers E[target | x_t]."""

    def __init__(self, mixture, path, target):
        super().__init__()
        self.oracle, self.target = Oracle(mixture, path), target

    def forward(self, x_t, t, y=None):
        return make_target(self.target, *self.oracle.estimate(x_t, t, y), self.oracle.path.coeffs(t, like=x_t))


@pytest.mark.parametrize("target", ["eps", "x0", "v"])
def test_oracle_loss_for_gaussian_data_is_known(target):
    """N(0, I) data: the irreducible loss at alpha_bar is alpha_bar for eps, 1 - alpha_bar for x0 and 1 for v."""
    from lib import GaussianMixture

    path = DiscreteSchedule(linear_betas(1000))
    normal = GaussianMixture([1.0], [[0.0, 0.0]], [[1.0, 1.0]])
    t = torch.full((200_000,), 300)
    bar = path.alpha_bars[300].item()
    model = DDPM(OracleNet(normal, path, target), path.betas, target)
    x = randn((len(t), 2), generator=seeded(0)).double()
    loss = model.loss(x, t=t, generator=seeded(1)).item()
    expected = {"eps": bar, "x0": 1 - bar, "v": 1.0}[target]
    assert loss == pytest.approx(expected, rel=5 * math.sqrt(2 / (2 * len(t))))  # five standard errors of a variance


@pytest.mark.parametrize("target", TARGETS)
def test_no_answer_beats_the_oracle(moons, target):
    """The oracle's loss is the floor: its answer plus any other function of (x_t, t) does worse."""
    path, (x, _) = CosinePath(), two_moons(20_000, generator=seeded(0), dtype=torch.float64)
    net = OracleNet(moons, path, target)

    class Disturbed(torch.nn.Module):
        def forward(self, x_t, t, y=None):
            return net(x_t, t, y) + 0.2 * torch.sin(3 * x_t)

    losses = [FlowMatching(n, path, target).loss(x, generator=seeded(1)).item() for n in (net, Disturbed())]
    assert losses[0] < losses[1]


def test_a_trained_net_approaches_the_irreducible_loss_from_above(moons):
    x, _ = two_moons(4096, generator=seeded(0))
    torch.manual_seed(0)  # the initial weights; the only place PyTorch offers no generator for
    model = FlowMatching(MLPDenoiser(t_scale=1000))
    ema = EMA(model.net, 0.98)
    losses = [
        p.loss.item()
        for p in fit(
            model,
            batches(x, size=512, generator=seeded(1)),
            600,
            lr=3e-3,
            ema=ema,
            stratified=True,
            generator=seeded(2),
        )
    ]
    t = model.path.times(stratified_uniform(50_000, generator=seeded(3)))
    fresh, _ = two_moons(50_000, generator=seeded(4))
    with torch.no_grad():
        trained = model.with_net(ema.net).loss(fresh, t=t, generator=seeded(5)).item()
        floor = FlowMatching(OracleNet(moons, model.path, "u")).loss(fresh, t=t, generator=seeded(5)).item()
    assert len(losses) == 600 and losses[0] > 1.5
    assert floor < trained < 1.12 * floor  # both on the same 50,000 draws, so the difference is learning error


def test_same_seeds_train_the_same_net():
    x, _ = two_moons(256, generator=seeded(0))

    def run(seed):
        torch.manual_seed(0)
        model = DDPM(MLPDenoiser(width=16))
        for _ in fit(model, batches(x, size=64, generator=seeded(seed)), 5, generator=seeded(seed)):
            pass
        return torch.cat([p.flatten() for p in model.parameters()])

    assert torch.equal(run(1), run(1)) and not torch.equal(run(1), run(2))


def small_run(**knobs):
    """The weights after three steps, and the times that the net saw."""
    seen = []

    class Net(MLPDenoiser):
        def forward(self, x_t, t, y=None):
            seen.append(t)
            return super().forward(x_t, t, y)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = FlowMatching(Net(width=8, t_scale=20))
    stream = batches(two_moons(64, generator=seeded(0))[0], size=64, generator=seeded(1))
    for _ in fit(model, stream, 3, generator=seeded(2), **knobs):
        pass
    return torch.cat([p.detach().flatten() for p in model.parameters()]), torch.stack(seen)


def test_times_are_drawn_as_asked():
    same, t = small_run(times=stratified_uniform)
    assert torch.equal(same, small_run(stratified=True)[0])
    assert torch.equal(small_run()[1][0], torch.rand(64, generator=seeded(2)))
    late = small_run(times=lambda n, **rest: 0.9 + 0.1 * stratified_uniform(n, **rest))[1]
    assert late.shape == t.shape == (3, 64) and late.min() >= 0.9 and t.min() < 0.1
    assert 0 < small_run(times=logit_normal)[1].min()
    with pytest.raises(ValueError, match="give one of them"):
        small_run(stratified=True, times=logit_normal)


def test_the_schedule_scales_the_learning_rate():
    start, _ = small_run(schedule=lambda i, steps: 0.0)
    assert torch.equal(small_run()[0], small_run(schedule=warmup_cosine)[0])
    # Adam's first step has the length lr for every weight that has a gradient.
    once = small_run(lr=0.01, schedule=lambda i, steps: 0.5 * (i == 0 and steps == 3))[0]
    assert (once - start).abs().max() == pytest.approx(0.005, rel=1e-3)


def test_stratified_times_spread_evenly_and_lower_the_variance_of_the_loss():
    u = stratified_uniform(64, generator=seeded(0))
    assert sorted((u * 64).long().tolist()) == list(range(64))
    assert (u * 64).frac().std() > 0.2  # anywhere within its part
    assert u[:8].diff().abs().max() > 0.05  # in random order, so that t is independent of the sample beside it
    plain = torch.stack([torch.rand(64, generator=seeded(i)).square().mean() for i in range(200)])
    even = torch.stack([stratified_uniform(64, generator=seeded(i)).square().mean() for i in range(200)])
    assert even.std() < 0.1 * plain.std()


def test_logit_normal_times_have_the_logits_asked_for():
    logits = torch.logit(logit_normal(50_000, 0.5, 2.0, like=torch.zeros(0, dtype=torch.float64), generator=seeded(0)))
    assert abs(logits.mean() - 0.5) < 5 * 2 / math.sqrt(50_000) and abs(logits.std() / 2 - 1) < 0.02


def test_learning_rate_warms_up_and_ends_at_zero():
    factors = [warmup_cosine(i, 100) for i in range(101)]
    # A cosine at its end; seen: 0.
    assert factors[0] == pytest.approx(0.2) and max(factors) > 0.99 and factors[100] == pytest.approx(0, abs=1e-12)
    assert factors[5:] == sorted(factors[5:], reverse=True)


def test_ema_is_its_closed_form():
    net, decay = torch.nn.Linear(1, 1, bias=False), 0.9
    net.register_buffer("count", torch.zeros(()))
    values = [1.0, 3.0, -2.0, 5.0, 0.5]
    net.weight.data.fill_(values[0])
    ema = EMA(net, decay)
    for i, value in enumerate(values[1:]):
        net.weight.data.fill_(value)
        net.count.fill_(i)
        ema.update()
    n = len(values) - 1
    closed = decay**n * values[0] + (1 - decay) * sum(decay ** (n - i) * values[i] for i in range(1, n + 1))
    assert ema.net.weight.item() == pytest.approx(closed, rel=1e-6)  # float32
    assert ema.net.count == 3 and not ema.net.weight.requires_grad and net.weight.item() == 0.5


def test_with_net_changes_the_net_and_nothing_else():
    for model in (
        DDPM(torch.nn.Linear(2, 2), linear_betas(50), "v", label_drop=0.1),
        FlowMatching(torch.nn.Linear(2, 2), CosinePath(), "x0", label_drop=0.1),
    ):
        other = torch.nn.Linear(2, 2)
        twin = model.with_net(other)
        assert twin.net is other and model.net is not other
        assert (twin.target, twin.label_drop, type(twin.path)) == (model.target, model.label_drop, type(model.path))


@pytest.mark.parametrize(
    ("t_scale", "T", "warns"), [(1000, 1000, True), (1000, 100, True), (1, 1000, False), (10, 100, False)]
)
def test_a_clock_that_is_stretched_twice_is_warned_of(t_scale, T, warns):
    """The mirror of the next one: then neighbouring times have nothing in common, and the slowest wave begins again."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        DDPM(MLPDenoiser(t_scale=t_scale), cosine_betas(T))
    said = f"This net embeds t in 0 ... {T - 1} with t_scale={t_scale}, which suits flow matching's [0, 1]; "
    said += "build it with t_scale=1."
    assert [str(one.message) for one in heard] == [said] * warns


@pytest.mark.parametrize(
    "model",
    [
        DDPM(MLPDenoiser(width=8), zero_terminal_snr(linear_betas(1000)), "eps"),
        FlowMatching(MLPDenoiser(width=8, t_scale=1000), target="eps"),
        FlowMatching(MLPDenoiser(width=8, t_scale=1000), CosinePath(), "eps"),
    ],
)
def test_what_cannot_be_sampled_is_not_trained(model):
    with pytest.raises(ValueError, match=r'A net for "eps" cannot be sampled on this path.*Train it for "v"'):
        fit(model, iter([]), 1)


@pytest.mark.parametrize("target", ["v", "x0"])
def test_what_can_be_sampled_is_trained(target):
    """On the same paths, and where alpha is small at pure noise and not 0."""
    x = two_moons(64)[0]
    for model in (
        DDPM(MLPDenoiser(width=8), zero_terminal_snr(linear_betas(1000)), target),
        DDPM(MLPDenoiser(width=8)),
    ):
        assert len(list(fit(model, batches(x, size=8), 2))) == 2
        assert model.sample((4, 2), 5).isfinite().all()


def test_a_frozen_model_is_not_trained_and_one_that_is_partly_frozen_is():
    model, x = FlowMatching(MLPDenoiser(width=8, t_scale=1000)), two_moons(64)[0]
    with pytest.raises(ValueError, match=r"frozen.*model\.requires_grad_\(True\)"):
        fit(model.requires_grad_(False), batches(x, size=8), 1)
    before = copy.deepcopy(model.net.state_dict())
    next(reversed(list(model.parameters()))).requires_grad_(True)
    list(fit(model, batches(x, size=8), 2))
    moved = [name for name, weight in model.net.state_dict().items() if not torch.equal(weight, before[name])]
    assert moved == [list(before)[-1]]


def test_a_net_that_embeds_unit_times_with_scale_one_is_warned_about():
    with pytest.warns(UserWarning, match="a little more slowly; build it with t_scale=20 to .*smoother.*bare t"):
        FlowMatching(MLPDenoiser(t_scale=1.0))


@pytest.mark.parametrize(("t_scale", "warns"), [(1e6, True), (10_000, False), (1000, False), (20, False)])
def test_unit_times_that_are_stretched_twice_are_warned_of(t_scale, warns):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        FlowMatching(MLPDenoiser(t_scale=t_scale))
    assert ["scaled twice" in str(one.message) for one in heard] == [True] * warns


def test_embedding_is_its_formula_and_scales_time():
    t = torch.tensor([0.0, 1.0, 37.0])
    rows = SinusoidalTimeEmbedding(6)(t)
    freqs = [10_000 ** (-i / 3) for i in range(3)]
    expected = [[math.sin(s * f) for f in freqs] + [math.cos(s * f) for f in freqs] for s in t.tolist()]
    torch.testing.assert_close(rows, torch.tensor(expected))
    torch.testing.assert_close(SinusoidalTimeEmbedding(6, t_scale=1000.0)(t / 1000), rows)
    torch.testing.assert_close(SinusoidalTimeEmbedding(6)(37), rows[2:])


def test_unscaled_unit_times_leave_the_embedding_almost_two_dimensional():
    t = torch.linspace(0, 1, 1000)

    def directions(scale):
        s = torch.linalg.svdvals(SinusoidalTimeEmbedding(128, t_scale=scale)(t).double()).square()
        return int((s.cumsum(0) / s.sum() < 0.999).sum()) + 1

    assert directions(1.0) == 2 and directions(1000.0) > 50


def test_in_the_papers_notation(moons):
    x, eps = (randn((4, 2), generator=seeded(i)).double() for i in (0, 1))
    schedule = DDPM(torch.nn.Linear(1, 1))
    time = torch.tensor([0, 10, 500, 999])
    bar = schedule.path.alpha_bars[time][:, None]
    torch.testing.assert_close(schedule.add_noise(x, eps, time), bar.sqrt() * x + (1 - bar).sqrt() * eps)
    flow, time = FlowMatching(OracleNet(moons, LinearPath(), "u")), torch.full((4,), 0.3, dtype=torch.float64)
    estimate = Oracle(moons, LinearPath()).estimate(x, time)
    torch.testing.assert_close(flow.velocity(x, time), estimate.x0 - estimate.eps)


def test_standardizer_and_its_inverse():
    x = 3 + 5 * randn((100, 2), generator=seeded(0)).double()
    scale = Standardizer.fit(x)
    z = scale(x)
    # A mean of what has none; seen: 5e-17.
    torch.testing.assert_close(z.mean(0), torch.zeros(2, dtype=torch.float64), atol=1e-12, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(scale.inverse(z), x)


def test_digits_are_images_in_minus_one_to_one():
    images, labels = digits()
    assert images.shape == (1797, 1, 8, 8) and images.min() == -1 and images.max() == 1
    assert labels.shape == (1797,) and labels.unique().tolist() == list(range(10))


def test_batches_visit_every_sample_once_an_epoch():
    x, y = torch.arange(10.0)[:, None], torch.arange(10)
    stream = batches(x, y, size=5, generator=seeded(0))
    epochs = [torch.cat([next(stream)[1] for _ in range(2)]).tolist() for _ in range(3)]
    assert all(sorted(e) == list(range(10)) for e in epochs) and epochs[0] != epochs[1]
    x_batch, y_batch = next(stream)
    assert torch.equal(x_batch[:, 0].long(), y_batch)
