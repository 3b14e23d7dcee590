r"""what the bound weighs

Write the weight $w_t$ of the squared error of the noise in the bound, for every step at once. `betas` are those of
the noising chain and `gammas` the variances of the reverse steps, both of the shape (T,). The checker tries
$\gamma_t = \beta_t$ and a smaller $\gamma_t$.

Hint: How far does the mean move when the guessed noise is off by 1? Square that, and divide by what the KL divides
by.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import linear_betas


# --- stub
def bound_weight(betas, gammas):
    """The weights w_t, shape (T,)."""
    return ...


# --- solution
def solution(betas, gammas):
    sigma2 = 1 - torch.cumprod(1 - betas, 0)
    gain2 = betas**2 / ((1 - betas) * sigma2)  # from an error of eps to one of the mean, squared
    return gain2 / (2 * gammas)


# --- checker
def _variance(betas: Tensor) -> Tensor:
    return 1 - torch.cumprod(1 - betas, 0)


def _cases(g: torch.Generator) -> list[tuple]:
    """gamma = beta; and one between beta-tilde and beta, which nothing cancels."""
    few, some = linear_betas(25), linear_betas(60)
    return [(few, few), (some, some * torch.linspace(0.5, 0.9, 60, dtype=torch.float64))]


check = Exercise(
    solution,
    _cases,
    see="04_ddpm: From the mean to the noise",
    mistakes={
        "the gain not squared": Mistake(
            lambda betas, gammas: betas / (2 * gammas * ((1 - betas) * _variance(betas)).sqrt()),
            "An error of eps enters the mean times beta / (sigma sqrt(1 - "
            "beta)). The loss is its square: square the factor.",
        ),
        "sigma for sigma squared": Mistake(
            lambda betas, gammas: solution(betas, gammas) * _variance(betas).sqrt(),
            "sigma comes squared: sigma^2 = 1 - alpha-bar, without a root.",
        ),
        "alpha-bar for 1 - beta": Mistake(
            lambda betas, gammas: solution(betas, gammas) * (1 - betas) / (1 - _variance(betas)),
            "The mean of one step is divided by sqrt(1 - beta). alpha-bar is the product over all steps.",
            "04_ddpm: Two chains",
        ),
        "gamma taken for beta": Mistake(
            lambda betas, gammas: betas / (2 * (1 - betas) * _variance(betas)),
            "With gamma = beta one beta cancels. In general it does not: gamma is an argument.",
        ),
        "gamma squared": Mistake(
            lambda betas, gammas: solution(betas, gammas) / gammas,
            "The KL of two Gaussians divides by the variance of the model, gamma, once.",
            "04_ddpm: Two Gaussians apart",
        ),
        "the missing half": Mistake(
            lambda betas, gammas: 2 * solution(betas, gammas),
            "The distance of the means is divided by twice the variance.",
            "04_ddpm: Two Gaussians apart",
        ),
    },
)
