r"""where the loss must end

The data are $N(0, 9)$ on a line. A perfect network is trained by flow matching on the straight path. What is its loss
at $t = 1/4$, that is, the part of the constant $C$ that belongs to this time?

Hint: Everything is Gaussian, so $\operatorname{Var}(A \mid B)$
$= \operatorname{Var} A - \operatorname{Cov}(A, B)^2 / \operatorname{Var} B$. Which are $A$ and $B$?
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# A = x_data - eps has the variance 9 + 1. B = t x_data + (1 - t) eps has the variance 9/16 + 9/16,
# and their covariance is 9/4 - 3/4. What B does not tell about A is left.
solution = 10 - (9 / 4 - 3 / 4) ** 2 / (9 / 16 + 9 / 16)

# --- checker
VARIANCE, T = 9.0, 0.25
SEE = "06_flow_matching: The theorem that makes it trainable"


def error_of_data(variance: float) -> float:
    """Variance of x_data given x_t."""
    return variance * (1 - T) ** 2 / (T**2 * variance + (1 - T) ** 2)


check = Exercise(
    solution,
    rtol=2e-3,
    see="06_flow_matching: The loss and its floor",
    mistakes={
        "a perfect net without a loss": Mistake(
            0.0,
            "The loss compares with one pair, the net knows the mean over all pairs "
            "through x_t. What they differ by is the constant C, which is not 0.",
            SEE,
        ),
        "the variance of the target": Mistake(
            VARIANCE + 1,
            "That is the loss of a net that answers the mean everywhere. Seeing x_t, one knows part of the velocity.",
            SEE,
        ),
        "the error of the data": Mistake(
            error_of_data(VARIANCE),
            "That is how well x_data is known. The velocity's error is that over 1 - t, so its square is over (1 - t)^2.",
        ),
        "the rest of the time without its square": Mistake(
            error_of_data(VARIANCE) / (1 - T),
            "The velocity's error is that of x_data over 1 - t. In a mean square the 1 - t is squared as well.",
        ),
        "the two errors as if independent": Mistake(
            error_of_data(VARIANCE) * (1 + (T / (1 - T)) ** 2),
            "The errors of x_data and of the noise cancel in x_t, so they have opposite "
            "signs. In x_data - eps they add up before the square, not after it.",
        ),
        "the deviation for the variance": Mistake(
            error_of_data(VARIANCE**0.5) / (1 - T) ** 2,
            "N(0, 9) has the variance 9 and the standard deviation 3. Variances add, so 9 goes in.",
        ),
        "the root taken": Mistake(
            (error_of_data(VARIANCE) / (1 - T) ** 2) ** 0.5,
            "The loss is the mean square of the error, not its root.",
            SEE,
        ),
    },
)
