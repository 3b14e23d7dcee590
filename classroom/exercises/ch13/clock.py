"""The clock of scaled latents: shifted(t, s) -> the time at which unit latents have the same SNR, on the straight path.

t: times in (0, 1), (B,). s: the standard deviation of the latents.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "13_latent_diffusion: The scale factor"


def answer(t: Tensor, s: float) -> Tensor:
    """alpha / sigma = t / (1 - t) is multiplied by s."""
    return s * t / (1 + (s - 1) * t)


def _by_odds(t: Tensor, factor: float) -> Tensor:
    odds = factor * t / (1 - t)
    return odds / (1 + odds)


check = Exercise(
    answer,
    lambda g: [(torch.linspace(0.02, 0.98, 25), s) for s in (1 / 0.18215, 0.5, 3.0)],
    mistakes=[
        Mistake(
            "the shift in the other direction",
            lambda t, s: _by_odds(t, 1 / s),
            "Larger latents stand out of the noise earlier, so they look like a later time, nearer to the data.",
            SEE,
        ),
        Mistake(
            "log s in the place of 2 log s",
            lambda t, s: _by_odds(t, s**0.5),
            "The log-SNR is 2 log(alpha / sigma): it moves by 2 log s when the amplitude is multiplied by s.",
            SEE,
        ),
        Mistake(
            "the SNR taken for the ratio",
            lambda t, s: _by_odds(t, s**2),
            "The SNR is multiplied by s^2, and t / (1 - t) is its root, the ratio of amplitudes: that is multiplied by s.",
            SEE,
        ),
        Mistake(
            "the time multiplied",
            lambda t, s: s * t,
            "s t leaves the interval. What is multiplied by s is the ratio alpha / sigma = t / (1 - t), not t.",
            SEE,
        ),
        Mistake(
            "sigma left as it was",
            lambda t, s: s * t / (s * t + 1),
            "The noise is sigma = 1 - t, not 1. alpha' / sigma' = s t / (1 - t), and alpha' + sigma' = 1.",
            SEE,
        ),
    ],
)
