"""From noise to data: one loop, many step rules.

A rule moves a batch from time t to a time s nearer the data, given the Estimate at t. In terms of the path alone
(c_t, c_s: Coeffs at the two times):

    ddim       x_s = alpha_s x0 + sqrt(sigma_s^2 - std^2) eps + std z,      std = eta * (posterior standard deviation)
    euler      x_s = x_t + (s - t) u(x_t, t),                               u = d_alpha x0 + d_sigma eps
    dpmpp_2m   DDIM with x0 extrapolated from the last two estimates, linearly in log(alpha / sigma)

A rule says what it is where it stands: its label, its network calls a step, its order, the velocities that it looks at.
Whatever lists, draws or checks rules asks `rules` and `facts`; a new rule is a function here and its twin in the explorers.

`walk` owns the only sampling loop of the library. Budgets count network calls: a grid of `steps` intervals costs
steps * calls_a_step(rule) calls, and has steps + 1 points, the last of which is clean data.

A state in half precision is carried in float32. What a step adds to it is little, and the less, the more steps: in bfloat16, 1000
steps of Euler with exact answers end at a distance of 0.24 to two moons, in float32 of 0.03.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from lib.checks import (
    at_least_single,
    check_end,
    check_estimate,
    check_model,
    check_number,
    check_rule,
    check_shape,
    check_walk,
    check_whole,
    rows_of,
)
from lib.kernels import combine
from lib.prediction import TARGETS, Coeffs, Estimate, Model, check_determinant, determinant
from lib.seeding import given, randn


class State(NamedTuple):
    """What `walk` yields. t (a number), x (B, ...), and the Estimate at (x, t): None at the last point, where no call is made,
    and with a rule that looks at none."""

    t: float
    x: Tensor
    estimate: Estimate | None


class Before(NamedTuple):
    """What was known a step earlier, for rules with a memory."""

    t: float
    c: Coeffs
    estimate: Estimate


class Step(NamedTuple):
    """All that a rule may look at for one move t -> s. Times and coefficients are numbers: all samples move together."""

    model: Model
    y: Tensor | None
    t: float
    s: float
    c_t: Coeffs
    c_s: Coeffs
    x: Tensor
    estimate: Estimate
    before: Before | None  # None in the first step
    generator: torch.Generator

    @property
    def h(self) -> float:
        return self.s - self.t

    def slope(self, x: Tensor, t: float) -> Tensor:
        """The velocity at another point: one more network call."""
        return self.model.estimate(x, t, self.y).velocity(self.model.path.coeffs(t, like=x))

    def noise(self) -> Tensor:
        return randn(self.x.shape, like=self.x, generator=self.generator)


Rule = Callable[[Step], Tensor]


class Facts(NamedTuple):
    """What a rule says of itself."""

    label: str = "a rule"  # as menus show it
    calls: int = 1  # network calls a step
    order: int | None = None  # its error falls as steps^-order on a smooth field; None where it draws noise
    velocity: str | None = (
        None  # it looks at velocities before the end of a step ("start"), up to its "end", or at none
    )
    options: tuple[dict, ...] = ()  # keywords that make it another rule
    estimates: bool = True  # whether it looks at the Estimate at the start of a step; where not, none is made


_SAID: list[Rule] = []


def rule(check: Callable[..., None] | None = None, **facts) -> Callable[[Rule], Rule]:
    """Let a rule say its `Facts`. `check` takes the rule's options, and refuses what they must not be before a walk begins."""

    def says(step_rule: Rule) -> Rule:
        step_rule.facts, step_rule.check_options = Facts(**facts), check
        _SAID.append(step_rule)
        return step_rule

    return says


def facts(rule: Rule) -> Facts:
    """What the rule says, with or without options bound to it. One that says nothing makes one call a step."""
    return getattr(_plain(rule), "facts", Facts())


def rules() -> list[Rule]:
    """Every rule that says what it is, in the order of the text."""
    return list(_SAID)


def calls_a_step(rule: Rule) -> int:
    """Network calls a step of the rule."""
    return facts(rule).calls


def _plain(rule: Rule) -> Rule:
    return getattr(rule, "func", rule)


def _name(rule: Rule) -> str:
    return getattr(_plain(rule), "__name__", type(rule).__name__)


# ---- deterministic rules that integrate dx/dt = u(x, t): they need a path with derivatives --------------------------------


@rule(label="Euler", order=1, velocity="start")
def euler(step: Step) -> Tensor:
    """First order: follow the velocity at t."""
    return combine(1.0, step.x, step.h, step.estimate.velocity(step.c_t))


@rule(label="Heun", calls=2, order=2, velocity="end")
def heun(step: Step) -> Tensor:
    """Second order, two calls: average the velocities at both ends (Karras et al. 2022, Algorithm 1, without its noise)."""
    h = step.h
    k1 = step.estimate.velocity(step.c_t)
    k2 = step.slope(step.x + h * k1, step.s)
    return step.x + h / 2 * (k1 + k2)


