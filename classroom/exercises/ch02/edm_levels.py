r"""the stops of EDM

Write EDM's noise levels: $K$ of them from `high` down to `low`, evenly spaced in their $\rho$-th root, and then 0. A
level is $\sigma/\alpha$, so these are $K + 1$ stops for $K$ steps.

Hint: Space the roots, then take the power.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.grids import karras_sigmas


# --- stub
def levels(K, low, high, rho):
    """The levels of K steps: a tensor of shape (K + 1,)."""
    return ...


# --- solution
def solution(K, low, high, rho):
    roots = torch.linspace(high ** (1 / rho), low ** (1 / rho), K)
    return torch.cat([roots**rho, torch.zeros(1)])


# --- checker
def _end(levels: torch.Tensor) -> torch.Tensor:
    return torch.cat([levels, torch.zeros(1, dtype=torch.float64)])


def _line(first: float, last: float, K: int) -> torch.Tensor:
    return torch.linspace(first, last, K, dtype=torch.float64)


check = Exercise(
    solution,
    lambda g: [(5, 0.002, 80.0, 7.0), (10, 0.03, 14.6, 3.0)],
    rtol=1e-4,
    see="02_noise_schedules: Three knobs that people turn",
    mistakes={
        "evenly spaced levels": Mistake(
            lambda K, low, high, rho: _end(_line(high, low, K)),
            "That is rho = 1. Nearly all of these stops lie at high noise.",
        ),
        "power and root exchanged": Mistake(
            lambda K, low, high, rho: _end(_line(high**rho, low**rho, K) ** (1 / rho)),
            "The levels are even in their rho-th root: first the root 1 / rho, then the power rho.",
        ),
        "from low to high": Mistake(
            lambda K, low, high, rho: torch.cat(
                [torch.zeros(1).double(), karras_sigmas(K, low, high, rho)[:-1].flip(0)]
            ),
            "A sampler walks from the noise to the data: the highest level comes first.",
        ),
        "even in the logarithm": Mistake(
            lambda K, low, high, rho: _end(torch.logspace(0, 1, K, base=low / high, dtype=torch.float64) * high),
            "That is the limit of a very large rho. Libraries call it exponential.",
        ),
        "K + 1 levels down to low, then 0 in place of the last": Mistake(
            lambda K, low, high, rho: _end(karras_sigmas(K + 1, low, high, rho)[:K]),
            "The lowest level is a stop of its own: K levels from high to low, and 0 after them.",
        ),
    },
)
