"""Guidance, by a missing label or by a weak model: one batched call, and the same samples whatever the network predicts."""

import math

import pytest
import torch

from lib import (
    DDPM,
    TARGETS,
    CosinePath,
    DiscreteSchedule,
    DiT,
    FlowMatching,
    GaussianMixture,
    Guided,
    LinearPath,
    MLPDenoiser,
    Oracle,
    VPPath,
    ancestral,
    cosine_betas,
    ddim,
    drop_labels,
    heun,
    linear_betas,
    make_target,
    randn,
    sample,
    seeded,
    solve,
)
from tests.conftest import Spy

X, Y = randn((8, 2), generator=seeded(0)).double(), torch.arange(8) % 2
T = torch.full((8,), 0.4, dtype=torch.float64)


def test_scale_zero_is_unconditional_and_one_is_conditional(moons):
    oracle = Oracle(moons, LinearPath())
    for scale, y in ((0.0, None), (1.0, Y)):
        guided, plain = Guided(oracle, scale).estimate(X, T, Y), oracle.estimate(X, T, y)
        torch.testing.assert_close(guided.x0, plain.x0)
        torch.testing.assert_close(guided.eps, plain.eps)


def test_scale_is_one_plus_the_w_of_ho_and_salimans(moons):
    oracle, w = Oracle(moons, LinearPath()), 0.7
    conditional, unconditional = oracle.estimate(X, T, Y), oracle.estimate(X, T)
    theirs = (1 + w) * conditional.eps - w * unconditional.eps
    torch.testing.assert_close(Guided(oracle, 1 + w).estimate(X, T, Y).eps, theirs)


@pytest.mark.parametrize("target", TARGETS)
def test_guidance_commutes_with_the_target(moons, target):
    """Guide eps, x0, v or u: the estimate is the same, since the map between them is affine at a given (x_t, t)."""
    oracle, c = Oracle(moons, LinearPath()), LinearPath().coeffs(T, like=X)
    outputs = [make_target(target, *oracle.estimate(X, T, y), c) for y in (None, Y)]
    by_target = solve(target, torch.lerp(*outputs, 3.0), X, c)
    guided = Guided(oracle, 3.0).estimate(X, T, Y)
    torch.testing.assert_close(by_target.x0, guided.x0)
    torch.testing.assert_close(by_target.eps, guided.eps)


class ByOutput:
    """`model`, guided at the output of a net that answers `target`: what codes without an Estimate do."""

    def __init__(self, model, target, scale):
        self.model, self.target, self.scale, self.path = model, target, scale, model.path

    def estimate(self, x_t, t, y):
        c = self.path.coeffs(t, like=x_t)
        outputs = [make_target(self.target, *self.model.estimate(x_t, t, label), c) for label in (None, y)]
        return solve(self.target, torch.lerp(*outputs, self.scale), x_t, c)


SCHEDULE = DiscreteSchedule(linear_betas(1000))


def image_model(path):
    """A DiT whose labels matter, answering v: in float64, with its zero start replaced by random weights."""
    net = DiT(8, width=32, depth=2, heads=2, classes=2, t_scale=1 if path is SCHEDULE else 1000, generator=seeded(0))
    for number, weight in enumerate(net.parameters()):
        weight.data = weight + 0.2 * randn(weight.shape, like=weight, generator=seeded(number))
    net = net.double()
    return DDPM(net, path.betas, "v") if path is SCHEDULE else FlowMatching(net, path, "v")


@pytest.mark.parametrize("of", ["oracle", "DiT"])
@pytest.mark.parametrize(
    ("path", "rule"),
    [(SCHEDULE, ddim), (SCHEDULE, ancestral), (VPPath(), ddim), (CosinePath(), heun), (LinearPath(), heun)],
    ids=["ddpm-ddim", "ddpm-ancestral", "vp-ddim", "cosine-heun", "straight-heun"],
)
def test_guided_samples_do_not_depend_on_the_target(moons, of, path, rule):
    """Whole trajectories, guided at the output of a net that answers eps, x0, v or u."""
    model = Oracle(moons, path) if of == "oracle" else image_model(path)
    start = randn((8, 2) if of == "oracle" else (8, 1, 8, 8), like=X, generator=seeded(1))
    # "eps" is singular at pure noise and "x0" at clean data, where heun asks once more.
    grid = None if path is SCHEDULE else torch.linspace(0.05, 0.95, 11, dtype=torch.float64)
    calls = 20 if rule is heun else 10

    def run(guided):
        return sample(guided, start, calls, rule, Y, grid=grid, generator=seeded(2))

    expected = run(Guided(model, 3.0))
    assert (expected - run(Guided(model, 1.0))).abs().max() > 1e-2  # guidance acts
    for target in TARGETS if path is not SCHEDULE else ("eps", "x0", "v"):
        assert (run(ByOutput(model, target, 3.0)) - expected).abs().max() < 1e-5 * expected.abs().max()


