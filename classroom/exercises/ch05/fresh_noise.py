r"""how much fresh noise

A step leads from $\bar\alpha_t = 0.25$ to $\bar\alpha_s = 0.64$, with $\eta = 0.5$. What is the standard deviation of
the fresh noise? By hand, to three digits.

Hint: Compute the variance at $\eta = 1$ first; one of its two factors is $0.36 / 0.75$.
"""

import math

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# At eta = 1 the variance is (1 - 0.64) / (1 - 0.25) * (1 - 0.25 / 0.64) = 0.48 * 0.609 = 0.2925.
# eta scales its root: 0.5 * 0.541 = 0.270.
solution = 0.5 * math.sqrt(0.48 * (1 - 0.25 / 0.64))

# --- checker
BAR_T, BAR_S, ETA = 0.25, 0.64, 0.5
FULL = (1 - BAR_S) / (1 - BAR_T) * (1 - BAR_T / BAR_S)  # the variance at eta = 1

check = Exercise(
    solution,
    rtol=0.005,
    see="05_ddim_and_the_probability_flow: One member is DDPM",
    mistakes={
        "the noise level that is left": Mistake(
            ETA * (1 - BAR_T) ** 0.5,
            "eta sigma_t is the home-made formula of the trap. At eta = 1 nothing is left under the root for the old noise.",
        ),
        "eta forgotten": Mistake(
            FULL**0.5,
            "That is the noise of DDPM, eta = 1. At half of it the standard deviation is half as large.",
        ),
        "the variance": Mistake(
            ETA**2 * FULL,
            "The standard deviation is asked for, which multiplies z: take the root.",
        ),
        "eta under the root": Mistake(
            (ETA * FULL) ** 0.5,
            "eta scales the standard deviation, not the variance.",
        ),
        "the fraction upside down": Mistake(
            ETA * ((1 - BAR_T) / (1 - BAR_S) * (1 - BAR_T / BAR_S)) ** 0.5,
            "The variance nearer the data stands above: on the step to clean data the fresh noise must vanish.",
        ),
        "alpha for alpha-bar": Mistake(
            ETA * ((1 - BAR_S) / (1 - BAR_T) * (1 - (BAR_T / BAR_S) ** 0.5)) ** 0.5,
            "In the second bracket stands the ratio of alpha-bars, alpha_t^2 / alpha_s^2. Yours has its root.",
        ),
    },
)