@rule(label="RK4", calls=4, order=4, velocity="end")
def rk4(step: Step) -> Tensor:
    """Fourth order, four calls: the classical Runge-Kutta rule."""
    h, middle = step.h, (step.t + step.s) / 2
    k1 = step.estimate.velocity(step.c_t)
    k2 = step.slope(step.x + h / 2 * k1, middle)
    k3 = step.slope(step.x + h / 2 * k2, middle)
    k4 = step.slope(step.x + h * k3, step.s)
    return step.x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


# ---- rules that use alpha and sigma only: they work on every path ----------------------------------------------------------


def _check_eta(eta: float = 0.0) -> None:
    check_number("eta", eta)
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie in [0, 1] (0 deterministic, 1 as noisy as DDPM), got {eta}.")


@rule(label="DDIM", order=1, options=({"eta": 0.4}, {"eta": 1.0}), check=_check_eta)
def ddim(step: Step, eta: float = 0.0) -> Tensor:
    """Song et al. 2021 (DDIM), eq. 12 and 16, written for any path. eta = 0 is deterministic, eta = 1 is `ancestral`."""
    if eta != 0:  # the walk has looked at it; a step by hand has not
        _check_eta(eta)
    std = eta * math.sqrt(posterior_variance(step.c_t, step.c_s)) if eta else 0.0
    kept = math.sqrt(max(step.c_s.sigma**2 - std**2, 0.0))
    x_s = combine(step.c_s.alpha, step.estimate.x0, kept, step.estimate.eps)
    return combine(1.0, x_s, std, step.noise()) if std else x_s


def _check_variance(variance: str = "beta_tilde") -> None:
    if not isinstance(variance, str) or variance not in ("beta_tilde", "beta"):
        raise ValueError(f'variance must be "beta_tilde" or "beta", got {variance!r}.')


@rule(label="Ancestral", options=({"variance": "beta"},), check=_check_variance)
def ancestral(step: Step, variance: str = "beta_tilde") -> Tensor:
    """A step of DDPM (Ho et al. 2020, Algorithm 2): the posterior mean plus noise; no noise in the last step.

    variance  "beta_tilde"  the posterior's own: exact if the data were a single point
              "beta"        of q(x_t | x_s): exact if the data were N(0, I)
    """
    _check_variance(variance)
    if variance == "beta_tilde" or step.c_s.sigma == 0:
        return ddim(step, eta=1.0)
    posterior = posterior_variance(step.c_t, step.c_s)
    kept = math.sqrt(max(step.c_s.sigma**2 - posterior, 0.0))
    mean = combine(step.c_s.alpha, step.estimate.x0, kept, step.estimate.eps)
    return combine(1.0, mean, math.sqrt(transition_variance(step.c_t, step.c_s)), step.noise())


@rule(label="DPM-Solver++ 2M", order=2)
def dpmpp_2m(step: Step) -> Tensor:
    """DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095, Algorithm 2): second order for one call a step.

    Their h is the step in log(alpha / sigma) and 1/(2r) = h / (2 h_before). Where either is infinite (a first step from pure
    noise, a last step onto clean data) there is nothing to extrapolate with, and the step is a DDIM step.
    """
    c_t, c_s, x0 = step.c_t, step.c_s, step.estimate.x0
    if step.before is not None:
        h, h_before = _half_log_snr(c_s) - _half_log_snr(c_t), _half_log_snr(c_t) - _half_log_snr(step.before.c)
        if math.isfinite(h) and math.isfinite(h_before):
            x0 = combine(1 + h / (2 * h_before), x0, -h / (2 * h_before), step.before.estimate.x0)
    ratio = c_s.sigma / c_t.sigma
    return combine(ratio, step.x, c_s.alpha - ratio * c_t.alpha, x0)


def transition_variance(c_t: Coeffs, c_s: Coeffs) -> float:
    """Variance of q(x_t | x_s), s nearer the data: sigma_t^2 - (alpha_t/alpha_s)^2 sigma_s^2. On a DDPM schedule, beta_t."""
    return max(c_t.sigma**2 - (c_t.alpha / c_s.alpha * c_s.sigma) ** 2, 0.0)


def posterior_variance(c_t: Coeffs, c_s: Coeffs) -> float:
    """Variance of q(x_s | x_t, x_data). On a DDPM schedule this is beta-tilde_t (Ho et al. 2020, eq. 7)."""
    return transition_variance(c_t, c_s) * (c_s.sigma / c_t.sigma) ** 2


def _half_log_snr(c: Coeffs) -> float:
    if c.alpha == 0 or c.sigma == 0:
        return -math.inf if c.alpha == 0 else math.inf
    return math.log(c.alpha / c.sigma)


# ---- the loop ----------------------------------------------------------------------------------------------------------------


