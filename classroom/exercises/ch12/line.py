"""A number: the Fréchet distance in one dimension, from mean 1 and variance 9 to mean 0 and variance 1/4."""

from classroom.exercises import Exercise, Mistake

SEE = "12_image_runs: The Fréchet distance, derived"

check = Exercise(
    1 + (3 - 0.5) ** 2,
    rtol=1e-3,
    mistakes=[
        Mistake(
            "the variances subtracted",
            1 + (9 - 0.25) ** 2,
            "In one dimension the standard deviations are subtracted, 3 and 1/2: transport moves points, not their squares.",
            SEE,
        ),
        Mistake(
            "the overlap forgotten",
            1 + 9 + 0.25,
            "X and Y may be drawn together. The best way has the covariance 3 times 1/2, which is subtracted twice.",
            SEE,
        ),
        Mistake(
            "the overlap once",
            1 + 9 + 0.25 - 3 * 0.5,
            "Multiplying out |X - Y|^2 gives the covariance twice.",
            SEE,
        ),
        Mistake(
            "the root taken",
            (1 + (3 - 0.5) ** 2) ** 0.5,
            "That is the distance itself. What is reported as Fréchet distance or FID is its square.",
            SEE,
        ),
        Mistake(
            "no root of the product",
            1 + 9 + 0.25 - 2 * 9 * 0.25,
            "The overlap is the root of the product of the variances, the product of the standard deviations.",
            SEE,
        ),
    ],
)
