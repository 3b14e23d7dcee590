"""One path, one estimate: the mathematics that DDPM and flow matching share.

Noising       x_t    = alpha * x_data + sigma * eps,        eps ~ N(0, I)
Target        target =     a * x_data +     b * eps         (the row (a, b) is what the network is asked for)
Inference     [ alpha  sigma ] [ x0  ]   [ x_t    ]
              [   a      b   ] [ eps ] = [ output ]         solved by Cramer's rule, determinant alpha*b - sigma*a

The mean-square-optimal network outputs E[target | x_t]; the system is linear, so its solution is the pair of conditional
means (E[x_data | x_t], E[eps | x_t]): an `Estimate`. Every sampler, every conversion between targets and every plot of the
book starts from it. The mathematics does not know what a time is: `Coeffs` carry all of it.

A time is a number, which all samples of a batch share, or a tensor (B,) with one for each. Its kind says whose clock it is: a
whole number is a step of DDPM's, a fraction lies on flow matching's. Numbers come back as numbers, tensors as tensors.
"""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from lib.checks import (
    FLOATS,
    WHOLE,
    check_alike,
    check_floats,
    check_net,
    check_number,
    check_path,
    check_samples,
    rows_of,
    told,
)
from lib.kernels import combine
from lib.seeding import rand, randn

TARGETS = ("eps", "x0", "v", "u")

Time = Tensor | float  # a number for the whole batch (an int on DDPM's clock), or (B,)


class Coeffs(NamedTuple):
    """Where a path stands: floats at a time that is a number, else tensors that broadcast against the samples.

    alpha, sigma      signal and noise scale, both in [0, 1] on every path of the book
    d_alpha, d_sigma  their derivatives in the path's own clock; None on a discrete schedule, which has none
    """

    alpha: Tensor | float
    sigma: Tensor | float
    d_alpha: Tensor | float | None = None
    d_sigma: Tensor | float | None = None

    def add_noise(self, x_data: Tensor, eps: Tensor) -> Tensor:
        """x_t = alpha * x_data + sigma * eps, with the shape of x_data. Raises ValueError where eps has another."""
        _check_mix(self, "eps", eps, "x_data", x_data)
        return combine(self.alpha, x_data, self.sigma, eps)


class Estimate(NamedTuple):
    """The conditional means given x_t, both with the shape of x_t. They satisfy alpha*x0 + sigma*eps = x_t.

    Both halves are kept because each alone is undefined at one end: x_t says nothing about eps where sigma = 0, and nothing
    about x0 (beyond its mean) where alpha = 0.
    """

    x0: Tensor
    eps: Tensor

    def velocity(self, coeffs: Coeffs) -> Tensor:
        """The velocity u = d_alpha * x0 + d_sigma * eps = E[dx_t/dt | x_t] on the clock of `coeffs`.

        Raises ValueError on a discrete schedule.
        """
        check_coeffs(coeffs)
        if coeffs.d_alpha is None:
            raise ValueError(
                "A discrete schedule has no time derivative, so it has no velocity. Step with ddim, ancestral or dpmpp_2m, "
                "or put the model on a continuous path (FlowMatching with CosinePath or VPPath)."
            )
        _check_mix(coeffs, "eps", self.eps, "x0", self.x0)
        return combine(coeffs.d_alpha, self.x0, coeffs.d_sigma, self.eps)


class Path(Protocol):
    """A clock and two curves. `t_noise` and `t_data` are its two ends; which is larger is the path's own business."""

    t_noise: float
    t_data: float

    def coeffs(self, t: Time, like: Tensor | None = None) -> Coeffs: ...
    def grid(self, steps: int) -> Tensor: ...
    def times(self, u: Tensor) -> Tensor: ...
    def log_snr(self, t: Time) -> Time: ...


class Model(Protocol):
    """Anything that stands on a path and infers what was mixed into x_t: a trained net, the oracle, a guided model."""

    path: Path

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate: ...


