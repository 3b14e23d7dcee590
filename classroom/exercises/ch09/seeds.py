"""How many seeds: seeds(sd, gap) -> runs of each setting, a whole number, to see a true difference `gap` in four of five cases.

sd: standard deviation over seeds of one setting. A difference counts as seen beyond 1.96 standard errors.
"""

import math

from classroom.exercises import Exercise, Mistake

SEE = "09_training_craft: How many seeds?"


def answer(sd: float, gap: float) -> int:
    """gap >= (1.96 + 0.84) sd sqrt(2 / n), solved for n and rounded up."""
    return math.ceil(2 * ((1.96 + 0.84) * sd / gap) ** 2)


check = Exercise(
    answer,
    lambda g: [(0.1, 0.1), (0.1, 0.05), (0.25, 0.07)],
    rtol=1e-9,
    mistakes=[
        Mistake(
            "one setting taken for exact",
            lambda sd, gap: math.ceil(((1.96 + 0.84) * sd / gap) ** 2),
            "Both means are noisy. Their difference has twice the variance of one: sd sqrt(2 / n).",
            SEE,
        ),
        Mistake(
            "seen in half of the cases",
            lambda sd, gap: math.ceil(2 * (1.96 * sd / gap) ** 2),
            "With a true difference of just 1.96 standard errors, chance hides it every second time. Add 0.84 of them.",
            SEE,
        ),
        Mistake(
            "the missing square",
            lambda sd, gap: math.ceil(2 * (1.96 + 0.84) * sd / gap),
            "The error falls with the root of n: half the gap needs four times the seeds, not twice.",
            SEE,
        ),
        Mistake(
            "rounded down",
            lambda sd, gap: math.floor(2 * ((1.96 + 0.84) * sd / gap) ** 2),
            "A part of a run is no run. With one less the difference would be missed more often than asked.",
            SEE,
        ),
        Mistake(
            "the variance for the deviation",
            lambda sd, gap: math.ceil(2 * ((1.96 + 0.84) * sd**2 / gap) ** 2),
            "sd has the unit of the gap, and their ratio none. Squared, it would depend on the unit.",
            SEE,
        ),
    ],
)
