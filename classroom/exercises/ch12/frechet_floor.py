"""what perfect scores

Two samples of $n$ from one standard normal with $d$ features. What Fréchet distance is expected between them, to
first order in $1/n$? The checker asks for a few $d$ and $n$, Inception's among them.

Hint: The means and the covariances both contribute, and both samples are off.
"""

from classroom.exercises import Exercise, Mistake


# --- stub
def expected(d, n):
    """The floor of the metric: a number."""
    return ...


# --- solution
def solution(d, n):
    means = 2 * d / n  # each coordinate of a mean has variance 1 / n, and there are two means
    covariances = 2 * d * (d + 1) / n  # |S_a - S_b|^2, all entries
    return means + covariances / 4


# --- checker
check = Exercise(
    solution,
    lambda g: [(1, 100), (32, 896), (2048, 50_000)],
    rtol=1e-6,
    see="12_image_runs: What perfect scores",
    mistakes={
        "the means alone": Mistake(
            lambda d, n: 2 * d / n,
            "With many features most of the floor comes from the covariances: d (d + 1) / 2 numbers, each a little off.",
        ),
        "the covariances alone": Mistake(
            lambda d, n: d * (d + 1) / (2 * n),
            "The means of the two samples differ as well: their squared difference is 2 / n per coordinate.",
        ),
        "one side taken for exact": Mistake(
            lambda d, n: d * (d + 5) / (4 * n),
            "Both sides are samples, and their errors add. Half of this is the floor against a known mean and covariance.",
        ),
        "the quarter forgotten": Mistake(
            lambda d, n: 2 * d / n + 2 * d * (d + 1) / n,
            "Roots of covariances differ by half as much as the covariances "
            "near the identity, and their squares by a quarter.",
        ),
        "zero": Mistake(
            lambda d, n: 0.0,
            "Two finite samples of one distribution are never equal, and the distance of their moments is not negative.",
        ),
    },
)