def target_row(target: str, coeffs: Coeffs) -> tuple[Tensor | float, Tensor | float]:
    """The row (a, b) with target = a * x_data + b * eps.

    "eps"  the noise                       (0, 1)                Ho et al. 2020, eq. 14
    "x0"   the clean sample                (1, 0)
    "v"    alpha * eps - sigma * x_data    (-sigma, alpha)       Salimans & Ho 2022, section 4
    "u"    d_alpha * x_data + d_sigma * eps, the velocity dx_t/dt (d_alpha, d_sigma)   Lipman et al. 2023, Theorem 3 (t = 1 data)

    v and u are different vectors: on a path with alpha = cos f, sigma = sin f, v is the derivative by the angle f.
    Raises ValueError for an unknown target, and for "u" on a discrete schedule, which has no derivative.
    """
    check_coeffs(coeffs)
    if not isinstance(target, str) or target not in TARGETS:
        raise ValueError(f"Unknown target {target!r}. Choose one of {', '.join(map(repr, TARGETS))}.")
    if target == "eps":
        return 0.0, 1.0
    if target == "x0":
        return 1.0, 0.0
    if target == "v":
        return -coeffs.sigma, coeffs.alpha
    if coeffs.d_alpha is None:
        raise ValueError('A discrete schedule has no time derivative, so the target "u" is undefined on it. Use "v".')
    return coeffs.d_alpha, coeffs.d_sigma


def make_target(target: str, x_data: Tensor, eps: Tensor, coeffs: Coeffs) -> Tensor:
    """What the network is asked for, with the shape of x_data. Raises as `target_row` does, and where eps has another shape."""
    a, b = target_row(target, coeffs)
    _check_mix(coeffs, "eps", eps, "x_data", x_data)
    if isinstance(b, float) and math.isinf(b):
        raise ValueError(f'The target "{target}" is infinite at this time. Use "v", or keep away from that end.')
    return combine(a, x_data, b, eps)


def determinant(target: str, coeffs: Coeffs) -> Tensor | float:
    """alpha*b - sigma*a: where it vanishes, (x_t, target) no longer determine (x_data, eps)."""
    a, b = target_row(target, coeffs)
    return coeffs.alpha * b - coeffs.sigma * a


def solve(target: str, output: Tensor, x_t: Tensor, coeffs: Coeffs) -> Estimate:
    """Undo `make_target`: from (x_t, output) to the Estimate they imply. One 2x2 system replaces all pairwise converters.

    Raises ValueError where the determinant is zero ("eps" at pure noise, "x0" at clean data) or not finite ("u" at the data
    end of VPPath), since no estimate follows from the output there; and for an output of another shape than x_t.
    """
    a, b = target_row(target, coeffs)
    alpha, sigma = coeffs.alpha, coeffs.sigma
    _check_mix(coeffs, "The answer of the net", output, "x_t", x_t)
    det = alpha * b - sigma * a
    check_determinant(target, det)
    # The inverse matrix times (x_t, output).
    return Estimate(combine(b / det, x_t, -sigma / det, output), combine(alpha / det, output, -a / det, x_t))


def check_coeffs(coeffs: Coeffs) -> None:
    """Raise unless `coeffs` are Coeffs."""
    if type(coeffs) is not Coeffs and not isinstance(coeffs, Coeffs):
        raise TypeError(
            f"Coeffs are asked for, as path.coeffs(t) or Coeffs(alpha, sigma) gives them; got {told(coeffs)}."
        )


def _check_mix(coeffs: Coeffs, name: str, x: Tensor, other: str, y: Tensor) -> None:
    """Raise unless x and y can be mixed with nothing broadcast but the time of each sample."""
    check_alike(name, x, other, y)
    for curve in coeffs:
        if type(curve) is float or not isinstance(curve, Tensor) or (curve.numel() == 1 and curve.ndim <= y.ndim):
            continue
        if curve.shape != (len(y), *[1] * (y.ndim - 1)):
            raise ValueError(
                f"Coeffs of shape {tuple(curve.shape)} do not belong to samples of shape {tuple(y.shape)}. "
                "path.coeffs(t, like=x) gives one for each sample, of the right shape."
            )


def check_determinant(target: str, det: Tensor | float) -> None:
    """Raise unless an estimate follows from (x_t, target) where the determinant is `det`."""
    number = isinstance(det, float) or not isinstance(det, Tensor)  # the first question is quick, the second is not
    if not (det != 0 and math.isfinite(det) if number else bool(det.all() and det.isfinite().all())):
        raise ValueError(
            f'The target "{target}" is singular at a time where it was asked for (alpha*b - sigma*a is 0 or infinite): '
            '"eps" says nothing about the data at pure noise, "x0" nothing about the noise at clean data. '
            'Use "v", or a grid that keeps away from that end.'
        )


