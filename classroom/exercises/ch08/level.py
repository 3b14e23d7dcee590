"""EDM's number for the time: c_noise(alpha, sigma) -> (B,), a quarter of log sigma_EDM. alpha, sigma: (B,), of any path."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake

SEE = "08_time_scale: Other ways to show the time"


def answer(alpha: Tensor, sigma: Tensor) -> Tensor:
    """EDM's states are x + sigma_EDM eps, which is x_t / alpha: sigma_EDM = sigma / alpha."""
    return (sigma / alpha).log() / 4


def _cases(g: torch.Generator) -> list[tuple]:
    t, angle = torch.linspace(0.03, 0.97, 25), torch.linspace(0.05, 1.5, 25)
    return [(t, 1 - t), (angle.cos(), angle.sin())]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "this path's sigma for EDM's",
            lambda alpha, sigma: sigma.log() / 4,
            "EDM does not shrink the data. Divide the state by alpha to compare: its noise is sigma / alpha.",
            SEE,
        ),
        Mistake(
            "the sign of the log-SNR",
            lambda alpha, sigma: (alpha / sigma).log() / 4,
            "lambda / 8 grows towards the data; c_noise grows with the noise: -lambda / 8.",
            SEE,
        ),
        Mistake(
            "a quarter of the log-SNR",
            lambda alpha, sigma: (sigma / alpha).log() / 2,
            "The log-SNR is 2 log(alpha / sigma), so log(sigma / alpha) / 4 is an eighth of it.",
            "02_noise_schedules: One number per step: the log-SNR",
        ),
        Mistake(
            "the quarter forgotten",
            lambda alpha, sigma: (sigma / alpha).log(),
            "The quarter keeps the number within a few units, as a net likes its inputs.",
            SEE,
        ),
        Mistake(
            "a logarithm to base ten",
            lambda alpha, sigma: (sigma / alpha).log10() / 4,
            "The logarithm is the natural one, as in the log-SNR.",
            SEE,
        ),
    ],
)
