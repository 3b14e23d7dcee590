"""Bad input is refused with the reason and the next thing to try, before anything is computed or changed."""

from functools import partial

import pytest
import torch

from lib import (
    DDPM,
    EMA,
    CosinePath,
    DiscreteSchedule,
    EmpiricalOracle,
    FlowMatching,
    GaussianMixture,
    Guided,
    LabelEmbedding,
    LinearPath,
    MLPDenoiser,
    Oracle,
    SinusoidalTimeEmbedding,
    Standardizer,
    VPPath,
    ancestral,
    batches,
    cosine_betas,
    ddim,
    dpmpp_2m,
    drop_labels,
    euler,
    fit,
    heun,
    leading_grid,
    linear_betas,
    randn,
    rk4,
    sample,
    seeded,
    sliced_wasserstein,
    walk,
    zero_terminal_snr,
)
from lib.samplers import facts, rules

X = randn((4, 2), generator=seeded(0))
NAN = torch.full((4, 2), float("nan"))


def ddpm(**kwargs):
    return DDPM(MLPDenoiser(width=8), **kwargs)


def flow(**kwargs):
    return FlowMatching(MLPDenoiser(width=8, t_scale=1000), **kwargs)


CASES = {
    # budgets
    "no calls": (lambda m: flow().sample((4, 2), 0), ValueError, "at least one network call"),
    "negative calls": (lambda m: ddpm().sample((4, 2), -3), ValueError, "at least one network call"),
    "odd calls for heun": (lambda m: flow().sample((4, 2), 5, heun), ValueError, "Try 4 or 6"),
    "too few calls for rk4": (lambda m: flow().sample((4, 2), 3, rk4), ValueError, "Try 4"),
    "more steps than T": (lambda m: ddpm(betas=linear_betas(50)).sample((4, 2), 51), ValueError, "1 to 50 steps"),
    "grid of another size": (
        lambda m: sample(ddpm(), X, 5, ddim, grid=leading_grid(1000, 4)),
        ValueError,
        "grid of 6 points",
    ),
    "grid of one point": (
        lambda m: list(walk(ddpm(), X, torch.tensor([999]), ddim)),
        ValueError,
        "at least two points",
    ),
    "grid towards the noise": (
        lambda m: list(walk(flow(), X, torch.tensor([1.0, 0.5]), euler)),
        ValueError,
        "towards the data",
    ),
    "empty continuous grid": (lambda m: LinearPath().grid(0), ValueError, "at least one step"),
    # clocks
    "float t for DDPM": (lambda m: ddpm().estimate(X, torch.full((4,), 0.5)), TypeError, "FlowMatching"),
    "float t in DDPM's loss": (lambda m: ddpm().loss(X, t=torch.full((4,), 0.5)), TypeError, "FlowMatching"),
    "integer t for FlowMatching": (lambda m: flow().estimate(X, torch.full((4,), 500)), TypeError, "DDPM"),
    "t above the clock": (lambda m: ddpm().loss(X, t=torch.full((4,), 1000)), ValueError, "-1 ... 999"),
    "t below the clock": (lambda m: ddpm().estimate(X, torch.full((4,), -2)), ValueError, "-1 ... 999"),
    "flow t above 1": (lambda m: flow().loss(X, t=torch.tensor([0.1, 0.2, 0.3, 1.1])), ValueError, r"\[0, 1\]"),
    "flow t is nan": (lambda m: flow().loss(X, t=torch.full((4,), float("nan"))), ValueError, r"\[0, 1\]"),
    # schedules
    "beta of 0": (lambda m: DiscreteSchedule(torch.tensor([0.0, 0.1])), ValueError, r"\(0, 1\)"),
    "beta above 1": (lambda m: DiscreteSchedule(torch.tensor([0.1, 1.2])), ValueError, r"\(0, 1\)"),
    "alpha_bars for betas": (
        lambda m: DiscreteSchedule(torch.tensor([1.0, 0.5, 0.1])),
        ValueError,
        "alpha_bars or alphas",
    ),
    "nan beta": (lambda m: DiscreteSchedule(torch.tensor([0.1, float("nan")])), ValueError, r"\(0, 1\)"),
    "no betas": (lambda m: DiscreteSchedule(torch.zeros(0)), ValueError, "one for each step"),
    "rescaled past 1": (lambda m: linear_betas(10), ValueError, "cosine_betas"),
    "T of 1": (lambda m: cosine_betas(1), ValueError, "T >= 2"),
    "VP betas reversed": (lambda m: VPPath(20.0, 0.1), ValueError, "beta_min <= beta_max"),
    # targets
    "unknown target": (lambda m: ddpm(target="velocity"), ValueError, "'eps', 'x0', 'v', 'u'"),
    "unknown flow target": (lambda m: flow(target="epsilon"), ValueError, "'eps', 'x0', 'v', 'u'"),
    "u on a schedule": (lambda m: ddpm(target="u"), ValueError, 'Use "v"'),
    "eps at pure noise": (lambda m: flow(target="eps").sample((4, 2), 5), ValueError, "singular"),
    "eps at pure noise, row by row": (lambda m: flow(target="eps").estimate(X, torch.zeros(4)), ValueError, "singular"),
    "x0 at clean data": (lambda m: flow(target="x0").estimate(X, torch.ones(4)), ValueError, "singular"),
    "eps at zero terminal SNR": (
        lambda m: ddpm(betas=zero_terminal_snr(linear_betas(100))).sample((4, 2), 5, ddim),
        ValueError,
        "singular",
    ),
    # rules
    "euler on a schedule": (lambda m: ddpm().sample((4, 2), 4, euler), ValueError, "ddim"),
    "heun on a schedule": (lambda m: ddpm().sample((4, 2), 4, heun), ValueError, "ddim"),
    "rk4 on a schedule": (lambda m: ddpm().sample((4, 2), 4, rk4), ValueError, "ddim"),
    "heun where the velocity is infinite": (
        lambda m: flow(path=VPPath()).sample((4, 2), 4, heun),
        ValueError,
        "infinite",
    ),
    "u target at the end of VPPath": (lambda m: flow(path=VPPath()).estimate(X, torch.ones(4)), ValueError, "singular"),
    "eta above 1": (lambda m: ddpm().sample((4, 2), 4, partial(ddim, eta=2.0)), ValueError, "eta"),
    "unknown variance": (
        lambda m: ddpm().sample((4, 2), 4, partial(ancestral, variance="small")),
        ValueError,
        "beta_tilde",
    ),
    # samples and labels
    "start not finite": (lambda m: flow().sample((4, 2), 4, start=NAN), ValueError, "NaN or infinite"),
    "samples of another dimension": (
        lambda m: m.estimate(randn((4, 3)), CosinePath().coeffs(torch.tensor([0.5]))),
        ValueError,
        r"\(B, 2\)",
    ),
    "too few labels": (
        lambda m: Oracle(m, LinearPath()).estimate(X, torch.full((4,), 0.5), torch.tensor([0, 1])),
        ValueError,
        r"shape \(4,\)",
    ),
    "float labels": (lambda m: m.log_prob(X, y=torch.zeros(4)), ValueError, "integers"),
    "unknown label": (lambda m: m.log_prob(X, y=torch.tensor([0, 1, 2, 0])), ValueError, "from 0 to 1"),
    "unknown label for a net": (lambda m: LabelEmbedding(3, 4)(torch.tensor([3]), 1), ValueError, "from 0 to 2"),
    "labels for a net without classes": (
        lambda m: ddpm().loss(X, torch.zeros(4, dtype=torch.long)),
        ValueError,
        "classes=",
    ),
    "guidance without labels": (
        lambda m: Guided(Oracle(m, LinearPath()), 2.0).estimate(X, torch.full((4,), 0.5)),
        ValueError,
        "labels y",
    ),
    "drop probability": (lambda m: drop_labels(torch.zeros(4, dtype=torch.long), 1.5), ValueError, r"\[0, 1\]"),
    # mixtures and data
    "weights that do not sum to 1": (
        lambda m: GaussianMixture([0.5, 0.6], [[0.0], [1.0]], [[1.0], [1.0]]),
        ValueError,
        "sum to 1.1",
    ),
    "negative weight": (lambda m: GaussianMixture([1.5, -0.5], [[0.0], [1.0]], [[1.0], [1.0]]), ValueError, ">= 0"),
    "a class without a component": (
        lambda m: GaussianMixture([0.5, 0.5], [[0.0], [1.0]], [[1.0], [1.0]], labels=[0, 2]),
        ValueError,
        "Class 1 has no component",
    ),
    "variance of 0": (lambda m: GaussianMixture([1.0], [[0.0]], [[0.0]]), ValueError, "EmpiricalOracle"),
    "means not finite": (lambda m: GaussianMixture([1.0], [[float("inf")]], [[1.0]]), ValueError, "finite"),
    "shapes that do not fit": (lambda m: GaussianMixture([1.0], [[0.0]], [[1.0, 1.0]]), ValueError, r"\(M, D\)"),
    "labels that do not fit": (
        lambda m: GaussianMixture([1.0], [[0.0]], [[1.0]], labels=[0, 1]),
        ValueError,
        "one a sample",
    ),
    "empty dataset in batches": (lambda m: batches(X[:0], size=1), ValueError, "empty"),
    "empty dataset in the empirical oracle": (lambda m: EmpiricalOracle(X[:0], LinearPath()), ValueError, "empty"),
    "empty dataset in the standardizer": (lambda m: Standardizer.fit(X[:0]), ValueError, "empty"),
    "batch larger than the dataset": (lambda m: batches(X, size=5), ValueError, "1 ... 4"),
    "labels of another length": (lambda m: batches(X, torch.zeros(3), size=2), ValueError, "one label"),
    "data not finite in batches": (lambda m: batches(NAN, size=2), ValueError, "NaN"),
    "data not finite in the standardizer": (lambda m: Standardizer.fit(NAN), ValueError, "NaN"),
    "data not finite in the empirical oracle": (lambda m: EmpiricalOracle(NAN, LinearPath()), ValueError, "NaN"),
    "constant coordinate": (lambda m: Standardizer.fit(torch.ones(4, 2)), ValueError, "constant"),
    "data not finite in a metric": (lambda m: sliced_wasserstein(NAN, X), ValueError, "diverged"),
    "empty sample in a metric": (lambda m: sliced_wasserstein(X[:0], X), ValueError, "not empty"),
    "points of two shapes": (lambda m: sliced_wasserstein(X, randn((4, 3))), ValueError, "one shape"),
    # training
    "data that ends": (lambda m: list(fit(flow(), [(X, None)] * 2, 5)), ValueError, "ended after 2 of 5"),
    "loss that diverges": (
        lambda m: list(fit(flow(), iter(lambda: (NAN, None), 0), 100)),
        FloatingPointError,
        "standardised",
    ),
    "decay of 1": (lambda m: EMA(torch.nn.Linear(1, 1), 1.0), ValueError, r"\[0, 1\)"),
    "odd embedding": (lambda m: SinusoidalTimeEmbedding(7), ValueError, "even"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_a_reason(name, moons):
    call, error, message = CASES[name]
    with pytest.raises(error, match=message):
        call(moons)


@pytest.mark.parametrize("rule", [rule for rule in rules() if facts(rule).velocity])
def test_a_refused_walk_makes_no_network_call(constant_net, rule):
    with pytest.raises(ValueError):
        DDPM(constant_net).sample((4, 2), 4, rule)
    assert constant_net.calls == 0


def test_a_refused_training_changes_no_weight():
    model = flow()
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(ValueError):
        next(fit(model, batches(X, size=5), 10))
    with pytest.raises(TypeError):
        model.loss(X, t=torch.zeros(4, dtype=torch.long))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_zero_terminal_snr_can_be_sampled_with_v():
    x = ddpm(betas=zero_terminal_snr(linear_betas(100)), target="v").sample((4, 2), 5, dpmpp_2m, generator=seeded(0))
    assert x.isfinite().all()
