r"""the best linear denoiser

Data with the mean `m` (D,) and the covariance `C` (D, D) are noised, $x_t = \alpha x + \sigma \varepsilon$. Of all denoisers
that are an affine function of $x_t$, one has the smallest mean square error: Wiener's filter. Return what it makes of `x_t`
(B, D).

Hint: It is the posterior mean if the data are normal. Which covariance has $x_t$, and which one have $x$ and $x_t$?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def linear_denoiser(x_t, m, C, alpha, sigma):
    """-> (B, D)."""
    return ...


# --- solution
# Regression of x on x_t: the covariance of the two, alpha C, times the inverse of that of x_t.
def solution(x_t, m, C, alpha, sigma):
    total = alpha**2 * C + sigma**2 * torch.eye(len(m), dtype=C.dtype)
    away = torch.linalg.solve(total, (x_t - alpha * m).T)
    return m + (alpha * C @ away).T


# --- checker
def regression(x_t: Tensor, m: Tensor, cross: Tensor, total: Tensor, centre: Tensor) -> Tensor:
    """m plus what the deviation of x_t from its centre says."""
    return m + (x_t - centre) @ torch.linalg.inv(total) @ cross.T


def white(C: Tensor) -> Tensor:
    return torch.eye(len(C), dtype=C.dtype)


def cases(g: torch.Generator) -> list[tuple]:
    found, like = [], torch.zeros(0, dtype=torch.float64)
    for B, D, alpha, sigma in ((5, 3, 0.6, 0.5), (4, 2, 0.8, 0.3)):
        root = randn((D, D), like=like, generator=g)
        m, x_t = 1 + randn((D,), like=like, generator=g), randn((B, D), like=like, generator=g)
        found.append((x_t, m, root @ root.T, alpha, sigma))
    return found


check = Exercise(
    solution,
    cases,
    see="15_memorise_or_generalise: Who decides the locality",
    mistakes={
        "the mean forgotten": Mistake(
            lambda x_t, m, C, alpha, sigma: regression(
                x_t, 0 * m, alpha * C, alpha**2 * C + sigma**2 * white(C), 0 * m
            ),
            "That shrinks everything towards the origin. Without any information the best guess is the mean of the data.",
        ),
        "the centre without alpha": Mistake(
            lambda x_t, m, C, alpha, sigma: regression(x_t, m, alpha * C, alpha**2 * C + sigma**2 * white(C), m),
            "The noisy points lie around alpha times the mean. What is filtered is their deviation from there.",
        ),
        "alpha forgotten": Mistake(
            lambda x_t, m, C, alpha, sigma: regression(x_t, m, C, alpha**2 * C + sigma**2 * white(C), alpha * m),
            "The covariance of x and x_t has one factor alpha. Without it the filter denoises alpha times too strongly.",
        ),
        "alpha not squared": Mistake(
            lambda x_t, m, C, alpha, sigma: regression(x_t, m, alpha * C, alpha * C + sigma**2 * white(C), alpha * m),
            "In the covariance of x_t both factors carry an alpha: alpha squared times C.",
        ),
        "sigma not squared": Mistake(
            lambda x_t, m, C, alpha, sigma: regression(x_t, m, alpha * C, alpha**2 * C + sigma * white(C), alpha * m),
            "What is added to the covariance is a variance: sigma squared.",
        ),
        "the signal left": Mistake(
            lambda x_t, m, C, alpha, sigma: regression(
                x_t, alpha * m, alpha**2 * C, alpha**2 * C + sigma**2 * white(C), alpha * m
            ),
            "That is the best guess of alpha times x, the clean part of x_t. The denoiser is asked for x.",
        ),
    },
)
