"""A number: the marginal velocity at x = 1/2, t = 1/2 on the straight path; the data are -1 and 1, equally likely."""

import math

from classroom.exercises import Exercise, Mistake

X, T = 0.5, 0.5
MASS = "06_flow_matching: Mass is conserved"
PATH = "06_flow_matching: Path and velocity"


def velocity(mean: float) -> float:
    """The rest of the way to this mean of the data, over the rest of the time."""
    return (mean - X) / (1 - T)


RIGHT = velocity(math.tanh(T * X / (1 - T) ** 2))

check = Exercise(
    RIGHT,
    rtol=2e-3,  # three digits are enough
    mistakes=[
        Mistake(
            "the nearer point alone",
            velocity(1.0),
            "That is the velocity of one pair. Lines to -1 pass here as well, with a smaller weight, and the field is the mean.",
            MASS,
        ),
        Mistake(
            "even weights",
            velocity(0.0),
            "Both data points are equally likely at the start, but not given that x_t = 1/2: weigh them with Bayes' rule.",
            MASS,
        ),
        Mistake(
            "sigma for sigma squared",
            velocity(math.tanh(T * X / (1 - T))),
            "The exponent of a normal density has the variance below it, (1 - t)^2, not the standard deviation.",
            MASS,
        ),
        Mistake(
            "data that did not shrink",
            velocity(math.tanh(X / (1 - T) ** 2)),
            "At time t the data points sit at -t and t, for x_t = t x + (1 - t) eps. Measure the distances to those.",
            PATH,
        ),
        Mistake(
            "the rest of the time forgotten",
            RIGHT * (1 - T),
            "The rest of the way has to be covered in the rest of the time, so divide by 1 - t.",
            PATH,
        ),
        Mistake(
            "the velocity of the other clock",
            -RIGHT,
            "On this clock t = 1 is data, and the velocity points to the data: plus.",
            PATH,
        ),
    ],
)
