"""Inputs cannot lie: what used to be broadcast, truncated, left unseeded or returned as NaN in silence is refused, or right.

Each case is a call as somebody typed it, the error, and words that say what to do instead. `test_fuzz` draws calls at random.
"""

import math
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from lib import (
    DDPM,
    EMA,
    Autoencoder,
    Clipped,
    Coeffs,
    DiscreteSchedule,
    DiT,
    EmpiricalOracle,
    Ensemble,
    Estimate,
    FlowMatching,
    GaussianMixture,
    Guided,
    LinearPath,
    MLPDenoiser,
    Oracle,
    SinusoidalTimeEmbedding,
    Standardizer,
    VPPath,
    ancestral,
    batches,
    beside,
    ddim,
    digits,
    drop_labels,
    energy_distance,
    euler,
    fit,
    heun,
    linear_betas,
    make_target,
    noise_floor,
    patchify,
    randn,
    sample,
    seeded,
    sliced_wasserstein,
    solve,
    split,
    spread,
    two_moons,
    unpatchify,
    walk,
    zero_terminal_snr,
)
from lib.kernels import all_finite
from lib.training import minimise, stratified_uniform
from tests.conftest import HALF_WAY, MOONS, PATH, B, X, Y


class Net(torch.nn.Module):
    """Answers what `answer` says, and counts how often it is asked."""

    calls = 0

    def __init__(self, answer=lambda x_t: 0.3 * x_t):
        super().__init__()
        self.answer = answer

    def forward(self, x_t, t, y=None):
        Net.calls += 1
        return self.answer(x_t)


def flow(**options):
    return FlowMatching(MLPDenoiser(width=8, t_scale=1000, **options))


def narrow():
    """A net that answers (B, 1) for (B, 2)."""
    return FlowMatching(Net(lambda x_t: x_t[:, :1]))


def slow():
    """A net whose embedding has another longest period."""
    net = MLPDenoiser()
    net.time = SinusoidalTimeEmbedding(64, max_period=100)
    return net


def bent():
    """A net with another activation."""
    net = MLPDenoiser(depth=1)
    net.layers[1] = torch.nn.ReLU()
    return net


def train(model, **options):
    return list(fit(model, batches(X, size=2, generator=seeded(0)), 2, **options))


def draw(n, g):
    return two_moons(n, generator=g)[0]


# ---- refused before the net is asked ---------------------------------------------------------------------------------

