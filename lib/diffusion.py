"""DDPM (Ho et al. 2020): noise is added in T small discrete steps, and a network learns to take them back.

    q(x_t | x_{t-1}) = N(sqrt(1 - beta_t) x_{t-1}, beta_t I),    alpha_bar_t = prod_{s <= t} (1 - beta_s)
    q(x_t | x_data)  = N(sqrt(alpha_bar_t) x_data, (1 - alpha_bar_t) I)                                            (*)

so on this path alpha = sqrt(alpha_bar) and sigma = sqrt(1 - alpha_bar). The papers' alpha_t = 1 - beta_t never appears here.

Clock: int64 t in {0, ..., T-1}, larger is noisier, as the code of the paper counts (its text counts from 1); -1 is clean data.
A schedule of betas fixes alpha_bar and nothing else does: not the data, not its dimension.
"""

import math
import warnings

import torch
from torch import Tensor, nn

from lib.checks import as_table, check_alike, check_floats, check_number, check_whole
from lib.grids import trailing_grid
from lib.learned import Learned
from lib.prediction import Coeffs, Time, check_time, is_float, log_snr, per_sample, span
from lib.samplers import ancestral

NOTHING = 1e-30  # of the data's variance: no schedule of betas leaves so little before its end
FAR = 10_000  # the longest period of a net's time embedding: beyond it a time looks like another


def linear_betas(T: int, start: float = 1e-4, end: float = 0.02, *, rescale: bool = True) -> Tensor:
    """(T,) float64, evenly spaced. The defaults are Ho et al. 2020 for T = 1000.

    For another T, start and end are multiplied by 1000/T, which keeps the total noise; `rescale=False` leaves them, and a short
    schedule then stops far from pure noise (T = 50: alpha_bar_T = 0.60). Raises ValueError where rescaling pushes a beta to 1.
    """
    _check_betas(T, start, end)
    factor = 1000 / T if rescale else 1.0
    if end * factor >= 1:
        raise ValueError(
            f"At T = {T} the last rescaled beta is {end * factor:.3g} >= 1. Take more steps, or cosine_betas."
        )
    return torch.linspace(start * factor, end * factor, T, dtype=torch.float64)


def scaled_linear_betas(T: int = 1000, start: float = 0.00085, end: float = 0.012) -> Tensor:
    """(T,) float64, evenly spaced in sqrt(beta): Stable Diffusion's schedule.

    Shipped for comparison: it leaves alpha_bar_T = 0.0047, so sampling from N(0, I) does not match its training.
    """
    _check_betas(T, start, end)
    return torch.linspace(math.sqrt(start), math.sqrt(end), T, dtype=torch.float64).square()


def cosine_betas(T: int, s: float = 0.008, max_beta: float = 0.999) -> Tensor:
    """(T,) float64, Nichol & Dhariwal 2021, eq. 17.

    alpha_bar(t) = f(t) / f(0),  f(t) = cos^2((t/T + s) / (1 + s) * pi/2);  beta_t = 1 - alpha_bar(t) / alpha_bar(t-1), at most
    max_beta. The betas are derived from alpha_bar, not the other way round.
    """
    _check_betas(T, max_beta)
    check_number("s", s, 0, 1)
    u = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((u + s) / (1 + s) * math.pi / 2).square()
    return (1 - f[1:] / f[:-1]).clamp(max=max_beta)


def sigmoid_betas(T: int, start: float = -3.0, end: float = 3.0, tau: float = 1.0, max_beta: float = 0.999) -> Tensor:
    """(T,) float64, the sigmoid schedule of Jabri et al. 2023 (Chen 2023, Algorithm 1, with its `start`, `end` and `tau`).

    alpha_bar(t) = (g(1) - g(t/T)) / (g(1) - g(0)),  g(u) = sigmoid((start + u (end - start)) / tau); a smaller tau is steeper in
    the middle. It shapes alpha_bar; the "sigmoid" of diffusers shapes the betas and is another schedule.
    Raises ValueError unless start < end and tau > 0, and where g is too flat to tell two steps apart.
    """
    _check_betas(T, max_beta)
    for name, value in {"start": start, "end": end, "tau": tau}.items():
        check_number(name, value)
    if not (start < end and tau > 0):
        raise ValueError(f"Need start < end and tau > 0, got {start}, {end} and {tau}.")
    u = torch.arange(T + 1, dtype=torch.float64) / T
    g = torch.sigmoid((start + u * (end - start)) / tau)
    left = g[-1] - g  # falls from g(1) - g(0) to 0
    if not (left[:-1] > 0).all():
        raise ValueError(f"With tau = {tau} the sigmoid is flat at its ends: take a larger one, or nearer ends.")
    return (1 - left[1:] / left[:-1]).clamp(max=max_beta)


