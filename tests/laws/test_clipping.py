"""Clipping: x0 in its range, the noise computed anew, after guidance and never before it."""

import math
from functools import partial

import pytest
import torch

from lib import (
    DDPM,
    Clipped,
    CosinePath,
    DiscreteSchedule,
    Estimate,
    FlowMatching,
    Guided,
    LinearPath,
    MLPDenoiser,
    Oracle,
    ancestral,
    cosine_betas,
    ddim,
    dpmpp_2m,
    euler,
    heun,
    linear_betas,
    randn,
    sample,
    seeded,
    solve,
    walk,
)
from lib.samplers import calls_a_step, facts, rules
from tests.conftest import DISCRETE

LOW, HIGH = -0.5, 0.75  # the moons' x0 lies within 2.2 of the middle: many are outside, many inside
X = 2 * randn((40, 2), generator=seeded(0)).double()
Y = torch.arange(40) % 2
FORMS = pytest.mark.parametrize("quantile", [None, 0.5, 1.0])


class Says:
    """A model on `path` whose x0 is given; its eps follows from x_t, where there is noise."""

    def __init__(self, x0, path=LinearPath(), eps=None):
        self.x0, self.path, self.eps = x0, path, eps

    def estimate(self, x_t, t, y=None):
        c = self.path.coeffs(t, like=x_t)
        return Estimate(self.x0, (x_t - c.alpha * self.x0) / c.sigma if self.eps is None else self.eps)


def times(path, n):
    """n times (n,), both ends of the path among them."""
    t = path.times(torch.linspace(0, 1, n - 2, dtype=torch.float64))
    return torch.cat([t, torch.tensor([path.t_noise, path.t_data]).to(t)])


# --- one estimate ------------------------------------------------------------------------------------------------------------


@FORMS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_clipped_estimate_closes_at_every_time_and_lies_in_the_range(path, moons, quantile, dtype):
    x_t, t = X.to(dtype), times(path, len(X))
    plain = Oracle(moons, path)
    x0, eps = Clipped(plain, LOW, HIGH, quantile=quantile).estimate(x_t, t)
    c = path.coeffs(t, like=x_t)
    assert x0.dtype == eps.dtype == dtype and x0.isfinite().all() and eps.isfinite().all()
    # One division by sigma and one product with it, and the oracle's own sum of 200 terms; seen: 1.2e-14, 8e-6 in float32.
    torch.testing.assert_close(c.add_noise(x0, eps), x_t, rtol=0, atol=200 * torch.finfo(dtype).eps)
    noisy = (c.sigma > 0).expand_as(x0)
    assert (x0[noisy] >= LOW).all() and (x0[noisy] <= HIGH).all()
    was = plain.estimate(x_t, t).x0
    assert 0.1 < ((was < LOW) | (was > HIGH)).double().mean() < 0.9


def test_the_stale_noise_does_not_close(moons):
    """What the wrapper is for: the same clipped x0 beside the old eps is an estimate of another x_t."""
    path = LinearPath()
    c, old = path.coeffs(0.5), Oracle(moons, path).estimate(X, 0.5)
    new = Clipped(Oracle(moons, path), LOW, HIGH).estimate(X, 0.5)
    assert (c.add_noise(new.x0, old.eps) - X).abs().max() > 0.5


@FORMS
def test_where_nothing_lies_outside_nothing_changes_to_the_bit(path, moons, quantile):
    t = times(path, len(X))
    x_t = X.float()
    plain, clipped = (
        m.estimate(x_t, t) for m in (Oracle(moons, path), Clipped(Oracle(moons, path), -9, 12, quantile=quantile))
    )
    outside = plain.x0.abs().amax(-1) > 9  # the oracle's x_t / alpha, where sigma is 0, is not
    assert not outside.any()
    assert torch.equal(plain.x0, clipped.x0) and torch.equal(plain.eps, clipped.eps)