CASES = {
    # whole numbers and other kinds where floats are wanted
    "bytes in a loss": (lambda: flow().loss((X * 100).to(torch.uint8)), TypeError, r"floats in \[-1, 1\]"),
    "int64 in a loss": (lambda: flow().loss(X.long()), TypeError, r"floats in \[-1, 1\]"),
    "an integer start": (lambda: sample(FlowMatching(Net()), X.long(), 4), TypeError, "must hold floats"),
    "integers to the mixture": (lambda: Oracle(MOONS, PATH).estimate(X.long(), 0.5), TypeError, "must hold floats"),
    "integers to log_prob": (lambda: MOONS.log_prob(X.long()), TypeError, "must hold floats"),
    "bytes to the standardizer": (lambda: Standardizer(0.5, 2.0)(X.byte()), TypeError, "must hold floats"),
    "noise like integers": (lambda: randn((2,), like=torch.zeros(2).long()), TypeError, "must hold floats"),
    "numpy in a loss": (lambda: flow().loss(X.numpy()), TypeError, "must be a tensor, got ndarray"),
    "numpy to a metric": (lambda: sliced_wasserstein(X.numpy(), X), TypeError, "torch.as_tensor"),
    "numpy to batches": (lambda: batches(X.numpy(), size=2), TypeError, "torch.as_tensor"),
    "numpy to split": (lambda: split(X.numpy(), Y.numpy(), 1), TypeError, "torch.as_tensor"),
    "a list to a net": (lambda: MLPDenoiser()([[0.0, 0.0]], 3), TypeError, "must be a tensor, got list"),
    # shapes that would broadcast
    "noise of one row": (lambda: flow().loss(X, eps=X[:1]), ValueError, r"\(4, 2\), got \(1, 2\)"),
    "noise of one column": (lambda: HALF_WAY.add_noise(X, X[:, :1]), ValueError, r"\(4, 2\), got \(4, 1\)"),
    "a target of one column": (lambda: make_target("u", X, X[:, :1], HALF_WAY), ValueError, r"got \(4, 1\)"),
    "an answer of one column": (lambda: solve("u", X[:, :1], X, HALF_WAY), ValueError, r"got \(4, 1\)"),
    "coefficients without like": (
        lambda: PATH.coeffs(torch.rand(2)).add_noise(X, X),
        ValueError,
        r"coeffs\(t, like=x\)",
    ),
    "halves of two shapes": (lambda: Estimate(X, X[:1]).velocity(HALF_WAY), ValueError, r"got \(1, 2\)"),
    "a posterior of two shapes": (lambda: DDPM(None).posterior(X, X[:1], 3), ValueError, r"\(1, 2\), got \(4, 2\)"),
    "standardised by another shape": (
        lambda: Standardizer(torch.zeros(2), torch.ones(2))(X[:, :1]),
        ValueError,
        r"shape \(2,\), got \(1,\)",
    ),
    "a start of another shape": (lambda: flow().sample((3, 2), 4, start=X), ValueError, r"that of start, \(4, 2\)"),
    "samples that the net does not make": (lambda: flow().sample((3, 5), 4), ValueError, r"samples of shape \(2,\)"),
    "points of another dimension": (lambda: flow().loss(X[:, :1]), ValueError, r"shape \(2,\), got \(1,\)"),
    "points to an empirical oracle": (
        lambda: EmpiricalOracle(X, PATH).estimate(X[:, :1], 0.5),
        ValueError,
        "shape of the points",
    ),
    "images that are not square": (lambda: patchify(torch.zeros(1, 1, 4, 16), 2), ValueError, "must be square"),
    "tokens of no square": (lambda: unpatchify(torch.zeros(1, 8, 4), 2, 1), ValueError, "square number"),
    "tokens of another width": (lambda: unpatchify(torch.zeros(1, 4, 8), 2, 1), ValueError, r"\(B, N, 4\)"),
    "a transformer of another shape": (lambda: DiT((8, 16)), TypeError, "side of square images"),
    "labels for half of the data": (lambda: split(X, Y[:2], 1), ValueError, "one label"),
    "streams of two lengths side by side": (
        lambda: list(beside([(X, None)] * 2, [(X, None)])),
        ValueError,
        "ended before the others",
    ),
    "parts of two sizes side by side": (lambda: next(beside([(X, None)], [(X[:2], None)])), ValueError, "one shape"),
    # generators
    "generator=0 for data": (lambda: two_moons(5, generator=0), TypeError, r"seeded\(0\)"),
    "generator=0 for a sample": (lambda: FlowMatching(Net()).sample((4, 2), 3, generator=0), TypeError, r"seeded\(0\)"),
    "generator=0 for a walk": (lambda: list(walk(flow(), X, PATH.grid(2), euler, generator=0)), TypeError, "seeded"),
    "generator=0 for a loss": (lambda: FlowMatching(Net()).loss(X, generator=0), TypeError, r"seeded\(0\)"),
    "generator=0 for noise": (lambda: randn((2,), generator=0), TypeError, r"seeded\(0\)"),
    "generator=0 for batches": (lambda: batches(X, size=2, generator=0), TypeError, r"seeded\(0\)"),
    "generator=0 for a training": (lambda: fit(flow(), batches(X, size=2), 3, generator=0), TypeError, r"seeded\(0\)"),
    "generator=0 for times": (lambda: stratified_uniform(3, generator=0), TypeError, r"seeded\(0\)"),
    "generator=1 for a transformer": (lambda: DiT(4, generator=1), TypeError, "seeded"),
    "a seed that is no number": (lambda: seeded("0"), TypeError, "whole number"),
    # labels
    "a number for labels": (lambda: flow(classes=2).loss(X, 1), TypeError, r"tensor of integers of shape \(4,\)"),
    "a list for labels": (lambda: flow(classes=2).loss(X, [0, 1, 0, 1]), TypeError, "tensor of integers"),
    "labels for a net side by side": (lambda: LABELLED.estimate(X, 0.5, 1), TypeError, "tensor of integers"),
    "a number to guide": (lambda: Guided(FlowMatching(Net()), 2.0).estimate(X, 0.5, 1), TypeError, "tensor of integers"),
    "a number in a walk": (lambda: sample(FlowMatching(Net()), X, 3, y=1), TypeError, "must be a tensor"),
    "too few labels in a walk": (lambda: sample(FlowMatching(Net()), X, 3, y=Y[:2]), ValueError, "one a sample, 4, got 2"),
    "true and false for labels": (lambda: drop_labels(Y.bool(), 0.5), ValueError, "must be integers"),
    "a class without points": (
        lambda: EmpiricalOracle(X, PATH, 2 * Y).estimate(X, 0.5, Y),
        ValueError,
        "Class 1 has no point",
    ),
    "a class below 0": (lambda: GaussianMixture([1.0], [[0.0]], [[1.0]], [-1]), ValueError, "numbered from 0"),
    "a dropped share above 1": (lambda: FlowMatching(Net(), label_drop=2), ValueError, r"\[0, 1\]"),
    # times
    "a list of times": (lambda: flow().loss(X, t=[0.1, 0.2, 0.3, 0.4]), TypeError, "number or a tensor"),
    "text for a time": (lambda: flow().estimate(X, "0.5"), TypeError, "number or a tensor"),
    "three times for four samples": (lambda: flow().estimate(X, torch.rand(3)), ValueError, r"here \(4,\)"),
    "times in a column of two": (lambda: flow().estimate(X, torch.rand(2, 2)), ValueError, r"here \(4,\)"),
    "three times to a net": (lambda: MLPDenoiser()(X, torch.rand(3)), ValueError, "one for each of the 4"),
    "three times to a transformer": (lambda: DiT(4)(torch.zeros(2, 1, 4, 4), torch.rand(3)), ValueError, "each of the 2"),
    "no times": (lambda: flow().estimate(X, torch.zeros(0)), ValueError, "one number"),
    "a posterior of clean data": (lambda: DDPM(None).posterior(X, X, -1), ValueError, "a step to take back"),
    "a posterior at a fraction": (lambda: DDPM(None).posterior(X, X, 0.5), TypeError, "counts steps"),
    "a target that is infinite": (lambda: make_target("u", X, X, VPPath().coeffs(1.0)), ValueError, "infinite"),
    # models, paths, rules, nets
    "a net for a model": (lambda: sample(MLPDenoiser(), X, 3), TypeError, r"FlowMatching\(net\)"),
    "the class of a path": (lambda: FlowMatching(Net(), LinearPath), TypeError, r"LinearPath\(\)"),
    "a path by name": (lambda: FlowMatching(Net(), "linear"), TypeError, "must be an object such as"),
    "a rule by name": (lambda: sample(FlowMatching(Net()), X, 3, "euler"), TypeError, "a function of a Step"),
    "no net": (lambda: FlowMatching(None).estimate(X, 0.5), ValueError, "without a net"),
    "points for an oracle": (lambda: Oracle(X, PATH), TypeError, "EmpiricalOracle takes the points"),
    "coefficients by hand": (lambda: solve("eps", X, X, (1.0, 0.0)), TypeError, r"path.coeffs\(t\)"),
    "a scale that is no number": (lambda: Guided(FlowMatching(Net()), "3"), TypeError, "scale must be a number"),
    "half an interval": (lambda: Guided(FlowMatching(Net()), 2.0, (0.1,)), ValueError, "must be"),
    "a grid from data to noise": (
        lambda: list(walk(FlowMatching(Net()), X, PATH.grid(4).flip(0), euler)),
        ValueError,
        "inversion: chapter 05",
    ),
    "a grid that is a list": (lambda: list(walk(flow(), X, [0.0, 1.0], euler)), TypeError, "grid must be a tensor"),
    "half a call": (lambda: flow().sample((4, 2), 2.5), TypeError, "whole number"),
    "no samples": (lambda: FlowMatching(Net()).sample((0, 2), 3), ValueError, "B >= 1"),
    "no samples of the moons": (lambda: two_moons(0), ValueError, "at least 1"),
    "no data": (lambda: flow().loss(X[:0]), ValueError, "B >= 1"),
    "a grid of bytes from data to noise": (
        lambda: list(walk(DDPM(Net()), X, torch.tensor([100, 200], dtype=torch.uint8), ddim)),
        ValueError,
        "towards the data",
    ),
    "a complex grid": (lambda: list(walk(flow(), X, torch.tensor([0, 1j]), euler)), TypeError, "real numbers"),
    "data where it says nothing of the noise": (
        lambda: FlowMatching(Net(), target="x0").sample((4, 2), 4, heun),
        ValueError,
        'Use "v"',
    ),
    "noise where it says nothing of the data": (
        lambda: sample(Clipped(Guided(FlowMatching(Net(), target="eps"), 2.0)), X, 4, y=Y),
        ValueError,
        'Use "v"',
    ),
    "an eta of 2": (lambda: sample(DDPM(Net()), X, 3, partial(ddim, eta=2)), ValueError, "eta must lie in"),
    "an eta that is text": (lambda: sample(DDPM(Net()), X, 3, partial(ddim, eta="1")), TypeError, "eta must be a number"),
    "an option of no rule": (lambda: sample(DDPM(Net()), X, 3, partial(ddim, foo=1)), TypeError, "foo"),
    "an unknown variance": (
        lambda: sample(DDPM(Net()), X, 3, partial(ancestral, variance="x")),
        ValueError,
        "variance must be",
    ),
    "the class of a mixture": (lambda: Oracle(GaussianMixture, PATH), TypeError, "got the class GaussianMixture"),
    "tensors for a range": (
        lambda: Clipped(flow(), torch.tensor(-1.0), torch.tensor(1.0)),
        TypeError,
        "low must be a number, got Tensor",
    ),
    "another net by number": (lambda: flow().with_net(5), TypeError, "must be a function or a module"),
    "means of rows": (lambda: Standardizer(X.mean(1, keepdim=True), 1.0)(X), ValueError, r"shape \(4, 1\)"),
    "labels of another part": (
        lambda: next(beside([(X[:3], Y)], [(X[:3], Y[:2])])),
        ValueError,
        "3 samples but 4 labels",
    ),
    "attention to one token": (
        lambda: DiT(4, attention=lambda q, k, v: v.mean(2, keepdim=True))(torch.zeros(2, 1, 4, 4), 0.5),
        ValueError,
        "answer of the attention",
    ),
    "nets of two periods side by side": (lambda: Ensemble([MLPDenoiser(), slow()]), ValueError, "max_period"),
    "nets of two precisions side by side": (
        lambda: Ensemble([MLPDenoiser(), MLPDenoiser().double()]),
        ValueError,
        "precision",
    ),
    "nets with another activation side by side": (lambda: Ensemble([bent(), bent()]), ValueError, "with SiLU"),
    "a class beyond the components": (
        lambda: GaussianMixture([0.5, 0.5], torch.zeros(2, 1), torch.ones(2, 1), [0, 10**9]),
        ValueError,
        "Class 1 has no component",
    ),
    "coefficients for the columns": (lambda: Coeffs(1.0, torch.rand(B)).add_noise(X[:, :1].expand(B, B), torch.zeros(B, B)),
        ValueError, "do not belong"),
    "one coefficient with too many axes": (
        lambda: Coeffs(torch.rand(B, 1), torch.rand(B, 1, 1, 1)).add_noise(X, X),
        ValueError,
        "do not belong",
    ),
    # metrics
    "no projections": (lambda: sliced_wasserstein(X, X, projections=0), ValueError, "at least 1"),
    "no repeats": (lambda: noise_floor(energy_distance, draw, 5, repeats=0), ValueError, "at least 1"),
    "no values": (lambda: spread([]), ValueError, "no mean"),
    "a row of numbers": (lambda: energy_distance(X[:, 0], X[:, 0]), ValueError, r"\(N, \.\.\.\)"),
    "samples near infinity": (lambda: energy_distance(X.double() * 1e200, X.double()), ValueError, "beyond 1e100"),
    # training
    "fit of a net": (lambda: fit(MLPDenoiser(), batches(X, size=2), 3), TypeError, r"FlowMatching\(net\)"),
    "fit on a tensor": (lambda: fit(flow(), X, 3), TypeError, r"batches\(x, size=256\)"),
    "fit on points without labels": (
        lambda: list(fit(flow(), DataLoader(TensorDataset(X), 2), 1)),
        TypeError,
        r"a pair \(x, y\)",
    ),
    "fit on bare tensors": (lambda: list(fit(flow(), DataLoader(X, 2), 1)), TypeError, r"a pair \(x, y\)"),
    "fit of frozen weights": (
        lambda: fit(flow().requires_grad_(False), batches(X, size=2), 3),
        ValueError,
        r"requires_grad_\(True\)",
    ),
    "fit without weights": (lambda: fit(FlowMatching(Net()), batches(X, size=2), 3), ValueError, "no weights"),
    "half a step": (lambda: fit(flow(), batches(X, size=2), 1.5), TypeError, "whole number"),
    "a rate of nan": (lambda: fit(flow(), batches(X, size=2), 3, lr=math.nan), ValueError, "finite"),
    "a net for an average": (lambda: fit(flow(), batches(X, size=2), 3, ema=flow().net), TypeError, "EMA"),
    "an average without weights": (lambda: EMA(Net()), ValueError, "no weights"),
    "an average of a model's name": (lambda: EMA("net"), TypeError, "torch.nn.Module"),
    "a loss on a tensor": (lambda: minimise(flow().loss, flow().parameters(), X, 3), TypeError, "Batches"),
    "images to the standardizer": (lambda: Standardizer.fit(digits()[0]), ValueError, r"Standardizer\(x.mean\(\)"),
    "an average of another net": (
        lambda: fit(flow(), batches(X, size=2), 3, ema=EMA(flow().net)),
        ValueError,
        "follows another net",
    ),
    "a training without derivatives": (lambda: torch.no_grad()(train)(flow()), ValueError, r"torch\.no_grad\(\)"),
    "a training in inference mode": (lambda: torch.inference_mode()(train)(flow()), ValueError, "inference_mode"),
    "fit of an autoencoder": (lambda: fit(Autoencoder(), batches(X, size=2), 3), TypeError, "Use minimise"),
    "a schedule that returns nothing": (lambda: train(flow(), schedule=lambda i, n: None), TypeError, "schedule returns"),
    "a schedule below 0": (lambda: train(flow(), schedule=lambda i, n: -1.0), ValueError, "schedule returns"),
    "a loss of several numbers": (
        lambda: list(minimise(lambda x, y: (x - flow().net(x, 0.5)).square(), flow().parameters(), batches(X, size=2), 1)),
        TypeError,
        "Take the mean",
    ),
    "times in thousands": (
        lambda: train(DDPM(MLPDenoiser(width=8)), times=lambda n, **_: torch.randint(2, 1000, (n,)).float()),
        ValueError,
        "share of the clock",
    ),
    "times of nan": (
        lambda: DiscreteSchedule(linear_betas(50)).times(torch.tensor([0.5, torch.nan])),
        ValueError,
        "share of the clock",
    ),
    # schedules
    "alpha_bars for betas": (lambda: DDPM(Net(), ALPHA_BARS), ValueError, "Were alpha_bars or alphas passed"),
    "their roots for betas": (lambda: DDPM(Net(), ALPHA_BARS.sqrt()), ValueError, "Were alpha_bars or alphas passed"),
    "alphas for betas": (lambda: DDPM(Net(), 1 - linear_betas(1000)), ValueError, "Were alpha_bars or alphas passed"),
    # no tolerance: a beta that float64 cannot take from 1
    "betas that are nearly 0": (lambda: DDPM(Net(), torch.full((10,), 2.0**-57)), ValueError, "adds no noise"),
    "true for a time": (lambda: DiscreteSchedule(linear_betas(50)).coeffs(True), TypeError, "got True"),
    "betas above 1 to a zero SNR": (lambda: zero_terminal_snr(torch.tensor([0.5, 1.5])), ValueError, r"\(0, 1\)"),
    "a beta of nan": (lambda: linear_betas(100, math.nan), ValueError, r"\[0, 1\]"),
    "half a T": (lambda: linear_betas(99.5), TypeError, "whole number"),
    "a mask for a time": (lambda: DiscreteSchedule(linear_betas(50)).coeffs(Y.bool()), TypeError, "torch.bool"),
}  # fmt: skip
LABELLED = flow(classes=2)
ALPHA_BARS = DiscreteSchedule(linear_betas(1000)).alpha_bars


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_before_a_net_is_asked(name):
    call, error, words = CASES[name]
    Net.calls = 0
    with pytest.raises(error, match=words):
        call()
    assert Net.calls == 0


