"""On another device everything is as on the CPU: no table in float64 goes there, and none stays behind where it is used."""

import copy

import pytest
import torch

from lib import (
    DDPM,
    EMA,
    Autoencoder,
    CosinePath,
    DiscreteSchedule,
    DiT,
    EmpiricalOracle,
    FlowMatching,
    Guided,
    LinearPath,
    MLPDenoiser,
    Oracle,
    Standardizer,
    ancestral,
    batches,
    cosine_betas,
    drop_labels,
    energy_distance,
    frechet_distance,
    heun,
    linear_betas,
    precision_recall,
    randn,
    seeded,
    sliced_wasserstein,
    split,
    two_moons_mixture,
)
from lib.training import logit_normal, stratified_uniform
from tests.second_device import Elsewhere, second_device

B = 6
X, EPS = randn((B, 2), generator=seeded(0)), randn((B, 2), generator=seeded(1))
Y, U = torch.arange(B) % 2, torch.rand(B, generator=seeded(2))
SCHEDULE, MOONS = DiscreteSchedule(linear_betas(100)), two_moons_mixture()


def net(**options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MLPDenoiser(width=8, classes=2, **options)


def dit():
    made = DiT(4, width=8, depth=1, heads=2, classes=2, t_scale=1000, generator=seeded(0))
    for i, weight in enumerate(made.parameters()):
        weight.data = randn(weight.shape, generator=seeded(i)) / 3
    return made


IMAGES = randn((B, 1, 4, 4), generator=seeded(3))
MODELS = {
    "flow": (FlowMatching(net(t_scale=1000)), X),
    "flow, v on the cosine path": (FlowMatching(net(t_scale=1000), CosinePath(), "v"), X),
    "ddpm": (DDPM(net(), cosine_betas(100), "v"), X),
    "transformer": (FlowMatching(dit()), IMAGES),
    "oracle": (Oracle(MOONS, LinearPath()), X),
    "oracle on a schedule": (Oracle(MOONS, SCHEDULE), X),
    "empirical oracle": (EmpiricalOracle(X + 1, SCHEDULE, Y), X),
    "guided": (Guided(FlowMatching(net(t_scale=1000)), 2.0), X),
    "guided in an interval": (Guided(DDPM(net(), linear_betas(100)), 2.0, (0.3, 3.0)), X),
    "autoguided": (Guided(Oracle(MOONS, LinearPath()), 2.0, (0.3, 3.0), weak=FlowMatching(net(t_scale=1000))), X),
}


def moved(model, there):
    """A copy of the model with its nets on the device."""
    model = copy.deepcopy(model)
    for part in (model, getattr(model, "model", None), getattr(model, "weak", None)):
        if isinstance(part, torch.nn.Module):
            part.to(there)
    return model


def home(x):
    """The numbers of a result that must be on the other device."""
    assert isinstance(x, Elsewhere)
    return x.here


@pytest.mark.parametrize("labels", ["there", "here"])
@pytest.mark.parametrize("times", ["number", "there", "here"])
@pytest.mark.parametrize("name", MODELS)
def test_an_estimate_is_the_same(name, times, labels):
    model, x = MODELS[name]
    t = model.path.times(U)
    t = t[0].item() if times == "number" else t
    with torch.no_grad():
        expected = model.estimate(x, t, Y)
        with second_device() as there:
            asked = t.to(there) if times == "there" else t
            found = moved(model, there).estimate(x.to(there), asked, Y.to(there) if labels == "there" else Y)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(home(a), b)  # torch's own way through a layer may be another


@pytest.mark.parametrize("name", [name for name, (model, _) in MODELS.items() if isinstance(model, torch.nn.Module)])
def test_a_loss_its_gradient_and_a_sample_are_the_same(name):
    model, x = MODELS[name]
    draw = {"y": Y, "generator": seeded(5)}
    expected = model.loss(x, **draw)
    model.zero_grad()
    expected.backward()
    with second_device() as there:
        other = moved(model, there)
        draw = {"y": Y.to(there), "generator": seeded(5)}
        loss = other.loss(x.to(there), **draw)
        loss.backward()
        drawn = other.sample(x.shape, 4, y=Y.to(there), generator=seeded(6))
    torch.testing.assert_close(home(loss), expected.detach())
    for a, b in zip(other.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(home(a.grad), b.grad, rtol=1e-3, atol=1e-4)  # sums in another order
    torch.testing.assert_close(home(drawn), model.sample(x.shape, 4, y=Y, generator=seeded(6)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rule", [heun, ancestral])
def test_a_walk_of_the_oracle_is_the_same(rule):
    from lib import sample

    path = LinearPath() if rule is heun else SCHEDULE
    with second_device() as there:
        found = sample(Oracle(MOONS, path), X.to(there), 4, rule, generator=seeded(7))
    assert torch.equal(home(found), sample(Oracle(MOONS, path), X, 4, rule, generator=seeded(7)))


@pytest.mark.parametrize("path", [LinearPath(), CosinePath(), SCHEDULE])
def test_coefficients_of_times_elsewhere_are_there_in_single_precision(path):
    t = path.times(U)
    with second_device() as there:
        c, snr = path.coeffs(t.to(there)), path.log_snr(t.to(there))
    torch.testing.assert_close(home(c.alpha), path.coeffs(t).alpha.float(), rtol=1e-6, atol=0)
    torch.testing.assert_close(home(snr), path.log_snr(t).float(), rtol=1e-5, atol=1e-5)  # a logarithm in float32


def test_what_ddpm_calls_by_its_papers_names_is_the_same():
    model, t = DDPM(net(), linear_betas(100)), SCHEDULE.times(U)
    with second_device() as there:
        noisy = model.add_noise(X.to(there), EPS.to(there), t.to(there))
        found = model.posterior(X.to(there), EPS.to(there), t.to(there))
    assert torch.equal(home(noisy), model.add_noise(X, EPS, t))
    for a, b in zip(found, model.posterior(X, EPS, t), strict=True):
        assert torch.equal(home(a), b)


def test_a_mixture_measures_there_too():
    with second_device() as there:
        found = MOONS.log_prob(X.to(there), y=Y), MOONS.score(X.to(there), LinearPath().coeffs(0.5))
    assert torch.equal(home(found[0]), MOONS.log_prob(X, y=Y))
    assert torch.equal(home(found[1]), MOONS.score(X, LinearPath().coeffs(0.5)))


@pytest.mark.parametrize("metric", [sliced_wasserstein, energy_distance, frechet_distance, precision_recall])
def test_distances_come_home(metric):
    options = {"k": 2} if metric is precision_recall else {}
    with second_device() as there:
        found = metric(X.to(there), EPS.to(there), **options)
    assert found == pytest.approx(metric(X, EPS, **options), rel=1e-9)  # another order of the memory; seen: 5e-16


def test_data_and_draws_go_there():
    with second_device() as there:
        far, labels = X.to(there), Y.to(there)
        rows, kinds = next(batches(far, labels, size=3, generator=seeded(0)))
        standard = Standardizer.fit(far)
        there_and_back = standard.inverse(standard(far))
        (train, _), _ = split(far, labels, 2)
        dropped = drop_labels(labels, 0.5, generator=seeded(1))
        times = [draw(B, like=far, generator=seeded(2)) for draw in (stratified_uniform, logit_normal)]
        latent = Autoencoder(width=4).to(there).encode(IMAGES.to(there), seeded(3))
    near = next(batches(X, Y, size=3, generator=seeded(0)))
    assert torch.equal(home(rows), near[0]) and torch.equal(home(kinds), near[1])
    torch.testing.assert_close(home(there_and_back), X)
    assert torch.equal(home(train), split(X, Y, 2)[0][0]) and latent.shape == (B, 4, 1, 1)
    assert torch.equal(home(dropped), drop_labels(Y, 0.5, generator=seeded(1)))
    assert all(isinstance(x, Elsewhere) for x in times)


def test_an_average_follows_a_net_that_was_moved_before():
    moved_net = torch.nn.Linear(2, 2)
    with second_device() as there:
        moved_net.to(there)
        ema = EMA(moved_net, 0.5)
        with torch.no_grad():
            moved_net.weight.add_(1.0)
        before = home(ema.net.weight).clone()
        ema.update()
    torch.testing.assert_close(home(ema.net.weight), before + 0.5)


MIXED = {
    "noise on the CPU": lambda there: FlowMatching(net(t_scale=1000)).loss(X.to(there), Y, eps=EPS),
    "a net on the CPU": lambda there: net()(X.to(there), 0.5, Y),
    "samples on the CPU": lambda there: net().to(there)(X, 0.5, Y),
    "a transformer on the CPU": lambda there: dit()(IMAGES.to(there), 0.5),
}


@pytest.mark.parametrize("name", MIXED)
def test_two_devices_in_one_call_are_named(name):
    with second_device() as there, pytest.raises(ValueError, match=r"lazy|cpu"):
        MIXED[name](there)
