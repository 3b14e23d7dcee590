"""A number: the irreducible loss at t = 1/4 on the straight path, when the data are N(0, 9) on a line."""

from classroom.exercises import Exercise, Mistake

VARIANCE, T = 9.0, 0.25
SEE = "06_flow_matching: The theorem that makes it trainable"
ACCOUNT = "06_flow_matching: Train it, and account for the error"


def error_of_data(variance: float) -> float:
    """Variance of x_data given x_t."""
    return variance * (1 - T) ** 2 / (T**2 * variance + (1 - T) ** 2)


check = Exercise(
    error_of_data(VARIANCE) / (1 - T) ** 2,
    rtol=2e-3,
    mistakes=[
        Mistake(
            "a perfect net without a loss",
            0.0,
            "The loss compares with one pair, the net knows the mean over all pairs through x_t. What they differ by is the "
            "constant C, which is not 0.",
            SEE,
        ),
        Mistake(
            "the variance of the target",
            VARIANCE + 1,
            "That is the loss of a net that answers the mean everywhere. Seeing x_t, one knows part of the velocity.",
            SEE,
        ),
        Mistake(
            "the error of the data",
            error_of_data(VARIANCE),
            "That is how well x_data is known. The velocity's error is that over 1 - t, so its square is over (1 - t)^2.",
            ACCOUNT,
        ),
        Mistake(
            "the rest of the time without its square",
            error_of_data(VARIANCE) / (1 - T),
            "The velocity's error is that of x_data over 1 - t. In a mean square the 1 - t is squared as well.",
            ACCOUNT,
        ),
        Mistake(
            "the two errors as if independent",
            error_of_data(VARIANCE) * (1 + (T / (1 - T)) ** 2),
            "The errors of x_data and of the noise cancel in x_t, so they have opposite signs. In x_data - eps they add up "
            "before the square, not after it.",
            ACCOUNT,
        ),
        Mistake(
            "the deviation for the variance",
            error_of_data(VARIANCE**0.5) / (1 - T) ** 2,
            "N(0, 9) has the variance 9 and the standard deviation 3. Variances add, so 9 goes in.",
            ACCOUNT,
        ),
        Mistake(
            "the root taken",
            (error_of_data(VARIANCE) / (1 - T) ** 2) ** 0.5,
            "The loss is the mean square of the error, not its root.",
            SEE,
        ),
    ],
)
