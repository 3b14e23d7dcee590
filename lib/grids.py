"""The times that a sampler visits: K steps have K + 1 points, the last of which is clean data.

Flow matching's clock is walked in equal steps from 0 to 1 (`even_grid`). DDPM's counts 0 ... T-1 and ends on -1, the clean data;
which of its times K steps should visit is a choice, and libraries differ. EDM chooses noise levels in place of times.
"""

import torch
from torch import Tensor

from lib.checks import check_number, check_whole


def even_grid(steps: int) -> Tensor:
    """Return steps + 1 evenly spaced float64 times from 0 to 1."""
    check_whole("steps", steps)
    if steps < 1:
        raise ValueError(f"A grid needs at least one step, got {steps}.")
    return torch.linspace(0, 1, steps + 1, dtype=torch.float64)


def trailing_grid(T: int, steps: int) -> Tensor:
    """T-1 and then evenly down: 999, 749, 499, 249, -1 for 4 steps of T = 1000 (Lin et al. 2024, Table 2)."""
    _check_steps(T, steps)
    return torch.cat(
        [(torch.arange(steps, 0, -1, dtype=torch.float64) * T / steps).round().long() - 1, torch.tensor([-1])]
    )


def leading_grid(T: int, steps: int) -> Tensor:
    """Multiples of T // steps, ending on 0: 750, 500, 250, 0, -1. Starts below T-1, although x starts as pure noise."""
    _check_steps(T, steps)
    return torch.cat([torch.arange(steps - 1, -1, -1) * (T // steps), torch.tensor([-1])])


def quadratic_grid(T: int, steps: int) -> Tensor:
    """Squares of evenly spaced numbers up to 0.8 T: dense near the data (Song et al. 2021, appendix D.2, for CIFAR-10).

    Near 0 more than about sqrt(T) steps would repeat a time; there the grid takes consecutive times 0, 1, 2, ... instead.
    """
    _check_steps(T, steps)
    i = torch.arange(steps - 1, -1, -1)
    # (i / (steps - 1))^2 * 0.8 T in whole numbers: a rounded root, squared, can fall just below one.
    squares = 4 * T * i**2 // (5 * (steps - 1) ** 2) if steps > 1 else torch.tensor([4 * T // 5])
    return torch.cat([squares.maximum(i), torch.tensor([-1])])


def karras_sigmas(steps: int, low: float = 0.002, high: float = 80.0, rho: float = 7.0) -> Tensor:
    """EDM's noise levels: steps from `high` down to `low`, even in their rho-th root, and then 0 (Karras et al. 2022, eq. 5).

    Their sigma is our sigma / alpha, so a level is the log-SNR -2 log(level). rho = 1 is evenly spaced, a large rho nearly
    geometric, with most of the levels near the data. Raises ValueError unless 0 < low < high and rho > 0.
    """
    check_whole("steps", steps)
    if steps < 1:
        raise ValueError(f"A grid needs at least one step, got {steps}.")
    for name, value in {"low": low, "high": high, "rho": rho}.items():
        check_number(name, value)
    if not (0 < low < high and rho > 0):
        raise ValueError(f"Need 0 < low < high and rho > 0, got {low}, {high} and {rho}.")
    ramp = torch.linspace(high ** (1 / rho), low ** (1 / rho), steps, dtype=torch.float64)
    return torch.cat([ramp**rho, torch.zeros(1, dtype=torch.float64)])


def _check_steps(T: int, steps: int) -> None:
    check_whole("T", T)
    check_whole("steps", steps)
    if not 1 <= steps <= T:
        raise ValueError(f"A schedule of T = {T} steps can be walked in 1 to {T} steps, got {steps}.")