# ---- refused as soon as the answer is there --------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [lambda m: m.loss(X), lambda m: m.estimate(X, 0.5), lambda m: m.sample((B, 2), 3)])
def test_a_net_that_answers_another_shape_is_named(ask):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch would warn of the broadcast, in a loss
        with pytest.raises(ValueError, match=r"answer of the net must have the shape of x.*\(4, 2\), got \(4, 1\)"):
            ask(narrow())


def test_a_model_or_a_rule_of_another_shape_is_named():
    class Narrow(Oracle):
        def estimate(self, x_t, t, y=None):
            return Estimate(x_t[:, :1], x_t[:, :1])

    with pytest.raises(ValueError, match=r"An estimate must have the shape of x, \(4, 2\), got \(4, 1\)"):
        sample(Narrow(MOONS, PATH), X, 3)
    with pytest.raises(ValueError, match=r"What a rule returns must have the shape of x, \(4, 2\), got \(1, 2\)"):
        sample(Oracle(MOONS, PATH), X, 3, lambda step: step.x[:1])
    with pytest.raises(ValueError, match="What a rule returns"):
        sample(Oracle(MOONS, PATH), X, 3, lambda step: None)


def test_the_last_step_is_looked_at_again():
    def late(x, s):
        return x if s < 1 else x[:, :1]

    class Late(Oracle):
        def estimate(self, x_t, t, y=None):
            return Estimate(*(late(part, t + 0.25) for part in super().estimate(x_t, t, y)))

    with pytest.raises(ValueError, match=r"What a rule returns must have the shape of x, \(4, 2\), got \(4, 1\)"):
        sample(Oracle(MOONS, PATH), X, 20, lambda step: late(step.x, step.s))
    with pytest.raises(ValueError, match="An estimate must have the shape of x"):
        sample(Late(MOONS, PATH), X, 4, euler)