def test_what_lies_inside_passes_to_the_bit_beside_what_does_not(moons):
    oracle = Oracle(moons, CosinePath())
    plain, clipped = oracle.estimate(X, 0.4), Clipped(oracle, LOW, HIGH).estimate(X, 0.4)
    inside = (plain.x0 >= LOW) & (plain.x0 <= HIGH)
    assert 0.1 < inside.double().mean() < 0.9
    for one, other in zip(plain, clipped):
        assert torch.equal(one[inside], other[inside]) and (one != other)[~inside].all()


def test_at_clean_data_there_is_nothing_to_clip():
    """x_t is the data there; with x0 clipped, no eps could make up for it."""
    far = torch.full((3, 2), 5.0)
    for path, t in ((LinearPath(), 1.0), (DiscreteSchedule(linear_betas(1000)), -1)):
        x0, eps = Clipped(Says(far, path, eps=torch.ones(3, 2))).estimate(far, t)
        assert torch.equal(x0, far) and torch.equal(eps, torch.ones(3, 2))


@pytest.mark.parametrize("sigma", [1e-2, 1e-5, 2.0**-23])
def test_next_to_clean_data_the_noise_is_large_and_right(sigma):
    """float32 on the straight path: eps grows as 1 / sigma, and still closes."""
    x_t, path = torch.tensor([[1.5, -3.0]]), LinearPath()
    x0, eps = Clipped(Says(x_t, path)).estimate(x_t, 1 - sigma)
    assert torch.equal(x0, torch.tensor([[1.0, -1.0]])) and eps.isfinite().all()
    torch.testing.assert_close(
        path.coeffs(1 - sigma).add_noise(x0, eps), x_t, rtol=0, atol=1e-6
    )  # an ulp of 3; seen: 0
    # The velocity leads straight to x0, which is reached in the last step.
    velocity = Estimate(x0, eps).velocity(path.coeffs(1 - sigma))
    torch.testing.assert_close(x_t + sigma * velocity, x0, rtol=0, atol=2e-6)


def test_at_pure_noise_all_is_noise():
    x_t = torch.tensor([[1.5, -3.0]])
    for far in (7.0, 1e30, math.inf):
        x0, eps = Clipped(Says(torch.full((1, 2), far), eps=x_t)).estimate(x_t, 0.0)
        assert torch.equal(x0, torch.ones(1, 2)) and torch.equal(eps, x_t)


@FORMS
def test_what_is_no_number_stays_seen(quantile):
    x0 = torch.tensor([[math.nan, 3.0], [0.5, 3.0]])
    found = Clipped(Says(x0), quantile=quantile).estimate(torch.zeros(2, 2), 0.5)
    assert found.x0[0, 0].isnan() and found.eps[0, 0].isnan() and found.x0[1].isfinite().all()


def test_the_models_own_answer_is_left_as_it_was():
    x0, eps = torch.full((3, 2), 5.0), torch.ones(3, 2)
    Clipped(Says(x0, eps=eps), quantile=0.9).estimate(torch.zeros(3, 2), 0.5)
    assert (x0 == 5).all() and (eps == 1).all()


# --- the quantile ------------------------------------------------------------------------------------------------------------

IMAGES = 2 * randn((6, 3, 5, 4), generator=seeded(1)).double()


@pytest.mark.parametrize("quantile", [0.2, 0.9, 0.995, 1.0])
def test_the_quantile_is_imagens(quantile):
    """Their text on [-1, 1], a sample at a time: s is a percentile of |x0|, at least 1; threshold to [-s, s], divide by s."""
    found = Clipped(Says(IMAGES), quantile=quantile).estimate(IMAGES, 0.5).x0
    for image, by_wrapper in zip(IMAGES, found):
        sizes = image.abs().flatten().sort().values
        at = quantile * (len(sizes) - 1)
        low, high = sizes[math.floor(at)], sizes[math.ceil(at)]
        s = max(1.0, (low + (at - math.floor(at)) * (high - low)).item())
        torch.testing.assert_close(by_wrapper, image.clamp(-s, s) / s)


