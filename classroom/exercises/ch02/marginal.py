"""Eq. (★): jump(x, eps, t, betas) -> x_t of the shape of x. x, eps: (B, ...). t: (B,), integers 0, ..., T-1; betas: (T,)."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import cosine_betas, linear_betas
from lib.seeding import randn

SEE = "02_noise_schedules: Eq. (★): the closed-form marginal"


def answer(x: Tensor, eps: Tensor, t: Tensor, betas: Tensor) -> Tensor:
    """sqrt(alpha-bar) x + sqrt(1 - alpha-bar) eps, each sample at its own time."""
    return mix(x, eps, torch.cumprod(1 - betas, 0)[t])


def mix(x: Tensor, eps: Tensor, alpha_bar: Tensor, signal: float = 0.5, noise: float = 0.5) -> Tensor:
    """The two parts with powers of alpha-bar and of the rest."""
    alpha_bar = alpha_bar.reshape(-1, *[1] * (x.ndim - 1)).to(x)
    return alpha_bar**signal * x + (1 - alpha_bar) ** noise * eps


def _cases(g: torch.Generator) -> list[tuple]:
    shapes = ((6, 2), (4, 1, 3, 3))
    return [
        (randn(shape, generator=g), randn(shape, generator=g), torch.randint(5, 90, shape[:1], generator=g), betas)
        for shape, betas in zip(shapes, (linear_betas(100), cosine_betas(100)))
    ]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "alpha-bar without its root",
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t], signal=1),
            "alpha-bar is a variance. The data is multiplied by its root.",
            SEE,
        ),
        Mistake(
            "the noise's variance without its root",
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t], noise=1),
            "1 - alpha-bar is the variance of the noise; it is multiplied by the standard deviation.",
            SEE,
        ),
        Mistake(
            "alpha for alpha-bar",
            lambda x, eps, t, betas: mix(x, eps, (1 - betas)[t]),
            "1 - beta_t is the factor of one step. The state at t has passed all steps up to t: take the product.",
            SEE,
        ),
        Mistake(
            "signal and noise exchanged",
            lambda x, eps, t, betas: mix(eps, x, torch.cumprod(1 - betas, 0)[t]),
            "The root of alpha-bar, near 1 at the first steps, belongs to the data: a few steps hardly change it.",
            SEE,
        ),
        Mistake(
            "one time for all samples",
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t[:1]]),
            "The first sample is right. The others have times of their own: index alpha-bar with the whole of t.",
            SEE,
        ),
        Mistake(
            "one step too few",
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t - 1]),
            "In the code t = 0 is the state after the first step, so the entry of t is number t. Clean data is at -1.",
            "02_noise_schedules: A thousand small steps",
        ),
        Mistake(
            "the sum of the betas",
            lambda x, eps, t, betas: mix(x, eps, (1 - torch.cumsum(betas, 0)[t]).clamp(0, 1)),
            "Each step shrinks what the steps before have left: factors are multiplied, not added.",
            SEE,
        ),
    ],
)
