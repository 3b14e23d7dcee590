"""The target v: make_v(x, eps, alpha, sigma) -> (B, d). x, eps: (B, d). alpha, sigma: (B, 1), alpha^2 + sigma^2 = 1."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand, randn

SEE = "03_what_the_net_predicts: v is a rotation"


def answer(x: Tensor, eps: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x_t turned by a right angle."""
    return alpha * eps - sigma * x


def vp(g: torch.Generator, n: int = 20) -> tuple[Tensor, Tensor]:
    """alpha and sigma of n random angles, (n, 1) each."""
    angle = 0.1 + 1.3 * rand(n, generator=g)[:, None]
    return angle.cos(), angle.sin()


check = Exercise(
    answer,
    lambda g: [(randn((20, 2), generator=g), randn((20, 2), generator=g), *vp(g))],
    mistakes=[
        Mistake(
            "the other sign of v",
            lambda x, eps, alpha, sigma: sigma * x - alpha * eps,
            "Some codes call this v. Salimans and Ho's v, and this book's, points from data to noise: alpha eps - sigma x.",
            SEE,
        ),
        Mistake(
            "the sign of a wrong formula",
            lambda x, eps, alpha, sigma: -sigma * x - alpha * eps,
            "With both signs minus the target is nearly a multiple of x_t where alpha = sigma, and tells nothing new there.",
            "03_what_the_net_predicts: Where each determinant vanishes",
        ),
        Mistake(
            "alpha and sigma exchanged",
            lambda x, eps, alpha, sigma: sigma * eps - alpha * x,
            "Near the data, alpha is 1 and v must ask for the noise. The derivative of alpha is -sigma, that of sigma is alpha.",
            SEE,
        ),
        Mistake(
            "the noisy state itself",
            lambda x, eps, alpha, sigma: alpha * x + sigma * eps,
            "That is x_t, which the net is given. v is its rotation by a right angle.",
            SEE,
        ),
        Mistake(
            "the velocity of the straight path",
            lambda x, eps, alpha, sigma: x - eps,
            "x - eps is the target u of flow matching's straight path. v belongs to VP paths.",
            "03_what_the_net_predicts: Who predicts what",
        ),
    ],
)
