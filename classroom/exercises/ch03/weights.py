"""What a loss weighs: weights(alpha, sigma) -> (of the eps-loss, of the v-loss), each (B,), on a VP path.

The plain square error of eps, or of v, is a square error of x0 times a weight; this is the weight.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "03_what_the_net_predicts: What the loss measures"


def answer(alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """SNR, and SNR + 1."""
    snr = (alpha / sigma) ** 2
    return snr, snr + 1


check = Exercise(
    answer,
    lambda g: [(torch.linspace(1.4, 0.15, 30).cos(), torch.linspace(1.4, 0.15, 30).sin())],
    mistakes=[
        Mistake(
            "gains not squared",
            lambda alpha, sigma: (alpha / sigma, 1 / sigma),
            "These are the factors of an error. A loss is its square, and so is its weight.",
            SEE,
        ),
        Mistake(
            "the weight upside down",
            lambda alpha, sigma: ((sigma / alpha) ** 2, sigma**2),
            "An eps-error is the x0-error times alpha / sigma: the weight is SNR, small at the noisy end.",
            SEE,
        ),
        Mistake(
            "in units of eps",
            lambda alpha, sigma: (torch.ones_like(alpha), 1 / alpha**2),
            "These weights multiply the square error of eps. The question asks for that of x0.",
            SEE,
        ),
        Mistake(
            "v weighted as eps",
            lambda alpha, sigma: ((alpha / sigma) ** 2, (alpha / sigma) ** 2),
            "v = alpha eps - sigma x holds both errors: |dv|^2 = |dx0|^2 / sigma^2 = (1 + SNR) |dx0|^2.",
            SEE,
        ),
        Mistake(
            "the truncated SNR",
            lambda alpha, sigma: ((alpha / sigma) ** 2, (alpha / sigma).clamp(min=1) ** 2),
            "max(SNR, 1) is another weighting in Salimans and Ho's list. The plain error of v is SNR + 1.",
            SEE,
        ),
    ],
)