def zero_terminal_snr(betas: Tensor) -> Tensor:
    """Shift and stretch sqrt(alpha_bar) until the last is exactly 0 (Lin et al. 2024, Algorithm 1). The last beta becomes 1.

    A net for such a schedule cannot predict eps: the determinant vanishes at T. Use "v" (or "x0").
    Raises ValueError for betas outside (0, 1), and for a single one, which has nothing to be stretched to.
    """
    root = DiscreteSchedule(betas).alpha_bars.sqrt()
    _check_T(len(root))
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    alpha_bars = root.square()
    return 1 - torch.cat([alpha_bars[:1], alpha_bars[1:] / alpha_bars[:-1]])


def _check_betas(T: int, *betas: float) -> None:
    _check_T(T)
    for beta in betas:
        check_number("A beta", beta, 0, 1)


def _check_T(T: int) -> None:
    check_whole("T", T)
    if T < 2:
        raise ValueError(f"A schedule needs T >= 2 steps, got {T}.")


class DiscreteSchedule:
    """The path of DDPM: betas (T,) -> alpha, sigma at the times -1 (clean), 0, ..., T-1. Tables in float64, cast at use.

    A value: two schedules with the same betas are equal.

    Raises ValueError for betas outside (0, 1), and for those that add no noise at first or leave no data before the last step.
    Only the last may be exactly 1, which is a zero terminal SNR.
    """

    def __init__(self, betas: Tensor):
        betas = as_table("betas", betas)
        if betas.ndim != 1 or len(betas) < 1:
            raise ValueError(f"betas must be one-dimensional, one for each step, got shape {tuple(betas.shape)}.")
        if not ((betas > 0) & (betas < 1))[:-1].all() or not 0 < betas[-1] <= 1:
            raise ValueError(
                f"Every beta must lie in (0, 1), and only the last may be 1; got values from {betas.min():g} to {betas.max():g}. "
                "Were alpha_bars or alphas passed instead of betas?"
            )
        self.betas = betas
        self.alpha_bars = torch.cumprod(1 - betas, 0)
        if self.alpha_bars[0] == 1 or (self.alpha_bars[:-1] < NOTHING).any():
            raise ValueError(
                "The first of these betas adds no noise, or the data is gone before the last step (alpha_bar below "
                f"{NOTHING:g}). Were alpha_bars or alphas passed instead of betas?"
            )
        self.T = len(betas)
        self.t_noise, self.t_data = self.T - 1, -1
        bars = torch.cat([torch.ones(1, dtype=torch.float64), self.alpha_bars])  # entry t + 1 belongs to time t
        self._table = torch.stack([bars.sqrt(), (1 - bars).sqrt()])
        self._rows = [Coeffs(alpha, sigma) for alpha, sigma in self._table.T.tolist()]
        self._tables = {}  # moved to where they were asked for, in the precision that was asked for

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DiscreteSchedule) and torch.equal(self.betas, other.betas)

    def __hash__(self) -> int:
        return hash(tuple(self.betas.tolist()))

    def __repr__(self) -> str:
        return f"DiscreteSchedule(T={self.T}, betas from {self.betas[0]:.3g} to {self.betas[-1]:.3g})"

    def coeffs(self, t: Time, like: Tensor | None = None) -> Coeffs:
        """Give alpha and sigma at the integer time t: floats for a number, for (B,) tensors that broadcast against `like`.

        Without `like` they are (B,), in float64 on the CPU and in float32 elsewhere: not every device has float64.

        Raises TypeError for float times and ValueError for times outside -1 ... T-1, or of a shape other than () and (B,).
        """
        check_time(t, like)
        if is_float(t):
            raise TypeError(
                f"This clock counts steps: t must be int64 in 0 ... {self.T - 1} (-1 is clean data). "
                "Float times in [0, 1] belong to FlowMatching and its paths."
            )
        low, high = span(t)
        if low < -1 or high >= self.T:
            raise ValueError(f"t must lie in -1 ... {self.T - 1}, got values from {low} to {high}.")
        if not isinstance(t, Tensor):
            return self._rows[t + 1]
        device, dtype = t.device, torch.float64 if t.device.type == "cpu" else torch.float32
        if like is not None:
            device, dtype = like.device, like.dtype
        alpha, sigma = self._on(device, dtype)[:, t.long().to(device) + 1]
        return Coeffs(per_sample(alpha, like), per_sample(sigma, like))

    def _on(self, device: torch.device, dtype: torch.dtype) -> Tensor:
        """The table of alpha and sigma there: rounded before it is moved, for not every device has float64."""
        if (device, dtype) not in self._tables:
            self._tables[device, dtype] = self._table.to(dtype).to(device)
        return self._tables[device, dtype]

    def grid(self, steps: int) -> Tensor:
        """Return steps + 1 integer times from T-1 to -1, "trailing" spacing: 999, 749, 499, 249, -1."""
        return trailing_grid(self.T, steps)

    def times(self, u: Tensor) -> Tensor:
        """Numbers u in [0, 1) -> times 0 ... T-1, equally likely when u is uniform. Raises ValueError for other numbers."""
        check_floats("u", u)
        low, high = span(u) if u.numel() else (0, 0)
        if not (low >= 0 and high <= 1):  # 1 itself is what rounding makes of the largest
            raise ValueError(
                f"Times are made of numbers in [0, 1), got some from {low:g} to {high:g}: a share of the clock."
            )
        return (u * self.T).long().clamp(0, self.T - 1)

    def log_snr(self, t: Time) -> Time:
        """The log-SNR lambda = 2 log(alpha / sigma), like t, in float64. Infinite at clean data."""
        return log_snr(self.coeffs(t))

    def nearest(self, log_snrs: Tensor) -> Tensor:
        """Log-SNRs (N,) -> the times (N,) int64 whose own are nearest; -1, clean data, for infinity.

        With it a net walks the stops of another schedule. Raises ValueError for NaN.
        """
        levels = as_table("log_snrs", log_snrs)
        if levels.ndim != 1 or levels.isnan().any():
            raise ValueError(f"log_snrs must be numbers (N,), got shape {tuple(levels.shape)} or NaN among them.")
        own = self.log_snr(torch.arange(self.T))
        times = (
            (own - levels[:, None]).abs().nan_to_num(nan=0.0).argmin(1)
        )  # nan: a zero terminal SNR, asked for itself
        return torch.where(levels == math.inf, -1, times)


