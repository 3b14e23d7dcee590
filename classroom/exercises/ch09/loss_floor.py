"""the floor from the oracle's answers

You have the oracle's velocities `u`, of shape $(n, 2)$, at random states of the standardised two moons, and nothing
else: no targets, no losses. Give the floor of the flow matching loss, in this book's units.

Hint: What would a net score that always answers 0? How much better is the oracle?
"""

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def from_oracle(u):
    """u: (n, 2). The floor, a number."""
    return ...


# --- solution
def solution(u):
    # E |x - eps|^2 = floor + E |u|^2, and the left side is 1 + 1 per coordinate.
    return 2 - u.square().mean()


# --- checker
check = Exercise(
    solution,
    lambda g: [(0.7 * randn((500, 2), generator=g) + 0.3,), (randn((40, 2), generator=g),)],
    see="09_training_craft: The floor under a loss",
    mistakes={
        "the sum over coordinates": Mistake(
            lambda u: 4 - u.square().sum(-1).mean(),
            "The losses of this book are means over coordinates. Yours is that of a sample, twice as large.",
        ),
        "the 2 per coordinate, the square per sample": Mistake(
            lambda u: 2 - u.square().sum(-1).mean(),
            "Both parts must be per coordinate: 2 is the variance of one coordinate of x - eps.",
        ),
        "the floor of a noise target": Mistake(
            lambda u: 1 - u.square().mean(),
            "x - eps has the variance of the data and that of the noise, 1 + 1.",
        ),
        "what can be known": Mistake(
            lambda u: u.square().mean(),
            "The mean square of u is what a perfect net explains. The floor is the rest.",
        ),
        "the mean taken before the square": Mistake(
            lambda u: 2 - u.mean(0).square().mean(),
            "E |u|^2 is the mean of squares. The square of the mean is nearly 0: velocities point everywhere.",
        ),
    },
)
