"""Answers to the exercises of chapter 02."""

import math

import numpy as np
import torch

from lib import DiscreteSchedule, linear_betas, zero_terminal_snr
from tests.exercises.answers import Answers


def cosine_by_loop(T):
    def f(t, s=0.008):
        return math.cos((t / T + s) / (1 + s) * math.pi / 2) ** 2

    return torch.tensor([f(t) / f(0) for t in range(1, T + 1)])


def cosine_with_numpy(T):
    angle = (np.arange(T + 1) / T + 0.008) * np.pi / 2 / 1.008
    return (np.cos(angle) / np.cos(angle[0]))[1:] ** 2


def cosine(T, s=0.008, power=2, divide=True, first=1):
    """The formula with its details as knobs, to get each of them wrong."""
    t = torch.arange(first, T + first) / T
    start = math.cos(s / (1 + s) * math.pi / 2) if divide else 1
    return (torch.cos((t + s) / (1 + s) * math.pi / 2) / start) ** power


def powered(u, low, high, rho):
    """A level between high (u = 0) and low (u = 1)."""
    return (high ** (1 / rho) + u * (low ** (1 / rho) - high ** (1 / rho))) ** rho


# --- marginal


def jump_by_schedule(x, eps, t, betas):
    c = DiscreteSchedule(betas).coeffs(t, like=x)
    return c.alpha * x + c.sigma * eps


def jump_by_loop(x, eps, t, betas):
    states = []
    for one, noise, when in zip(x, eps, t.tolist()):
        bar = math.prod((1 - b) for b in betas[: when + 1].tolist())
        states.append(math.sqrt(bar) * one + math.sqrt(1 - bar) * noise)
    return torch.stack(states)


def jump(x, eps, t, bars, signal=math.sqrt, noise=math.sqrt):
    bars = [max(min(float(bars[i]), 1.0), 0.0) for i in t.tolist()]
    return torch.stack([signal(b) * one + noise(1 - b) * other for one, other, b in zip(x, eps, bars)])


def bars(betas):
    return (1 - betas).log().cumsum(0).exp()


# --- ratios


def betas_by_loop(alpha_bars):
    before, found = 1.0, []
    for now in alpha_bars.tolist():
        found.append(min(1 - now / before, 0.999))
        before = now
    return found


def betas_with_numpy(alpha_bars):
    whole = np.concatenate([[1.0], alpha_bars.numpy()])
    return np.minimum(1 - whole[1:] / whole[:-1], 0.999)


# --- nothing


def to_zero_by_betas(alpha_bars):
    before = torch.cat([torch.ones(1).double(), alpha_bars[:-1]])
    return torch.cumprod(1 - zero_terminal_snr(1 - alpha_bars / before), 0)


def to_zero_by_line(alpha_bars):
    a = alpha_bars**0.5
    stretch = a[0] / (a[0] - a[-1])
    return (stretch * a - stretch * a[-1]).square()


