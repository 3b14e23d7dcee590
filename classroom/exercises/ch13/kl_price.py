"""the price of a latent

The encoder answers `mu` and `log_variance`, both of one shape. Write the divergence of each Gaussian from the
standard one, number by number, as a tensor of the same shape.

Hint: Which of the two inputs needs an `exp`? Test yourself: at which mean and variance must the price be 0?
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def price(mu, log_variance):
    """KL(N(mu, exp(log_variance)) || N(0, 1)), of the shape of mu."""
    return ...


# --- solution
def solution(mu, log_variance):
    # E[-log tau - (z - mu)^2 / (2 tau^2) + z^2 / 2], with E (z - mu)^2 = tau^2 and E z^2 = mu^2 + tau^2
    return (mu**2 + log_variance.exp() - 1 - log_variance) / 2


# --- checker
check = Exercise(
    solution,
    lambda g: [
        (randn((5,), generator=g), randn((5,), generator=g)),
        (randn((2, 4, 7, 7), generator=g), torch.zeros(2, 4, 7, 7)),
    ],
    see="13_latent_diffusion: An autoencoder by hand",
    mistakes={
        "the missing half": Mistake(
            lambda mu, log_variance: mu**2 + log_variance.exp() - 1 - log_variance,
            "A Gaussian's logarithm is minus half a square. The half stays in front of all four terms.",
        ),
        "the logarithm of the deviation": Mistake(
            lambda mu, s: (mu**2 + (2 * s).exp() - 1 - 2 * s) / 2,
            "The net answers log tau^2, not log tau: exp of it is the variance already.",
        ),
        "the divergence from the other side": Mistake(
            lambda mu, s: ((1 + mu**2) / s.exp() - 1 + s) / 2,
            "This is KL(N(0, 1) || q). The bound asks for draws of the encoder's Gaussian q, so q stands on the left.",
        ),
        "the forgotten 1": Mistake(
            lambda mu, s: (mu**2 + s.exp() - s) / 2,
            "At mu = 0, tau = 1 the two Gaussians are the same and the "
            "price must be 0. The -1 comes from E (z - mu)^2 / tau^2.",
        ),
        "the mean without its square": Mistake(
            lambda mu, s: (mu.abs() + s.exp() - 1 - s) / 2,
            "The mean enters by its square: E z^2 = mu^2 + tau^2.",
        ),
    },
)
