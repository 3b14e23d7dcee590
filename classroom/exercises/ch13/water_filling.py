"""the lake

An image has $n$ numbers with the variances `kappa` (shape $(n,)$, the largest first) along its principal axes. The
best linear autoencoder with $m < n$ numbers is trained with the KL weight `beta`, in the loss of this chapter: a mean
over $n$ numbers of the image plus `beta` times a mean over $m$ latents. How large is its squared error, summed over
the image?

Hint: First the water level, from the weight. Then there are three kinds of axes: above the water, below it, and those
for which the latent has no number.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def error(kappa, beta, m):
    """The squared error of an image: a number."""
    return ...


# --- solution
def solution(kappa, beta, m):
    level = len(kappa) * beta / (2 * m)  # rho^2
    # Kept axes lose exactly the level, flooded ones all they have; beyond m nothing is kept.
    return kappa[:m].clamp(max=level).sum() + kappa[m:].sum()


# --- checker
def _level(kappa: Tensor, level: float, m: int) -> Tensor:
    return kappa[:m].clamp(max=level).sum() + kappa[m:].sum()


check = Exercise(
    solution,
    lambda g: [(3 * 0.7 ** torch.arange(12.0), 0.1, 4), (2 / torch.arange(1, 9.0), 0.3, 6), (torch.ones(6), 0.2, 3)],
    see="13_latent_diffusion: What the KL weight removes, exactly",
    mistakes={
        "kept without error": Mistake(
            lambda kappa, beta, m: (kappa[:m] * (kappa[:m] <= len(kappa) * beta / (2 * m))).sum() + kappa[m:].sum(),
            "An axis above the level is not kept perfectly: its latent is noisy, and an error of exactly the level remains.",
        ),
        "the axes beyond the latent forgotten": Mistake(
            lambda kappa, beta, m: _level(kappa, len(kappa) * beta / (2 * m), m) - kappa[m:].sum(),
            "The latent has m numbers. The other n - m axes have no number to travel in, and are lost whole.",
        ),
        "as many numbers as pixels": Mistake(
            lambda kappa, beta, m: kappa.clamp(max=len(kappa) * beta / (2 * m)).sum(),
            "Beyond the m numbers of the latent nothing is kept, however high an axis stands above the water.",
        ),
        "the level upside down": Mistake(
            lambda kappa, beta, m: _level(kappa, 2 * m * beta / len(kappa), m),
            "beta = 2 m rho^2 / n, so rho^2 = n beta / (2 m): means over "
            "few latents weigh more than means over many pixels.",
        ),
        "beta itself as the level": Mistake(
            lambda kappa, beta, m: _level(kappa, beta, m),
            "The loss has a mean over n pixels and one over m latents. In sums, the weight is beta n / m = 2 rho^2.",
        ),
        "the missing factor 2": Mistake(
            lambda kappa, beta, m: _level(kappa, beta * len(kappa) / m, m),
            "The weight in sums is 2 rho^2, because the bound has |x - dec(z)|^2 / (2 rho^2). The level is half of it.",
        ),
    },
)
