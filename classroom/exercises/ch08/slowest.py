"""A number: the period, in DDPM's steps, of the slowest pair of a sinusoidal embedding with 64 entries."""

import math

from classroom.exercises import Exercise, Mistake

HALF = 32
SEE = "08_time_scale: A clock for integers"

check = Exercise(
    2 * math.pi * 10_000 ** ((HALF - 1) / HALF),
    rtol=0.005,
    mistakes=[
        Mistake(
            "the other variant",
            2 * math.pi * 10_000,
            "The last frequency is P^(-(h-1)/h), a little above 1/P. It is exactly 1/P in codes that divide by h - 1.",
            SEE,
        ),
        Mistake(
            "the period without its circle",
            10_000 ** ((HALF - 1) / HALF),
            "That is 1 / w. A sine repeats itself when its angle has grown by 2 pi.",
            SEE,
        ),
        Mistake(
            "all entries for half of them",
            2 * math.pi * 10_000 ** (63 / 64),
            "64 entries are 32 pairs of a sine and a cosine: h = 32.",
            SEE,
        ),
        Mistake(
            "a 2 pi in the angle",
            10_000 ** ((HALF - 1) / HALF) / (2 * math.pi),
            "There is no 2 pi in these angles, so the period is 2 pi / w.",
            SEE,
        ),
    ],
)
