"""how many seeds

One setting has the standard deviation `sd` over seeds, and so has another. How many runs of *each* are needed, so
that a true difference `gap` exceeds <!--given-->1.96<!--/given--> standard errors in four of five experiments?

Hint: The standard error of a difference of two means of $n$ runs, and <!--given-->0.84<!--/given--> of them to spare.
"""

import math

from classroom.exercises import Exercise, Mistake


# --- stub
def needed(sd, gap):
    """Runs of each setting: a whole number."""
    return ...


# --- solution
def solution(sd, gap):
    # gap >= (1.96 + 0.84) sd sqrt(2 / n), solved for n
    return math.ceil(2 * (2.8 * sd / gap) ** 2)


# --- checker
check = Exercise(
    solution,
    lambda g: [(0.1, 0.1), (0.1, 0.05), (0.25, 0.07)],
    rtol=1e-9,
    see="09_training_craft: How many seeds?",
    mistakes={
        "one setting taken for exact": Mistake(
            lambda sd, gap: math.ceil(((1.96 + 0.84) * sd / gap) ** 2),
            "Both means are noisy. Their difference has twice the variance of one: sd sqrt(2 / n).",
        ),
        "seen in half of the cases": Mistake(
            lambda sd, gap: math.ceil(2 * (1.96 * sd / gap) ** 2),
            "With a true difference of just 1.96 standard errors, chance hides it every second time. Add 0.84 of them.",
        ),
        "the missing square": Mistake(
            lambda sd, gap: math.ceil(2 * (1.96 + 0.84) * sd / gap),
            "The error falls with the root of n: half the gap needs four times the seeds, not twice.",
        ),
        "rounded down": Mistake(
            lambda sd, gap: math.floor(2 * ((1.96 + 0.84) * sd / gap) ** 2),
            "A part of a run is no run. With one less the difference would be missed more often than asked.",
        ),
        "the variance for the deviation": Mistake(
            lambda sd, gap: math.ceil(2 * ((1.96 + 0.84) * sd**2 / gap) ** 2),
            "sd has the unit of the gap, and their ratio none. Squared, it would depend on the unit.",
        ),
    },
)
