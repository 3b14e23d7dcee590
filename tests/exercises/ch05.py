"""Answers to the exercises of chapter 05."""

import math
from functools import partial

import torch

from lib import ddim, sample
from lib.prediction import Coeffs, Estimate
from lib.samplers import Step, posterior_variance
from tests.exercises.answers import Answers

# --- member


def member_by_family(x0, eps, bar_t, bar_s, eta, z):
    """Through the share c of the old noise."""
    rho2 = bar_t * (1 - bar_s) / (bar_s * (1 - bar_t))
    c2 = 1 - eta**2 * (1 - rho2)
    return bar_s**0.5 * x0 + (1 - bar_s) ** 0.5 * (c2**0.5 * eps + (1 - c2) ** 0.5 * z)


def member(x0, eps, bar_t, bar_s, eta, z, std=None, paid=True, signal=0.5, power=1):
    """With floats, and every detail as a knob."""
    a, b = float(bar_t), float(bar_s)
    if std is None:
        std = eta * math.sqrt(posterior_variance(Coeffs(a**0.5, (1 - a) ** 0.5), Coeffs(b**0.5, (1 - b) ** 0.5)))
    else:
        std = std(a, eta)
    kept = math.sqrt(max(1 - b - std**2, 0.0)) if paid else math.sqrt(1 - b)
    return b**signal * x0 + kept * eps + std**power * z


def member_by_lib(x0, eps, bar_t, bar_s, eta, z):
    c_t, c_s = (Coeffs(bar.sqrt().item(), (1 - bar).sqrt().item()) for bar in (bar_t, bar_s))

    class Given(Step):
        def noise(self):
            return z

    return ddim(Given(None, None, None, None, c_t, c_s, None, Estimate(x0, eps), None, None), eta=eta)


def member_clipped(x0, eps, bar_t, bar_s, eta, z):
    return member(torch.maximum(torch.minimum(x0, torch.ones(())), -torch.ones(())), eps, bar_t, bar_s, eta, z)


def member_by_parts(x0, eps, bar_t, bar_s, eta, z, left, share=None):
    """The old noise's weight from left(1 - bar_t, 1 - bar_s, std)."""
    share = 1 - bar_t / bar_s if share else (1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)
    std = eta * share**0.5
    rest = max(float(left(1 - bar_t, 1 - bar_s, std)), 0.0)
    return math.sqrt(bar_s) * x0 + math.sqrt(rest) * eps + std * z


# --- upwards


def encode_by_loop(model, x, grid, first=0, last=None, ask=0, clean=False):
    """By index, with the slips as knobs."""
    times, start = grid.tolist()[first:last], x
    for i in range(len(times) - 1):
        x0, eps = model.estimate(x, torch.full((len(x),), times[i + ask]))
        bar = model.path.alpha_bars[times[i + 1]] if times[i + 1] >= 0 else torch.tensor(1.0)
        x = bar.sqrt() * (start if clean else x0) + (1 - bar).sqrt() * eps
    return x


def encode_by_ratio(model, x, grid):
    """Euler's rule for x / alpha on the clock sigma / alpha."""
    alpha, sigma = model.path.coeffs(grid)[:2]
    for i in range(len(grid) - 1):
        eps = model.estimate(x, grid[i].repeat(len(x))).eps
        x = alpha[i + 1] * (x / alpha[i] + (sigma[i + 1] / alpha[i + 1] - sigma[i] / alpha[i]) * eps)
    return x


def encode_asked_elsewhere(model, x, grid, where):
    """Euler's rule for x / alpha, the net asked at another time."""
    alpha, sigma = model.path.coeffs(grid)[:2]
    for i in range(len(grid) - 1):
        at = int(grid[i + 1]) if where == "ahead" else i
        eps = model.estimate(x, torch.full((len(x),), at)).eps
        x = alpha[i + 1] * (x / alpha[i] + (sigma[i + 1] / alpha[i + 1] - sigma[i] / alpha[i]) * eps)
    return x


def encode_by_noising(model, x, grid):
    bar = model.path.alpha_bars[grid[-1]]
    return bar**0.5 * x + (1 - bar) ** 0.5 * torch.randn(x.shape, dtype=x.dtype)


def encode_unshrunk(model, x, grid):
    sigma = model.path.coeffs(grid).sigma
    for i in range(len(grid) - 1):
        x = x + (sigma[i + 1] - sigma[i]) * model.estimate(x, grid[i].repeat(len(x))).eps
    return x


# --- warp


def straight_by_ratio(x, alpha, sigma):
    ratio = sigma / alpha
    return x / (alpha * (1 + ratio)).unsqueeze(1), 1 / (1 + ratio)


def straight_by_rows(x, alpha, sigma, state=lambda a, s: a + s, time=lambda a, s: a / (a + s)):
    rows = [row / state(a, s) for row, a, s in zip(x, alpha, sigma)]
    return torch.stack(rows), torch.stack([time(a, s) for a, s in zip(alpha, sigma)])


# --- trail