@pytest.mark.parametrize("answer", [None, (X, X)])
@pytest.mark.parametrize("around", [lambda m: m, lambda m: Clipped(m), lambda m: Guided(m, 2.0)])
def test_a_model_that_answers_no_estimate_is_named(answer, around):
    class Other(Oracle):
        def estimate(self, x_t, t, y=None):
            return answer

    with pytest.raises(TypeError, match=r"must answer an Estimate\(x0, eps\), got (None|tuple)"):
        sample(around(Other(MOONS, PATH)), X, 3, euler, Y)


def test_a_net_that_writes_into_the_state_is_refused():
    model = FlowMatching(torch.nn.Module())
    model.net.forward = lambda x_t, t, y=None: x_t.relu_()
    with pytest.raises(ValueError, match="inplace=False"):
        model.sample((B, 2), 3, start=X.clone())


def test_advice_fits_what_was_given():
    with pytest.raises(TypeError, match=r"torch\.full\(\(4,\), 1\)"):
        sample(FlowMatching(Net()), X, 3, y=1)
    with pytest.raises(TypeError, match="got Generator of numpy"):
        randn((2,), generator=np.random.default_rng(0))
    for answer in (lambda x_t: (x_t, x_t), lambda x_t: x_t.long()):
        with pytest.raises(TypeError, match=r"answer of the net must .*got [\w.]+\.$"):
            FlowMatching(Net(answer)).loss(X)
    with pytest.raises(TypeError, match=r"must hold floats, got torch\.complex64\.$"):
        flow().loss(X.cfloat())


