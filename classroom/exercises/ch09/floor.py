"""The floor from the oracle's answers: floor(u) -> a number. u: exact velocities (n, 2) at random states of two moons."""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "09_training_craft: The floor under a loss"


def answer(u: Tensor) -> Tensor:
    """What a net that answers 0 scores, 2 a coordinate, minus what can be known."""
    return 2 - u.square().mean()


check = Exercise(
    answer,
    lambda g: [(0.7 * randn((500, 2), generator=g) + 0.3,), (randn((40, 2), generator=g),)],
    mistakes=[
        Mistake(
            "the sum over coordinates",
            lambda u: 4 - u.square().sum(-1).mean(),
            "The losses of this book are means over coordinates. Yours is that of a sample, twice as large.",
            SEE,
        ),
        Mistake(
            "the 2 a coordinate, the square a sample",
            lambda u: 2 - u.square().sum(-1).mean(),
            "Both parts must be per coordinate: 2 is the variance of one coordinate of x - eps.",
            SEE,
        ),
        Mistake(
            "the floor of a noise target",
            lambda u: 1 - u.square().mean(),
            "x - eps has the variance of the data and that of the noise, 1 + 1.",
            SEE,
        ),
        Mistake(
            "what can be known",
            lambda u: u.square().mean(),
            "The mean square of u is what a perfect net explains. The floor is the rest.",
            SEE,
        ),
        Mistake(
            "the mean taken before the square",
            lambda u: 2 - u.mean(0).square().mean(),
            "E |u|^2 is the mean of squares. The square of the mean is nearly 0: velocities point everywhere.",
            SEE,
        ),
    ],
)