def trail_by_division(T, K):
    return [T * (K - i) // K - 1 for i in range(K + 1)]


def trail_by_linspace(T, K):
    return torch.linspace(T - 1, -1, K + 1)


# --- missing


def missing_by_std(alpha_t, sigma_t, alpha_s, sigma_s, eta, variance):
    """Through the factor of the unknown in the step, without rho."""
    std2 = eta**2 * posterior_variance(Coeffs(alpha_t, sigma_t), Coeffs(alpha_s, sigma_s))
    factor = alpha_s - alpha_t / sigma_t * (sigma_s**2 - std2) ** 0.5
    return factor**2 * variance


def missing(alpha_t, sigma_t, alpha_s, sigma_s, eta, variance, rho_power=0.5, square=2, signal=2, c_alone=False):
    rho = (alpha_t**2 / sigma_t**2 / (alpha_s**2 / sigma_s**2)) ** rho_power
    c = (1 - eta * eta * (1 - rho * rho)) ** 0.5
    return torch.tensor(alpha_s**signal * variance * (1 - (c if c_alone else c * rho)) ** square)


ANSWERS = {
    "fresh_noise": Answers(
        right=[0.2704, 0.5 * 0.6 * (1 - (0.25 / 0.75) / (0.64 / 0.36)) ** 0.5],
        wrong={
            "the noise level that is left": 0.433,
            "eta forgotten": 0.541,
            "the variance": 0.0731,
            "eta under the root": 0.3824,
            "the fraction upside down": 0.5634,
            "alpha for alpha-bar": 0.2121,
        },
    ),
    "ddim_family": Answers(
        right=[member_by_family, member, member_by_lib],
        wrong={
            "the noise level that is left": partial(member, std=lambda a, eta: eta * math.sqrt(1 - a)),
            "noise on top of a full step": partial(member, paid=False),
            "the variance for its root": partial(member, power=2),
            "alpha-bar for its root": partial(member, signal=1),
            "the square of eta": lambda x0, eps, bar_t, bar_s, eta, z: member(x0, eps, bar_t, bar_s, eta * eta, z),
            "the signal that is left": lambda x0, eps, bar_t, bar_s, eta, z: (
                member_by_family(0 * x0, eps, bar_t, bar_s, eta, z) + bar_t**0.5 * x0
            ),
            "always DDIM": lambda x0, eps, bar_t, bar_s, eta, z: bar_s.sqrt() * x0 + (1 - bar_s).sqrt() * eps,
            "always DDPM": lambda x0, eps, bar_t, bar_s, eta, z: member_by_family(x0, eps, bar_t, bar_s, 1, z),
            "x0 clipped, eps as it was": member_clipped,
            "a deviation among variances": partial(member_by_parts, left=lambda v_t, v_s, std: v_s - std),
            "more noise, not less": partial(member_by_parts, left=lambda v_t, v_s, std: v_s + std * std),
            "the direction at the time it leaves": partial(member_by_parts, left=lambda v_t, v_s, std: v_t - std * std),
            "beta for beta-tilde": partial(member_by_parts, left=lambda v_t, v_s, std: v_s - std * std, share=True),
        },
    ),
    "lost_variance": Answers(
        right=[missing_by_std, missing],
        wrong={
            "the missing square": partial(missing, square=1),
            "the knob not turned": lambda a_t, s_t, a_s, s_s, eta, v: missing_by_std(a_t, s_t, a_s, s_s, 0, v),
            "the ratio of SNRs": partial(missing, rho_power=1),
            "c alone": partial(missing, c_alone=True),
            "the signal scale forgotten": partial(missing, signal=0),
        },
    ),
    "straight_path": Answers(
        right=[straight_by_ratio, straight_by_rows],
        wrong={
            "the state left as it was": partial(straight_by_rows, state=lambda a, s: 1),
            "the clock turned round": partial(straight_by_rows, time=lambda a, s: s / (s + a)),
            "divided by alpha": partial(straight_by_rows, state=lambda a, s: a),
            "alpha taken for the time": partial(straight_by_rows, time=lambda a, s: a),
            "the root of the squares": partial(
                straight_by_rows, state=torch.hypot, time=lambda a, s: a / torch.hypot(a, s)
            ),
        },
    ),
    "ddim_inversion": Answers(
        right=[encode_by_loop, encode_by_ratio],
        wrong={
            "one step short": partial(encode_by_loop, last=-1),
            "the grid walked downwards": lambda model, x, grid: sample(model, x, len(grid) - 1, grid=grid.flip(0)),
            "asked at the other end": partial(encode_by_loop, ask=1),
            "the clean sample kept": partial(encode_by_loop, clean=True),
            "the signal not shrunk": encode_unshrunk,
            "the noise of the other end": partial(encode_asked_elsewhere, where="ahead"),
            "the index for the time": partial(encode_asked_elsewhere, where="number"),
            "one jump": lambda model, x, grid: encode_by_loop(model, x, grid[[0, -1]]),
            "noised, not encoded": encode_by_noising,
        },
    ),
    "trailing_stops": Answers(
        right=[trail_by_division, trail_by_linspace],
        wrong={
            "leading": lambda T, K: [*range(T - T // K, -1, -(T // K)), -1],
            "ends at step 0": lambda T, K: [round((T - 1) * (K - i) / K) for i in range(K + 1)],
            "counted as the papers count": lambda T, K: torch.linspace(T, 0, K + 1),
            "from the data to the noise": lambda T, K: torch.linspace(-1, T - 1, K + 1),
            "evenly, then clean data": lambda T, K: [round((T - 1) * (1 - i / (K - 1))) for i in range(K)] + [-1],
        },
    ),
}
