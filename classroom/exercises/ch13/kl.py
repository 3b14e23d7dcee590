"""The price of a latent: kl(mu, log_variance), each (B, ...), -> the divergence of every number from N(0, 1), of that shape."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "13_latent_diffusion: An autoencoder by hand"


def answer(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mu, exp(log_variance)) || N(0, 1)), number by number."""
    return (mu**2 + log_variance.exp() - 1 - log_variance) / 2


check = Exercise(
    answer,
    lambda g: [
        (randn((5,), generator=g), randn((5,), generator=g)),
        (randn((2, 4, 7, 7), generator=g), torch.zeros(2, 4, 7, 7)),
    ],
    mistakes=[
        Mistake(
            "the missing half",
            lambda mu, log_variance: mu**2 + log_variance.exp() - 1 - log_variance,
            "A Gaussian's logarithm is minus half a square. The half stays in front of all four terms.",
            SEE,
        ),
        Mistake(
            "the logarithm of the deviation",
            lambda mu, s: (mu**2 + (2 * s).exp() - 1 - 2 * s) / 2,
            "The net answers log tau^2, not log tau: exp of it is the variance already.",
            SEE,
        ),
        Mistake(
            "the divergence from the other side",
            lambda mu, s: ((1 + mu**2) / s.exp() - 1 + s) / 2,
            "This is KL(N(0, 1) || q). The bound asks for draws of the encoder's Gaussian q, so q stands on the left.",
            SEE,
        ),
        Mistake(
            "the forgotten 1",
            lambda mu, s: (mu**2 + s.exp() - s) / 2,
            "At mu = 0, tau = 1 the two Gaussians are the same and the price must be 0. The -1 comes from E (z - mu)^2 / tau^2.",
            SEE,
        ),
        Mistake(
            "the mean without its square",
            lambda mu, s: (mu.abs() + s.exp() - 1 - s) / 2,
            "The mean enters by its square: E z^2 = mu^2 + tau^2.",
            SEE,
        ),
    ],
)
