"""A number: the standard deviation of DDIM's fresh noise with eta = 0.5, alpha-bar_t = 0.25 and alpha-bar_s = 0.64."""

from classroom.exercises import Exercise, Mistake

SEE = "05_ddim_and_the_probability_flow: One member is DDPM"
BAR_T, BAR_S, ETA = 0.25, 0.64, 0.5
FULL = (1 - BAR_S) / (1 - BAR_T) * (1 - BAR_T / BAR_S)  # the variance at eta = 1

check = Exercise(
    ETA * FULL**0.5,
    rtol=0.005,
    mistakes=[
        Mistake(
            "the noise level that is left",
            ETA * (1 - BAR_T) ** 0.5,
            "eta sigma_t is the home-made formula of the trap. At eta = 1 nothing is left under the root for the old noise.",
            SEE,
        ),
        Mistake(
            "eta forgotten",
            FULL**0.5,
            "That is the noise of DDPM, eta = 1. At half of it the standard deviation is half as large.",
            SEE,
        ),
        Mistake(
            "the variance",
            ETA**2 * FULL,
            "The standard deviation is asked for, which multiplies z: take the root.",
            SEE,
        ),
        Mistake(
            "eta under the root",
            (ETA * FULL) ** 0.5,
            "eta scales the standard deviation, not the variance.",
            SEE,
        ),
        Mistake(
            "the fraction upside down",
            ETA * ((1 - BAR_T) / (1 - BAR_S) * (1 - BAR_T / BAR_S)) ** 0.5,
            "The variance nearer the data stands above: on the step to clean data the fresh noise must vanish.",
            SEE,
        ),
        Mistake(
            "alpha for alpha-bar",
            ETA * ((1 - BAR_S) / (1 - BAR_T) * (1 - (BAR_T / BAR_S) ** 0.5)) ** 0.5,
            "In the second bracket stands the ratio of alpha-bars, alpha_t^2 / alpha_s^2. Yours has its root.",
            SEE,
        ),
    ],
)
