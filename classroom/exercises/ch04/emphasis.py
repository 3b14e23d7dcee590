"""The weight of a step in the bound: weight(betas, gammas) -> (T,). betas, gammas: (T,).

gammas: the variances of the reverse steps, the model's.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import linear_betas

SEE = "04_ddpm: From the mean to the noise"


def answer(betas: Tensor, gammas: Tensor) -> Tensor:
    """The gain from the noise to the mean, squared, over twice the variance (Ho et al. 2020, eq. 12)."""
    bars = torch.cumprod(1 - betas, 0)
    return betas**2 / (2 * gammas * (1 - betas) * (1 - bars))


def _variance(betas: Tensor) -> Tensor:
    return 1 - torch.cumprod(1 - betas, 0)


def _cases(g: torch.Generator) -> list[tuple]:
    """gamma = beta; and one between beta-tilde and beta, which nothing cancels."""
    few, some = linear_betas(25), linear_betas(60)
    return [(few, few), (some, some * torch.linspace(0.5, 0.9, 60, dtype=torch.float64))]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "the gain not squared",
            lambda betas, gammas: betas / (2 * gammas * ((1 - betas) * _variance(betas)).sqrt()),
            "An error of eps enters the mean times beta / (sigma sqrt(1 - beta)). The loss is its square: square the factor.",
            SEE,
        ),
        Mistake(
            "sigma for sigma squared",
            lambda betas, gammas: answer(betas, gammas) * _variance(betas).sqrt(),
            "sigma comes squared: sigma^2 = 1 - alpha-bar, without a root.",
            SEE,
        ),
        Mistake(
            "alpha-bar for 1 - beta",
            lambda betas, gammas: answer(betas, gammas) * (1 - betas) / (1 - _variance(betas)),
            "The mean of one step is divided by sqrt(1 - beta). alpha-bar is the product over all steps.",
            "04_ddpm: Two chains",
        ),
        Mistake(
            "gamma taken for beta",
            lambda betas, gammas: betas / (2 * (1 - betas) * _variance(betas)),
            "With gamma = beta one beta cancels. In general it does not: gamma is an argument.",
            SEE,
        ),
        Mistake(
            "gamma squared",
            lambda betas, gammas: answer(betas, gammas) / gammas,
            "The KL of two Gaussians divides by the variance of the model, gamma, once.",
            "04_ddpm: Two Gaussians apart",
        ),
        Mistake(
            "the missing half",
            lambda betas, gammas: 2 * answer(betas, gammas),
            "The distance of the means is divided by twice the variance.",
            "04_ddpm: Two Gaussians apart",
        ),
    ],
)
