"""Reverse water-filling: error(kappa, beta, m) -> the squared error of an image under the best linear autoencoder, a number.

kappa: variances along all n axes, the largest first, (n,). beta: the KL weight. m < n: numbers of the latent.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "13_latent_diffusion: What the KL weight removes, exactly"


def answer(kappa: Tensor, beta: float, m: int) -> Tensor:
    """Kept axes lose rho^2, flooded ones all they have, and so do those beyond the latent's m numbers."""
    level = len(kappa) * beta / (2 * m)
    return kappa[:m].clamp(max=level).sum() + kappa[m:].sum()


def _level(kappa: Tensor, level: float, m: int) -> Tensor:
    return kappa[:m].clamp(max=level).sum() + kappa[m:].sum()


check = Exercise(
    answer,
    lambda g: [(3 * 0.7 ** torch.arange(12.0), 0.1, 4), (2 / torch.arange(1, 9.0), 0.3, 6), (torch.ones(6), 0.2, 3)],
    mistakes=[
        Mistake(
            "kept without error",
            lambda kappa, beta, m: (kappa[:m] * (kappa[:m] <= len(kappa) * beta / (2 * m))).sum() + kappa[m:].sum(),
            "An axis above the level is not kept perfectly: its latent is noisy, and an error of exactly the level remains.",
            SEE,
        ),
        Mistake(
            "the axes beyond the latent forgotten",
            lambda kappa, beta, m: _level(kappa, len(kappa) * beta / (2 * m), m) - kappa[m:].sum(),
            "The latent has m numbers. The other n - m axes have no number to travel in, and are lost whole.",
            SEE,
        ),
        Mistake(
            "as many numbers as pixels",
            lambda kappa, beta, m: kappa.clamp(max=len(kappa) * beta / (2 * m)).sum(),
            "Beyond the m numbers of the latent nothing is kept, however high an axis stands above the water.",
            SEE,
        ),
        Mistake(
            "the level upside down",
            lambda kappa, beta, m: _level(kappa, 2 * m * beta / len(kappa), m),
            "beta = 2 m rho^2 / n, so rho^2 = n beta / (2 m): means over few latents weigh more than means over many pixels.",
            SEE,
        ),
        Mistake(
            "beta itself as the level",
            lambda kappa, beta, m: _level(kappa, beta, m),
            "The loss has a mean over n pixels and one over m latents. In sums, the weight is beta n / m = 2 rho^2.",
            SEE,
        ),
        Mistake(
            "the missing factor 2",
            lambda kappa, beta, m: _level(kappa, beta * len(kappa) / m, m),
            "The weight in sums is 2 rho^2, because the bound has |x - dec(z)|^2 / (2 rho^2). The level is half of it.",
            SEE,
        ),
    ],
)