def denoising_loss(
    net: Callable,
    path: Path,
    target: str,
    x_data: Tensor,
    y: Tensor | None = None,
    *,
    t: Time | None = None,
    eps: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Mean square error of net(x_t, t, y) against the target: the one loss of the book (a scalar).

    x_data (B, ...), t a number or (B,) on the path's clock, eps like x_data. What is not given is drawn: t (B,) uniform over the
    clock, eps standard normal. This is L_simple of Ho et al. 2020 (eq. 14) and the conditional flow matching loss of Lipman
    et al. 2023 (eq. 9), depending on path and target alone.
    Raises TypeError for data of whole numbers, and ValueError where eps or the answer of the net has another shape than x_data.
    """
    check_net(net)
    check_path(path)
    check_samples("x_data", x_data, rows=1)
    if t is None:
        t = path.times(rand(len(x_data), like=x_data, generator=generator))
    if eps is None:
        eps = randn(x_data.shape, like=x_data, generator=generator)
    coeffs = path.coeffs(t, like=x_data)
    output = net(coeffs.add_noise(x_data, eps), t, y)
    check_alike("The answer of the net", output, "x_data", x_data)
    return nn.functional.mse_loss(output, make_target(target, x_data, eps, coeffs))


def min_snr_weight(log_snr: Tensor, target: str = "x0", gamma: float = 5.0) -> Tensor:
    """Min-SNR: the factor of the squared error in `target` at each log-SNR, of the same shape (Hang et al. 2023).

    On a variance-preserving path the squared error in eps weighs that of x0 by the SNR, the one in v by SNR + 1. Min-SNR puts
    min(SNR, gamma) in the place of these: min(SNR, gamma) on x0, min(SNR, gamma) / SNR on eps, min(SNR, gamma) / (SNR + 1) on v.
    Raises ValueError for another target and for a gamma that is not positive.
    """
    check_floats("log_snr", log_snr)
    check_number("gamma", gamma)
    if not gamma > 0:
        raise ValueError(f"gamma must be positive, got {gamma}.")
    capped = log_snr.clamp(max=math.log(gamma))  # as logarithms, so that no SNR overflows
    by = {"x0": torch.zeros_like(log_snr), "eps": log_snr, "v": nn.functional.softplus(log_snr)}
    if not isinstance(target, str) or target not in by:
        raise ValueError(f"Min-SNR weights are those of {', '.join(map(repr, by))}, got {target!r}.")
    return (capped - by[target]).exp()


def per_sample(values: Tensor, like: Tensor | None) -> Tensor:
    """Shape (B,) -> (B, 1, ..., 1) with the dtype and device of `like`, ready to broadcast; unchanged without `like`."""
    return values if like is None else values.to(like).reshape(-1, *[1] * (like.ndim - 1))


def log_snr(coeffs: Coeffs) -> Time:
    """The log-SNR lambda = 2 log(alpha / sigma): infinite where one of them is 0."""
    alpha, sigma = coeffs.alpha, coeffs.sigma
    if isinstance(alpha, Tensor):
        return 2 * (alpha / sigma).log()
    return 2 * math.log(alpha / sigma) if alpha and sigma else math.copysign(math.inf, alpha - sigma)


def check_time(t: Time, like: Tensor | None = None) -> None:
    """Raise unless t is a number or a tensor (B,), with a time for each of the B samples of `like`, where that is given."""
    if type(t) is float or type(t) is int:
        return  # the times of a sampler
    if not isinstance(t, Tensor):
        if not isinstance(t, Real) or isinstance(t, bool):
            raise TypeError(f"A time must be a number or a tensor (B,), got {told(t)}.")
        return
    if t.dtype not in FLOATS and t.dtype not in WHOLE:
        raise TypeError(f"A time must be a number or a tensor (B,), got a tensor of {t.dtype}.")
    rows, count = None if like is None else rows_of("Samples", like), t.numel()
    if t.ndim > 1 or count == 0 or not (like is None or count == 1 or count == rows):
        wanted = "" if like is None else f", here ({rows},)"
        raise ValueError(f"Times must be one number, or one for each sample: (B,){wanted}; got shape {tuple(t.shape)}.")


def is_float(t: Time) -> bool:
    """Whether t is of a continuous clock, as a number or as a tensor."""
    if type(t) is float or type(t) is int:
        return type(t) is float  # the times of a sampler
    return t.is_floating_point() if isinstance(t, Tensor) else not isinstance(t, Integral)


def span(t: Time) -> tuple[float, float]:
    """The smallest and the largest of the times, as numbers; NaN where one is."""
    if type(t) is float or type(t) is int or not isinstance(t, Tensor):
        return t, t
    return tuple(end.item() for end in t.aminmax())