# ---- numbers that are not finite -------------------------------------------------------------------------------------


def test_samples_that_are_not_finite_are_not_returned_and_the_time_is_told():
    def late(x_t):
        return x_t * (torch.nan if Net.calls > 6 else 0.1)

    Net.calls = 0
    with pytest.raises(FloatingPointError, match=r"came in by t = 0\.7\. Look for NaN in the net's weights"):
        FlowMatching(Net(late)).sample((B, 2), 10)
    with pytest.raises(FloatingPointError, match="in the last steps"):
        sample(Oracle(MOONS, PATH), X, 30, lambda step: step.x / (step.s < 0.99))
    seen = [state.x for state in walk(FlowMatching(Net()), X, PATH.grid(5), euler)]
    assert len(seen) == 6 and all(x.isfinite().all() for x in seen)


@pytest.mark.parametrize("steps", [60, 130])
def test_a_training_that_ends_in_nan_says_so(steps):
    model = flow()
    with pytest.raises(FloatingPointError, match=r"Lower lr"):
        list(fit(model, batches(randn((64, 2), generator=seeded(1)), size=32, generator=seeded(2)), steps, lr=1e6))


def test_weights_that_the_last_step_spoils_are_not_returned():
    model, steps = flow(), 7

    def loss(x, y):
        value = model.loss(x, y)
        spoil = 0 * (0 * model.net.layers[0].weight.sum()).sqrt()  # finite, with a gradient of NaN
        loss.made += 1
        return value + spoil if loss.made == steps else value

    loss.made = 0
    run = minimise(loss, model.parameters(), batches(X, size=2), steps)
    with pytest.raises(FloatingPointError, match="weights are not finite after step 7"):
        list(run)
    assert loss.made == steps


def test_an_average_that_is_not_finite_is_not_returned():
    model = flow()
    ema = EMA(model.net)
    torch.nn.init.constant_(next(ema.net.parameters()), torch.nan)
    with pytest.raises(FloatingPointError, match="their average is not"):
        train(model, ema=ema)


def test_numbers_that_are_all_finite_are_told_from_others():
    for x in (X, X * 1e38, torch.zeros(0), Y, X.half() * 6e4, torch.full((1000,), 3e38)):
        assert all_finite(x) is bool(x.isfinite().all())
    for bad in (math.nan, math.inf, -math.inf):
        x = X.clone()
        x[2, 1] = bad
        assert not all_finite(x) and not all_finite(torch.cat([x, -x]))