def test_guiding_some_coordinates_alone_does_not_depend_on_the_target_either(moons):
    """Three channels of four, say: the map between targets acts on each coordinate by itself."""
    oracle, c = Oracle(moons, LinearPath()), LinearPath().coeffs(T, like=X)
    only_first = torch.tensor([3.0, 1.0], dtype=torch.float64)
    by_target = [ByOutput(oracle, target, only_first).estimate(X, T, Y) for target in TARGETS]
    for one in by_target:
        torch.testing.assert_close(one.x0, by_target[0].x0)
        torch.testing.assert_close(c.add_noise(*one), X)


def test_weights_that_do_not_sum_to_one_depend_on_the_target(moons):
    oracle, c = Oracle(moons, LinearPath()), LinearPath().coeffs(T, like=X)
    by_eps, by_x0 = (
        solve(target, 3.0 * make_target(target, *oracle.estimate(X, T, Y), c), X, c).x0 for target in ("eps", "x0")
    )
    assert (by_eps - by_x0).abs().max() > 0.1


def test_guidance_asks_once_with_both_halves():
    asked = []

    class Net(torch.nn.Module):
        def forward(self, x, t, y=None):
            asked.append((len(x), y.tolist()))
            return torch.zeros_like(x)

    Guided(DDPM(Net()), 2.0).estimate(X, torch.full((8,), 500), Y)
    assert asked == [(16, [-1] * 8 + Y.tolist())]


def test_guidance_acts_inside_its_interval_alone(moons):
    """sigma / alpha is 9, 3, 1, 1/3 and 1/9 at these times of the straight path; every row has its own."""
    oracle, t = Oracle(moons, LinearPath()), torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9], dtype=torch.float64)
    x, y = torch.zeros(5, 2, dtype=torch.float64), Y[:5]  # between the moons, where the classes differ at every time
    mixed = Guided(oracle, 3.0, interval=(0.5, 4.0)).estimate(x, t, y)
    inside = torch.tensor([False, True, True, False, False])
    guided, conditional = Guided(oracle, 3.0).estimate(x, t, y), oracle.estimate(x, t, y)
    for half, with_it, without_it in zip(mixed, guided, conditional):
        torch.testing.assert_close(half[inside], with_it[inside])
        torch.testing.assert_close(half[~inside], without_it[~inside])
        assert ((with_it - without_it).abs().amax(-1) > 1e-6).all()  # or there would be nothing to tell apart


def test_outside_its_interval_guidance_costs_a_plain_call():
    asked = []

    class Net(torch.nn.Module):
        def forward(self, x, t, y=None):
            asked.append(len(x))
            return torch.zeros_like(x)

    guided = Guided(DDPM(Net(), target="x0"), 2.0, interval=(0.5, 4.0))
    early, middle, late = (math.exp(-guided.path.log_snr(t) / 2) for t in (900, 400, 50))
    assert late < 0.5 < middle < 4.0 < early
    for t in (900, 400, 50):
        guided.estimate(X, t, Y)  # one time for the batch, as in a sampler
        guided.estimate(X, torch.full((8,), t), Y)
    assert asked == [8, 8, 16, 16, 8, 8]


@pytest.mark.parametrize("shared", [True, False])
def test_pure_noise_has_an_infinite_level(moons, shared):
    oracle, t = Oracle(moons, LinearPath()), 0.0 if shared else torch.zeros(8, dtype=torch.float64)
    bounded, open_ended, plain = (
        Guided(oracle, 3.0, interval=interval).estimate(X, t, Y) for interval in ((0.0, 1e6), (0.5, math.inf), None)
    )
    assert torch.equal(bounded.x0, oracle.estimate(X, t, Y).x0)
    assert torch.equal(open_ended.x0, plain.x0) and not torch.equal(bounded.x0, plain.x0)


# --- autoguidance: away from a weak model, with the label in both --------------------------------------------------------------


def weak_and_strong(moons, path=LinearPath()):
    """The moons and a blurred copy of them."""
    blurred = GaussianMixture(moons.weights, moons.means, moons.variances + 0.1, moons.labels)
    return Oracle(blurred, path), Oracle(moons, path)


def test_autoguidance_leads_away_from_the_weak_model(moons):
    weak, strong = weak_and_strong(moons)
    for y in (Y, None):  # it needs no labels, and uses those it gets
        a, b = weak.estimate(X, T, y), strong.estimate(X, T, y)
        for scale in (0.0, 1.0, 2.5):
            guided = Guided(strong, scale, weak=weak).estimate(X, T, y)
            torch.testing.assert_close(guided.x0, a.x0 + scale * (b.x0 - a.x0))
            torch.testing.assert_close(LinearPath().coeffs(T, like=X).add_noise(*guided), X)
    assert not torch.allclose(weak.estimate(X, T, Y).x0, strong.estimate(X, T, Y).x0)


