"""the slowest hand of the clock

An embedding has 64 entries and DDPM's settings: `max_period` 10,000, scale 1. After how many steps does its slowest
pair repeat itself? The chain has a thousand.

Hint: How many frequencies are there, and which is the last? Then: when has an angle gone round once?
"""

import math

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# h = 32 frequencies, the last 10,000^(-31/32); its angle grows by 2 pi in 2 pi * 10,000^(31/32) steps.
solution = 2 * math.pi * 10_000 ** (31 / 32)

# --- checker
HALF = 32

check = Exercise(
    solution,
    rtol=0.005,
    see="08_time_scale: A clock for integers",
    mistakes={
        "the other variant": Mistake(
            2 * math.pi * 10_000,
            "The last frequency is P^(-(h-1)/h), a little above 1/P. It is exactly 1/P in codes that divide by h - 1.",
        ),
        "the period without its circle": Mistake(
            10_000 ** ((HALF - 1) / HALF),
            "That is 1 / w. A sine repeats itself when its angle has grown by 2 pi.",
        ),
        "all entries for half of them": Mistake(
            2 * math.pi * 10_000 ** (63 / 64),
            "64 entries are 32 pairs of a sine and a cosine: h = 32.",
        ),
        "a 2 pi in the angle": Mistake(
            10_000 ** ((HALF - 1) / HALF) / (2 * math.pi),
            "There is no 2 pi in these angles, so the period is 2 pi / w.",
        ),
    },
)