def test_the_quantile_moves_with_the_range():
    plain = Clipped(Says(IMAGES), quantile=0.9).estimate(IMAGES, 0.5).x0
    moved = Clipped(Says(3 + 2 * IMAGES), 1.0, 5.0, quantile=0.9).estimate(IMAGES, 0.5).x0
    torch.testing.assert_close(moved, 3 + 2 * plain)


def test_a_sample_does_not_depend_on_its_neighbours():
    all_of_them = Clipped(Says(IMAGES), quantile=0.9).estimate(IMAGES, 0.5).x0
    alone = Clipped(Says(IMAGES[2:3]), quantile=0.9).estimate(IMAGES[2:3], 0.5).x0
    assert torch.equal(all_of_them[2:3], alone)


def test_the_quantile_keeps_differences_that_the_range_alone_cuts_off():
    x0 = torch.tensor([[2.0, 4.0, 0.0]])
    assert Clipped(Says(x0)).estimate(x0, 0.5).x0.tolist() == [[1.0, 1.0, 0.0]]
    assert Clipped(Says(x0), quantile=1).estimate(x0, 0.5).x0.tolist() == [[0.5, 1.0, 0.0]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_what_it_is(dtype):
    x = IMAGES.to(dtype)
    for t in (0.5, torch.full((6,), 0.5)):
        x0, eps = Clipped(Says(x), quantile=0.9).estimate(x, t)
        assert x0.dtype == eps.dtype == dtype and x0.abs().max() == 1


# --- with guidance -----------------------------------------------------------------------------------------------------------


def test_guided_first_and_clipped_then(moons):
    oracle, c = Oracle(moons, LinearPath()), LinearPath().coeffs(0.3)
    guided = Guided(oracle, 4.0)
    x0, eps = Clipped(guided, LOW, HIGH).estimate(X, 0.3, Y)
    expected = guided.estimate(X, 0.3, Y).x0.clamp(LOW, HIGH)
    torch.testing.assert_close(x0, expected)
    torch.testing.assert_close(eps, (X - c.alpha * expected) / c.sigma)
    other_way = torch.lerp(*(oracle.estimate(X, 0.3, y).x0.clamp(LOW, HIGH) for y in (None, Y)), 4.0)
    assert (other_way > HIGH).any() and (other_way - expected).abs().max() > 1


def test_clipped_first_and_guided_then_is_refused(moons):
    oracle = Oracle(moons, LinearPath())
    for wrong in (lambda: Guided(Clipped(oracle), 2.0), lambda: Guided(oracle, 2.0, weak=Clipped(oracle))):
        with pytest.raises(ValueError, match=r"Clipped\(Guided\(model, scale\)\)"):
            wrong()


# --- walks -------------------------------------------------------------------------------------------------------------------


class Asked(Oracle):
    """Counts its calls."""

    calls = 0

    def estimate(self, x_t, t, y=None):
        self.calls += 1
        return super().estimate(x_t, t, y)


@FORMS
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.__name__)
def test_every_rule_walks_for_the_same_calls_and_ends_in_the_range_where_it_ends_on_x0(path, moons, rule, quantile):
    if facts(rule).velocity and path in DISCRETE.values():
        with pytest.raises(ValueError, match="no time derivative"):
            sample(Clipped(Oracle(moons, path)), X, 4, rule)
        return
    grid = None
    if facts(rule).velocity == "end" and not math.isfinite(path.coeffs(path.t_data).d_sigma):
        grid = path.t_noise + 0.99 * (path.grid(6) - path.t_noise)  # heun and rk4 do not look at the end of this path
    model, calls = Asked(moons, path), 6 * calls_a_step(rule)
    x = sample(Clipped(model, LOW, HIGH, quantile=quantile), X, calls, rule, grid=grid, generator=seeded(0))
    assert model.calls == calls and x.isfinite().all()
    plain = sample(Oracle(moons, path), X, calls, rule, grid=grid, generator=seeded(0))
    assert plain.min() < LOW - 0.5 and plain.max() > HIGH + 0.5 and (x - plain).abs().max() > 0.5
    if facts(rule).velocity is None or (rule is euler and path == LinearPath()):
        assert (x >= LOW - 1e-12).all() and (x <= HIGH + 1e-12).all()  # euler gets there by a sum; seen: 1e-16


