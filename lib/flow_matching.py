"""Flow matching (Lipman et al. 2023; Liu et al. 2023; Albergo & Vanden-Eijnden 2023): learn a velocity, integrate an ODE.

    x_t = alpha(t) x_data + sigma(t) eps,     dx_t/dt = d_alpha x_data + d_sigma eps,     u(x, t) = E[dx_t/dt | x_t = x]

Integrating dx/dt = u(x, t) carries N(0, I) at t = 0 to the data at t = 1: u moves mass exactly as the mixture of all the
straight (or curved) conditional paths does. Regressing on the conditional velocity learns u, because the conditional mean is
the best mean-square guess.

Clock: float t in [0, 1], 0 noise, 1 data, as in the papers named above. The papers' x_1 is our x_data, their x_0 our eps.

A path is a frozen value: two with the same numbers are equal. Whatever lists paths asks `paths`; a new path is a class here and
its twin in the explorers.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lib.checks import HALF, check_floats, check_number
from lib.grids import even_grid
from lib.learned import Learned
from lib.prediction import Coeffs, Path, Time, check_time, is_float, log_snr, span
from lib.samplers import euler

FAR = 10_000  # the longest period of a net's time embedding: beyond it a time looks like another


class _UnitClock:
    """What the three paths below share: float times in [0, 1], from noise at 0 to data at 1.

    Each path gives its curves once: `_curves(t, m)` for a tensor t with m = torch, for a number with m = math.
    """

    t_noise, t_data = 0.0, 1.0

    def coeffs(self, t: Time, like: Tensor | None = None) -> Coeffs:
        """alpha, sigma and their derivatives at t: floats for a number, for (B,) tensors that broadcast against `like`.

        Without `like` they have the dtype of t and shape (B,).
        Raises TypeError for integer times and ValueError for times outside [0, 1], or of a shape other than () and (B,).
        """
        check_time(t, like)
        if not is_float(t):
            raise TypeError(
                "This clock is continuous: t must be a float in [0, 1] (1.0, not 1). Integer times 0 ... T-1 belong to DDPM."
            )
        low, high = span(t)
        if not (low >= 0 and high <= 1):
            raise ValueError(f"t must lie in [0, 1] (0 noise, 1 data), got values from {low:g} to {high:g}.")
        if not isinstance(t, Tensor):
            return Coeffs(*self._curves(float(t), math))  # a numpy number would make numpy coefficients
        if like is None:
            return Coeffs(*self._curves(t, torch))
        t = (t.float() if t.dtype in HALF else t).reshape(-1, *[1] * (like.ndim - 1))
        return Coeffs(*(curve.to(like) for curve in self._curves(t, torch)))

    def grid(self, steps: int) -> Tensor:
        """Return steps + 1 evenly spaced float64 times from 0 to 1."""
        return even_grid(steps)

    def times(self, u: Tensor) -> Tensor:
        """Numbers u in [0, 1) are times already."""
        check_floats("u", u)
        return u

    def log_snr(self, t: Time) -> Time:
        """The log-SNR lambda = 2 log(alpha / sigma), like t. Infinite at both ends."""
        return log_snr(self.coeffs(t))


_SAID: list[type] = []


def path(label: str) -> Callable[[type], type]:
    """Give a path of this clock its label, as menus show it, and note it for `paths`."""

    def says(kind: type) -> type:
        kind.label = label
        _SAID.append(kind)
        return kind

    return says


def paths() -> list[Path]:
    """Every path of this clock, as its defaults make it, in the order of the text."""
    return [kind() for kind in _SAID]


@path(label="straight")
@dataclass(frozen=True)
class LinearPath(_UnitClock):
    """alpha = t, sigma = 1 - t: straight lines from noise to data (rectified flow; Lipman et al. 2023, eq. 22, sigma_min = 0)."""

    def _curves(self, t, m):
        one = t**0
        return t, 1 - t, one, -one


@path(label="cosine")
@dataclass(frozen=True)
class CosinePath(_UnitClock):
    """alpha = sin(pi t / 2), sigma = cos(pi t / 2): variance preserving, at constant angular speed.

    Its velocity is -pi/2 times v, because the clock runs towards the data and v's angle towards the noise.
    """

    def _curves(self, t, m):
        right = math.pi / 2
        alpha, sigma = m.sin(right * t), m.sin(right * (1 - t))  # not cos: this sine is exactly 0 at the data end
        return alpha, sigma, right * sigma, -right * alpha


@path(label="VP")
@dataclass(frozen=True)
class VPPath(_UnitClock):
    """The variance-preserving diffusion in continuous time (Song et al. 2021, eq. 33, with their t = 1 - ours).

    alpha = exp(-s^2 (beta_max - beta_min)/4 - s beta_min/2) with s = 1 - t, sigma = sqrt(1 - alpha^2). At t = 0 alpha is 0.0066,
    not 0. Towards the data d_sigma grows without bound: heun and rk4, which look at t = 1, refuse this path, and the target "v"
    suits it better than "u".
    """

    beta_min: float = 0.1
    beta_max: float = 20.0

    def __post_init__(self):
        check_number("beta_min", self.beta_min)
        check_number("beta_max", self.beta_max)
        if not 0 < self.beta_min <= self.beta_max:
            raise ValueError(f"Need 0 < beta_min <= beta_max, got {self.beta_min} and {self.beta_max}.")

    def _curves(self, t, m):
        s = 1 - t
        log_alpha = -(s**2) * (self.beta_max - self.beta_min) / 4 - s * self.beta_min / 2
        half_beta = (self.beta_min + s * (self.beta_max - self.beta_min)) / 2
        alpha, sigma = m.exp(log_alpha), m.sqrt(-m.expm1(2 * log_alpha))
        # Python refuses to divide a float by zero; a tensor gives the infinity by itself.
        d_sigma = -math.inf if m is math and sigma == 0 else -half_beta * alpha**2 / sigma
        return alpha, sigma, half_beta * alpha, d_sigma


def shift_times(t: Tensor, shift: float) -> Tensor:
    """SD3's timestep shift (Esser et al. 2024, eq. 23, where t = 1 is noise): times in [0, 1] -> noisier ones, of the same shape.

    On the straight path it lowers every log-SNR by 2 log(shift). A larger picture wants shift = (its side) / (the old side);
    SD3 took 3. Raises ValueError unless shift > 0 and the times lie in [0, 1].
    """
    check_floats("t", t)
    check_number("shift", shift)
    low, high = span(t) if t.numel() else (0, 0)
    if not (low >= 0 and high <= 1):
        raise ValueError(f"t must lie in [0, 1] (0 noise, 1 data), got values from {low:g} to {high:g}.")
    if not shift > 0:
        raise ValueError(f"shift must be positive, got {shift}.")
    return t / (t + shift * (1 - t))


class FlowMatching(Learned):
    """A network on a continuous path. net(x_t, t, y) -> like x_t, answering `target` ("u" by default, by eq. 9 of Lipman et al.).

    label_drop: share of the labels replaced by "no label" while training, drawn for each sample (for guidance).
    Raises ValueError for an unknown target. Warns when the net's t_scale is 1, where t in [0, 1] barely moves a sinusoidal
    embedding, and when it takes the times beyond 10,000, the reach of a sinusoidal embedding.
    """

    rule = staticmethod(euler)

    def __init__(self, net: nn.Module, path: Path = LinearPath(), target: str = "u", *, label_drop: float = 0.0):
        super().__init__(net, path, target, label_drop=label_drop)
        scale = getattr(net, "t_scale", None)
        if scale == 1 or (scale is not None and scale > FAR):
            trouble = "trains a little more slowly" if scale == 1 else "hardly learns the time: it is scaled twice"
            warnings.warn(
                f"This net embeds t in [0, 1] with t_scale={scale:g} and {trouble}; build it with t_scale=20 to t_scale=1000: "
                "on two moons 20 was as accurate as 1000, and smoother in time (up to 1,600 steps the bare t, one number without "
                "an embedding, was ahead of both).",
                stacklevel=2,
            )

    # ---- in the papers' notation ----

    def velocity(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        """u(x_t, t) = E[dx_t/dt | x_t], the right-hand side of the ODE; t a float or (B,)."""
        return self.estimate(x_t, t, y).velocity(self.path.coeffs(t, like=x_t))