ANSWERS = {
    "fifty_linear_steps": Answers(
        right=[0.603, math.exp(-50 * 0.01005)],
        wrong={
            "the sum for the exponential": 0.4975,
            "the amplitude": 0.7764,
            "the variance of the noise": 0.397,
            "as if there were a thousand steps": 4.036e-5,
            "the last step alone": 0.98,
        },
    ),
    "forward_jump": Answers(
        right=[jump_by_schedule, jump_by_loop],
        wrong={
            "alpha-bar without its root": lambda x, e, t, b: jump(x, e, t, bars(b), signal=float),
            "the noise's variance without its root": lambda x, e, t, b: jump(x, e, t, bars(b), noise=float),
            "alpha for alpha-bar": lambda x, e, t, b: jump(x, e, t, 1 - b),
            "signal and noise exchanged": lambda x, e, t, b: jump_by_schedule(e, x, t, b),
            "one time for all samples": lambda x, e, t, b: jump(x, e, t[0].expand(len(t)), bars(b)),
            "one step too few": lambda x, e, t, b: jump_by_schedule(x, e, t - 1, b),
            "the sum of the betas": lambda x, e, t, b: jump(x, e, t, 1 - b.cumsum(0)),
        },
    ),
    "linear_any_steps": Answers(
        right=[
            lambda T: linear_betas(T),
            lambda T: [1000 / T * (1e-4 + i * (0.02 - 1e-4) / (T - 1)) for i in range(T)],
        ],
        wrong={
            "left as they are": lambda T: linear_betas(T, rescale=False),
            "the factor upside down": lambda T: linear_betas(T, rescale=False) * T / 1000,
            "only the last beta": lambda T: torch.linspace(0.0001, 20 / T, T),
            "a thousand betas, every so many": lambda T: linear_betas(1000)[range(0, 1000, 1000 // T)],
        },
    ),
    "betas_from_curve": Answers(
        right=[betas_by_loop, betas_with_numpy],
        wrong={
            "no clip": lambda a: 1 - a / torch.cat([torch.ones(1).double(), a[:-1]]),
            "the rest of alpha-bar": lambda a: torch.minimum(1 - a, torch.tensor(0.999)),
            "the first step lost": lambda a: [0.0, *betas_by_loop(a)[1:]],
            "ratios of amplitudes": lambda a: betas_by_loop(a.sqrt()),
            "differences for ratios": lambda a: -np.diff(np.concatenate([[1.0], a.numpy()])),
        },
    ),
    "shifted_to_zero_snr": Answers(
        right=[to_zero_by_betas, to_zero_by_line],
        wrong={
            "alpha-bar moved, not its root": lambda a: a[0] * (a - a[-1]) / (a[0] - a[-1]),
            "the last set to zero": lambda a: a * (torch.arange(len(a)) < len(a) - 1),
            "shifted, not stretched": lambda a: a - 2 * (a * a[-1]).sqrt() + a[-1],
            "the root returned": lambda a: to_zero_by_line(a).sqrt(),
            "stretched to one": lambda a: to_zero_by_line(a) / a[0],
        },
    ),
    "edm_levels": Answers(
        right=[
            lambda K, low, high, rho: [*(powered(i / max(K - 1, 1), low, high, rho) for i in range(K)), 0.0],
            lambda K, low, high, rho: np.append(np.linspace(high ** (1 / rho), low ** (1 / rho), K) ** rho, 0),
        ],
        wrong={
            "evenly spaced levels": lambda K, low, high, rho: [*np.linspace(high, low, K), 0],
            "power and root exchanged": lambda K, low, high, rho: [
                *(powered(u, low, high, 1 / rho) for u in np.linspace(0, 1, K)),
                0,
            ],
            "from low to high": lambda K, low, high, rho: [
                0,
                *(powered(u, low, high, rho) for u in np.linspace(1, 0, K)),
            ],
            "even in the logarithm": lambda K, low, high, rho: [*np.geomspace(high, low, K), 0],
            "K + 1 levels down to low, then 0 in place of the last": lambda K, low, high, rho: [
                *(powered(i / K, low, high, rho) for i in range(K)),
                0,
            ],
        },
    ),
    "cosine_schedule": Answers(
        right=[cosine_by_loop, cosine_with_numpy],
        wrong={
            "the missing square": lambda T: cosine(T, power=1),
            "the missing division by f(0)": lambda T: cosine(T, divide=False),
            "the missing offset": lambda T: cosine(T, s=0),
            "s = 0.08": lambda T: cosine(T, s=0.08),
            "the clock not divided by 1 + s": lambda T: [
                math.cos(math.pi * (t / T + 0.008) / 2) ** 2 / math.cos(math.pi * 0.004) ** 2 for t in range(1, T + 1)
            ],
            "counted from zero": lambda T: cosine(T, first=0),
        },
    ),
}