def test_ddim_equals_euler_on_the_straight_path_when_clipped(moons):
    model = Clipped(Oracle(moons, LinearPath()), LOW, HIGH)
    by_ddim, by_euler = sample(model, X, 20, ddim), sample(model, X, 20, euler)
    torch.testing.assert_close(by_ddim, by_euler, rtol=0, atol=1e-12)  # 20 steps; seen: 2e-15


def test_a_range_that_holds_the_data_is_right_in_the_limit(moons):
    """Clipping to a range that all estimates keep, and that the data keep, changes no sample."""
    oracle = Oracle(moons, LinearPath())
    for rule in (heun, dpmpp_2m, ddim):
        assert torch.equal(sample(oracle, X, 20, rule), sample(Clipped(oracle, -9, 9), X, 20, rule))


class WrongByAPart:
    """An eps-net's failing on cosine betas: eps off by 1 %, which x0 follows; off the data, where no net was trained, by all."""

    path = DiscreteSchedule(cosine_betas(1000))

    def __init__(self, moons):
        self.oracle = Oracle(moons, self.path)

    def estimate(self, x_t, t, y=None):
        eps = self.oracle.estimate(x_t, t).eps
        far = x_t.abs().amax(-1, keepdim=True) > 5
        eps = torch.where(far, x_t.sign(), eps) + 0.01 * torch.stack([x_t[:, 1].sin(), x_t[:, 0].cos()], -1)
        return solve("eps", eps, x_t, self.path.coeffs(t, like=x_t))


@pytest.mark.parametrize("rule", [ddim, ancestral, partial(ddim, eta=0.5), dpmpp_2m])
def test_clipping_keeps_a_noise_net_on_cosine_betas_where_the_data_are(moons, rule):
    model, start = WrongByAPart(moons), randn((200, 2), like=X, generator=seeded(2))
    plain, clipped = (sample(m, start, 50, rule, generator=seeded(3)) for m in (model, Clipped(model, -2.5, 2.5)))
    assert plain.square().mean().sqrt() > 5
    assert 0.8 < clipped.square().mean().sqrt() < 1.2
    for state in walk(Clipped(model, -2.5, 2.5), start, model.path.grid(50), rule, generator=seeded(3)):
        assert state.x.abs().max() < 6


# --- what it stands around ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "t_scale"), [(lambda net: DDPM(net, target="v"), 1), (FlowMatching, 1000)])
def test_it_stands_around_trained_models_and_their_averages(make, t_scale):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nets = [MLPDenoiser(classes=2, t_scale=t_scale) for _ in range(2)]
    model, x = make(nets[0]), X.float()
    ends = [sample(Clipped(m, LOW, HIGH), x, 3, ddim, Y) for m in (model, model.with_net(nets[1]), Guided(model, 2.0))]
    assert all((end >= LOW).all() and (end <= HIGH).all() for end in ends) and not torch.equal(*ends[:2])
    assert Clipped(model).path is model.path


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, -1.0), (0.5, 0.5), (math.nan, 1.0), (-1.0, math.nan), (-math.inf, 1.0), (0.0, math.inf)]
)
def test_a_range_that_is_none_is_refused(moons, low, high):
    with pytest.raises(ValueError, match="low < high"):
        Clipped(Oracle(moons, LinearPath()), low, high)


@pytest.mark.parametrize("quantile", [0.0, -0.5, 99.5, math.nan])
def test_a_quantile_that_is_none_is_refused(moons, quantile):
    with pytest.raises(ValueError, match=r"0\.995 for 99\.5 %"):
        Clipped(Oracle(moons, LinearPath()), quantile=quantile)
