"""How probable a model finds a point: log p(x) along the probability-flow ODE (Chen et al. 2018; Grathwohl et al. 2019).

    d/dt log p_t(x_t) = -div u(x_t, t)           along the path of a point: it thins out where the flow spreads
    log p(x_data) = log N(x_noise; 0, I) - integral of div u from noise to data

The path of x_data is followed back to the noise by RK4, and the divergence is summed on the way. It is the trace of the Jacobian:

    exact          sum_i d u_i / d x_i            one backward pass for every dimension
    Hutchinson     E[e' J e],  E[e e'] = I        one for every probe e; the same e all along the path, as in FFJORD

With probes of +-1 the estimate is exact where J is diagonal; normal probes scatter there, too. Song et al. 2021 (section 4.3) use
it for diffusion models. The clock is the path's; a discrete schedule has no velocity, and none of this.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from lib.checks import check_model, check_samples, check_whole
from lib.prediction import Model
from lib.seeding import given, randn

_A_STEP = 4  # calls of RK4


class Likelihood(NamedTuple):
    """log_p (B,) in nats, and its standard error over the probes (B,): 0 where the trace is exact, nan for a single probe."""

    log_p: Tensor
    error: Tensor


def log_likelihood(
    model: Model,
    x: Tensor,
    calls: int = 100,
    y: Tensor | None = None,
    *,
    probes: int = 0,
    normal: bool = False,
    generator: torch.Generator | None = None,
) -> Likelihood:
    """log p(x) of samples x (B, ...) under a model whose path has a velocity; given the labels y (B,), log p(x | y).

    calls   velocities that are asked for, four a step of RK4; each is differentiated once for every dimension or probe
    probes  0 for the exact trace, else how many probes Hutchinson's estimate averages: +-1, or standard normal with `normal`

    The rows must not act on each other, as they do in no net of this book.
    Raises ValueError for fewer than four calls, and for a path without a velocity or with one that is infinite at an end.
    """
    check_model(model)
    check_samples("x", x, rows=1)
    check_whole("calls", calls, _A_STEP, "A step of RK4 takes four.")
    check_whole("probes", probes, 0)
    if model.path.coeffs(model.path.t_data).d_alpha is None:
        raise ValueError(
            "The likelihood follows a velocity, and a discrete schedule has none. Take a path of flow matching."
        )
    for end in (model.path.t_noise, model.path.t_data):
        c = model.path.coeffs(end)
        if not (math.isfinite(c.d_alpha) and math.isfinite(c.d_sigma)):
            raise ValueError(f"On this path the velocity is infinite at the time {end}. Take LinearPath or CosinePath.")
    x, directions = x.detach(), _directions(x, probes, normal, given(generator))
    grid = model.path.grid(calls // _A_STEP).flip(0).tolist()
    total = x.new_zeros(len(directions) if probes else 1, len(x))
    for t, s in pairwise(grid):  # from data to noise
        h = s - t
        u1, d1 = _spreading(model, x, t, y, directions, probes)
        u2, d2 = _spreading(model, x + h / 2 * u1, t + h / 2, y, directions, probes)
        u3, d3 = _spreading(model, x + h / 2 * u2, t + h / 2, y, directions, probes)
        u4, d4 = _spreading(model, x + h * u3, s, y, directions, probes)
        x = x + h / 6 * (u1 + 2 * u2 + 2 * u3 + u4)
        total = total + h / 6 * (d1 + 2 * d2 + 2 * d3 + d4)
    # h < 0: the sum is minus the integral from noise to data.
    found = standard_normal(x) + total
    error = torch.zeros_like(found[0])
    if probes:  # one probe says nothing of its scatter
        error = found.std(0) / math.sqrt(probes) if probes > 1 else torch.full_like(error, torch.nan)
    return Likelihood(found.mean(0), error)


def standard_normal(x: Tensor) -> Tensor:
    """log N(x; 0, I) of x (B, ...), (B,)."""
    return -0.5 * (x.flatten(1).square() + math.log(2 * math.pi)).sum(1)


def _directions(x: Tensor, probes: int, normal: bool, generator: torch.Generator) -> Tensor:
    """What the Jacobian is multiplied by, (P, B, ...): every axis, or the probes."""
    if not probes:
        D = x[0].numel()
        return torch.eye(D, dtype=x.dtype, device=x.device).reshape(D, 1, *x.shape[1:]).expand(D, *x.shape)
    noise = randn((probes, *x.shape), like=x, generator=generator)
    return noise if normal else noise.sign()


def _spreading(model: Model, x: Tensor, t: float, y: Tensor | None, directions: Tensor, probes: int):
    """The velocity at (x, t), like x, and its divergence: (1, B) if exact, (P, B) by each probe."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        u = model.estimate(x, t, y).velocity(model.path.coeffs(t, like=x))
        parts = []
        for e in directions:
            (pulled,) = torch.autograd.grad(u, x, e, retain_graph=True)
            parts.append((pulled * e).flatten(1).sum(1))
    found = torch.stack(parts).detach()
    return u.detach(), found if probes else found.sum(0, keepdim=True)