@torch.no_grad()
def walk(
    model: Model,
    x: Tensor,
    grid: Tensor,
    rule: Rule,
    y: Tensor | None = None,
    *,
    generator: torch.Generator | None = None,
) -> Iterator[State]:
    """Yield a State at every point of `grid` (1-D, from the noise towards the data), starting with x (B, ...) at grid[0].

    `rule` is a function of one Step; options are bound with functools.partial, as in partial(ddim, eta=0.5).
    An x in half precision is carried, and yielded, in float32.
    Raises ValueError or TypeError, before anything is computed: for a grid of fewer than two points or one that does not move
    towards the data; an x that is empty, not finite or no floats; a model, rule, labels or generator that are none; a velocity
    rule on a path that has no velocity where it needs one; a target that is singular where it is asked for. Later, ValueError
    for an estimate or a step of another shape than x, and FloatingPointError where the last point is not finite.
    """
    check_walk(model, x, grid, y)
    coeffs = _coeffs_for(rule, model, grid)
    generator, shape, x = given(generator), x.shape, x.to(at_least_single(x.dtype))
    before, sums, every, asks = None, [], len(grid) // 8 + 1, facts(rule).estimates
    for k, ((t, c_t), (s, c_s)) in enumerate(pairwise(zip(grid.tolist(), coeffs))):
        estimate = model.estimate(x, t, y) if asks else None
        if before is None and asks:
            check_estimate(estimate, shape)
        yield State(t, x, estimate)
        x = rule(Step(model, y, t, s, c_t, c_s, x, estimate, before, generator))
        before = Before(t, c_t, estimate)
        if k % every == 0:
            check_shape("What a rule returns", shape, x)
            sums.append((s, x.sum()))  # not finite where a number is not; read at the end, for reading waits for a GPU
    if asks:
        check_estimate(estimate, shape)  # what fits the first time and the last fits between
    check_shape("What a rule returns", shape, x)
    check_end(x, sums)
    yield State(s, x, None)


def sample(
    model: Model,
    x: Tensor,
    calls: int,
    rule: Rule = ddim,
    y: Tensor | None = None,
    *,
    grid: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Walk from the noise x (B, ...) to the data with `calls` network calls, on the path's own grid unless one is given.

    The result has the shape and the precision of x; half precision is carried in float32 up to there.
    Raises as `walk` does, and ValueError when `calls` is below 1, no multiple of the rule's calls a step, or not for that grid.
    """
    check_model(model)
    steps = steps_for(calls, rule)
    if grid is None:
        grid = model.path.grid(steps)
    elif rows_of("grid", grid) != steps + 1:
        raise ValueError(
            f"{calls} calls are {steps} steps and need a grid of {steps + 1} points, the given one has {len(grid)}."
        )
    (end,) = deque(walk(model, x, grid, rule, y, generator=generator), maxlen=1)  # keeps no other state alive
    return end.x.to(x.dtype)


def steps_for(calls: int, rule: Rule) -> int:
    """How many grid intervals `calls` network calls pay for."""
    check_rule(rule)
    per_step = calls_a_step(rule)
    check_whole("calls", calls)
    if calls < 1:
        raise ValueError(f"A sampler needs at least one network call, got calls={calls}.")
    if calls % per_step:
        lower = calls // per_step * per_step
        choice = f"{lower} or {lower + per_step}" if lower else f"{per_step}"
        raise ValueError(
            f"{_name(rule)} makes {per_step} calls a step, and {calls} is no multiple of that. Try {choice}."
        )
    return calls // per_step


def _coeffs_for(rule: Rule, model: Model, grid: Tensor) -> list[Coeffs]:
    """The Coeffs of every grid point. Raises where the path has not the velocity that the rule looks at, where the model's target
    is singular, and for options that the rule does not take."""
    check_rule(rule)
    if check := getattr(_plain(rule), "check_options", None):
        check(**getattr(rule, "keywords", {}))
    coeffs = [model.path.coeffs(t) for t in grid.tolist()]
    looks = facts(rule).velocity
    if looks is not None:
        if coeffs[0].d_alpha is None:
            raise ValueError(
                f"{_name(rule)} follows a velocity, and a discrete schedule has no time derivative. "
                "Use ddim, its counterpart on a schedule (or ancestral, dpmpp_2m)."
            )
        if not all(
            math.isfinite(c.d_alpha) and math.isfinite(c.d_sigma) for c in (coeffs if looks == "end" else coeffs[:-1])
        ):
            raise ValueError(
                f"{_name(rule)} looks at a grid point where this path's velocity is infinite. "
                "Use euler, ddim or dpmpp_2m, which do not look at the last point, or end the grid a little before it."
            )
    while not hasattr(model, "target") and hasattr(model, "model"):  # a guided or a clipped one
        model = model.model
    if (target := getattr(model, "target", None)) in TARGETS:
        for c in (coeffs[0], coeffs[-1 if looks == "end" else -2]):  # between the ends no target is singular
            check_determinant(target, determinant(target, c))
    return coeffs