class DDPM(Learned):
    """A network on DDPM's path. net(x_t, t, y) -> like x_t, answering `target`: "eps" (L_simple, eq. 14), "x0" or "v".

    label_drop: share of the labels replaced by "no label" while training, drawn for each sample (for guidance).
    Raises ValueError for an unknown target and for "u", which has no meaning on a discrete schedule. Warns when the net's t_scale
    takes the times beyond 10,000, the reach of a sinusoidal embedding.
    """

    rule = staticmethod(ancestral)  # Algorithm 2

    def __init__(
        self, net: nn.Module, betas: Tensor = linear_betas(1000), target: str = "eps", *, label_drop: float = 0.0
    ):
        super().__init__(net, DiscreteSchedule(betas), target, label_drop=label_drop)
        scale = getattr(net, "t_scale", None)
        if scale is not None and scale * self.path.T > FAR:
            warnings.warn(
                f"This net embeds t in 0 ... {self.path.T - 1} with t_scale={scale:g}, which suits flow matching's [0, 1]; "
                "build it with t_scale=1.",
                stacklevel=2,
            )

    @property
    def betas(self) -> Tensor:
        """The betas (T,) of its path."""
        return self.path.betas

    # ---- in the paper's notation ----

    def add_noise(self, x_data: Tensor, eps: Tensor, t: Time) -> Tensor:
        """Eq. 4, reparametrised: x_t = sqrt(alpha_bar_t) x_data + sqrt(1 - alpha_bar_t) eps."""
        check_alike("eps", eps, "x_data", x_data)
        return self.path.coeffs(t, like=x_data).add_noise(x_data, eps)

    def posterior(self, x_t: Tensor, x_data: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        """Mean and variance of q(x_{t-1} | x_t, x_data), eq. 6 and 7, from the betas alone. t in 0 ... T-1, a number or (B,)."""
        check_alike("x_t", x_t, "x_data", x_data)
        self.path.coeffs(t, like=x_t)  # refuses a time of another clock
        t = torch.as_tensor(t).long().cpu()  # where the tables are, in float64
        if (t < 0).any():
            raise ValueError(
                "A posterior has a step to take back: t must lie in 0 ... T-1, and -1 is clean data already."
            )
        beta, bar = self.path.betas[t], self.path.alpha_bars[t]
        bar_before = torch.where(t > 0, self.path.alpha_bars[t - 1], torch.ones_like(bar))
        of_data = bar_before.sqrt() * beta / (1 - bar)
        of_x_t = (1 - beta).sqrt() * (1 - bar_before) / (1 - bar)
        mean = per_sample(of_data, x_t) * x_data + per_sample(of_x_t, x_t) * x_t
        return mean, per_sample((1 - bar_before) / (1 - bar) * beta, x_t)
