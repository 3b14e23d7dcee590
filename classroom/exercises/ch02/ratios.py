"""Betas from a curve: betas_of(alpha_bars) -> (T,), none above 0.999. alpha_bars: (T,), of the steps 1, ..., T."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch02.cosine import answer as cosine

SEE = "02_noise_schedules: Every detail of the cosine schedule"


def answer(alpha_bars: Tensor) -> Tensor:
    """1 minus the ratio of neighbours, where clean data comes first with alpha-bar 1; clipped."""
    return unclipped(alpha_bars).clamp(max=0.999)


def unclipped(alpha_bars: Tensor) -> Tensor:
    """The betas before clipping."""
    return 1 - alpha_bars / torch.cat([alpha_bars.new_ones(1), alpha_bars[:-1]])


check = Exercise(
    answer,
    lambda g: [(cosine(1000),), (cosine(20),), (torch.linspace(0.9, 0.01, 12, dtype=torch.float64),)],
    mistakes=[
        Mistake(
            "no clip",
            unclipped,
            "Cosine's last beta is so near to 1 that the step would divide by nearly nothing. The paper clips at 0.999.",
            SEE,
        ),
        Mistake(
            "the rest of alpha-bar",
            lambda alpha_bars: (1 - alpha_bars).clamp(max=0.999),
            "1 - alpha-bar is the noise of all steps together. One step has the ratio of two neighbours.",
            SEE,
        ),
        Mistake(
            "the first step lost",
            lambda alpha_bars: torch.cat([alpha_bars.new_zeros(1), answer(alpha_bars)[1:]]),
            "The first beta leads from clean data, alpha-bar 1, to the first entry. It is small and not 0.",
            SEE,
        ),
        Mistake(
            "ratios of amplitudes",
            lambda alpha_bars: (1 - (1 - unclipped(alpha_bars)).sqrt()).clamp(max=0.999),
            "1 - beta is a ratio of variances. With roots the noise of each step comes out about half as large.",
            "02_noise_schedules: A thousand small steps",
        ),
        Mistake(
            "differences for ratios",
            lambda alpha_bars: (torch.cat([alpha_bars.new_ones(1), alpha_bars[:-1]]) - alpha_bars).clamp(max=0.999),
            "A step removes a share of what is left, so differences must be divided by the alpha-bar before.",
            SEE,
        ),
    ],
)
