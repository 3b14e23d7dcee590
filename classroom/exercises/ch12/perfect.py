"""What perfect scores: expected(d, n) -> the Fréchet distance of two samples of n from one standard normal with d features."""

from classroom.exercises import Exercise, Mistake

SEE = "12_image_runs: What perfect scores"


def answer(d: int, n: int) -> float:
    """2 d / n of the means, and a quarter of 2 d (d + 1) / n of the covariances."""
    return d * (d + 5) / (2 * n)


check = Exercise(
    answer,
    lambda g: [(1, 100), (32, 896), (2048, 50_000)],
    rtol=1e-6,
    mistakes=[
        Mistake(
            "the means alone",
            lambda d, n: 2 * d / n,
            "With many features most of the floor comes from the covariances: d (d + 1) / 2 numbers, each a little off.",
            SEE,
        ),
        Mistake(
            "the covariances alone",
            lambda d, n: d * (d + 1) / (2 * n),
            "The means of the two samples differ as well: by 2 / n a coordinate.",
            SEE,
        ),
        Mistake(
            "one side taken for exact",
            lambda d, n: d * (d + 5) / (4 * n),
            "Both sides are samples, and their errors add. Half of this is the floor against a known mean and covariance.",
            SEE,
        ),
        Mistake(
            "the quarter forgotten",
            lambda d, n: 2 * d / n + 2 * d * (d + 1) / n,
            "Roots of covariances differ by half as much as the covariances near the identity, and their squares by a quarter.",
            SEE,
        ),
        Mistake(
            "zero",
            lambda d, n: 0.0,
            "Two finite samples of one distribution are never equal, and the distance of their moments is not negative.",
            SEE,
        ),
    ],
)