def test_autoguidance_asks_either_model_once_and_outside_its_interval_the_strong_one_alone():
    asked = []

    class Net(torch.nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def forward(self, x, t, y=None):
            asked.append((self.name, len(x), y.tolist()))
            return torch.zeros_like(x)

    guided = Guided(DDPM(Net("strong"), target="x0"), 2.0, interval=(0.5, 4.0), weak=DDPM(Net("weak"), target="x0"))
    for t in (900, 400, 50):
        guided.estimate(X, torch.full((8,), t), Y)
    assert asked == [(name, 8, Y.tolist()) for name in ("strong", "weak", "strong", "strong")]


def test_autoguidance_inside_its_interval_alone(moons):
    weak, strong = weak_and_strong(moons)
    t = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9], dtype=torch.float64)  # sigma / alpha 9, 3, 1, 1/3, 1/9
    mixed = Guided(strong, 3.0, interval=(0.5, 4.0), weak=weak).estimate(X[:5], t, Y[:5]).x0
    everywhere, nowhere = (Guided(strong, scale, weak=weak).estimate(X[:5], t, Y[:5]).x0 for scale in (3.0, 1.0))
    torch.testing.assert_close(mixed[1:3], everywhere[1:3])
    torch.testing.assert_close(mixed[[0, 3, 4]], nowhere[[0, 3, 4]])


@pytest.mark.parametrize(
    ("path", "other"),
    [
        (LinearPath(), CosinePath()),
        (LinearPath(), SCHEDULE),
        (VPPath(), VPPath(beta_max=10.0)),
        (SCHEDULE, DiscreteSchedule(cosine_betas(1000))),
        (SCHEDULE, DiscreteSchedule(linear_betas(500))),
    ],
)
def test_a_weak_model_on_another_path_is_refused(moons, path, other):
    with pytest.raises(ValueError, match="on the path of the model"):
        Guided(Oracle(moons, path), 2.0, weak=Oracle(moons, other))


@pytest.mark.parametrize("betas", [linear_betas(1000), cosine_betas(2)])
def test_a_weak_model_may_have_its_own_copy_of_the_path(moons, betas):
    weak, strong = (Oracle(moons, DiscreteSchedule(betas)) for _ in range(2))
    assert Guided(strong, 2.0, weak=weak).weak is weak


def test_an_interval_without_an_end_is_guidance_everywhere(moons):
    oracle, y = Oracle(moons, LinearPath()), torch.arange(8) % 2
    everywhere, always = (
        sample(Guided(oracle, 2.0, interval=interval), X, 10, ddim, y) for interval in ((0.0, math.inf), None)
    )
    assert torch.equal(everywhere, always)


@pytest.mark.parametrize("interval", [(1.0, 1.0), (2.0, 1.0), (-0.1, 1.0), (0.0, math.nan)])
def test_an_interval_that_is_none_is_refused(moons, interval):
    with pytest.raises(ValueError, match="0 <= low < high"):
        Guided(Oracle(moons, LinearPath()), 2.0, interval=interval)


def test_guided_estimate_still_closes(moons):
    guided = Guided(Oracle(moons, LinearPath()), 5.0).estimate(X, T, Y)
    torch.testing.assert_close(LinearPath().coeffs(T, like=X).add_noise(*guided), X)


def test_guided_samples_fall_into_the_class_asked_for(moons):
    oracle, y = Oracle(moons, LinearPath()), torch.arange(400) % 2
    x = sample(Guided(oracle, 2.0), randn((400, 2), generator=seeded(0)).double(), 20, ddim, y)
    own, other = moons.log_prob(x, y=y), moons.log_prob(x, y=1 - y)
    assert (own > other).double().mean() > 0.99


def test_labels_are_dropped_for_each_sample_and_not_for_the_batch():
    y = torch.zeros(10_000, dtype=torch.long)
    dropped = drop_labels(y, 0.1, generator=seeded(0)) == -1
    assert abs(dropped.double().mean() - 0.1) < 4 * 0.3 / 100  # four standard errors of a share
    assert drop_labels(y, 0.0).max() == 0 and drop_labels(y, 1.0).max() == -1
    assert y.min() == 0  # the labels given are left as they were


def test_loss_drops_labels_where_the_model_says_so():
    seen = []

    class Net(torch.nn.Module):
        def forward(self, x, t, y=None):
            seen.append(y)
            return torch.zeros_like(x, requires_grad=True)

    DDPM(Net(), label_drop=0.5).loss(X.repeat(50, 1), Y.repeat(50), generator=seeded(0))
    DDPM(Net()).loss(X, Y)
    assert 0.3 < (seen[0] == -1).double().mean() < 0.7 and (seen[1] == Y).all()


def test_a_net_without_labels_given_answers_unconditionally():
    net = MLPDenoiser(classes=2, t_scale=1000).double()
    both = net(X, T, torch.full((8,), -1)), net(X, T)
    assert torch.equal(*both)
    assert not torch.equal(both[0], net(X, T, Y))


def test_one_time_for_the_whole_batch_stays_one_time(moons):
    """A model may then work it out once; different times are given to both halves."""
    x, y = randn((4, 2), generator=seeded(0)), torch.tensor([0, 1, 0, 1])
    spy, each = Spy(moons, LinearPath()), torch.tensor([0.1, 0.2, 0.3, 0.4])
    for t in (0.5, each):
        Guided(spy, 2.0).estimate(x, t, y)
    assert spy.asked[0] == 0.5 and torch.equal(spy.asked[1], each.repeat(2))
