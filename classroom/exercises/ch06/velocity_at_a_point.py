r"""the field at one point

The data are two points on a line, −1 and 1, equally likely. On the straight path, what is the marginal velocity
$u(z, t)$ at $z = 1/2$ and $t = 1/2$? Three digits are enough. It is the exercise to do by hand once: it holds the
whole of Theorem 1.

Hint: Given a data point $x$, $x_t$ is normal with mean $t\, x$ and standard deviation $1 - t$. How probable
is each of the two, given $x_t = 1/2$?
"""

import math

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# The shrunk data lie at -1/2 and 1/2, at the distances 1 and 0, and the variance is 1/4: the
# densities are as exp(-2) to 1. The two lines have the velocities (-1 - 1/2) / (1/2) = -3 and 1.
solution = (1 - 3 * math.exp(-2)) / (1 + math.exp(-2))

# --- checker
X, T = 0.5, 0.5
PATH = "06_flow_matching: Path and velocity"


def velocity(mean: float) -> float:
    """The rest of the way to this mean of the data, over the rest of the time."""
    return (mean - X) / (1 - T)


check = Exercise(
    solution,
    rtol=2e-3,  # three digits are enough
    see="06_flow_matching: Mass is conserved",
    mistakes={
        "the nearer point alone": Mistake(
            velocity(1.0),
            "That is the velocity of one pair. Lines to -1 pass here as "
            "well, with a smaller weight, and the field is the mean.",
        ),
        "even weights": Mistake(
            velocity(0.0),
            "Both data points are equally likely at the start, but not given that x_t = 1/2: weigh them with Bayes' rule.",
        ),
        "sigma for sigma squared": Mistake(
            velocity(math.tanh(T * X / (1 - T))),
            "The exponent of a normal density has the variance below it, (1 - t)^2, not the standard deviation.",
        ),
        "data that did not shrink": Mistake(
            velocity(math.tanh(X / (1 - T) ** 2)),
            "At time t the data points sit at -t and t, for x_t = t x + (1 - t) eps. Measure the distances to those.",
            PATH,
        ),
        "the rest of the time forgotten": Mistake(
            solution * (1 - T),
            "The rest of the way has to be covered in the rest of the time, so divide by 1 - t.",
            PATH,
        ),
        "the velocity of the other clock": Mistake(
            -solution,
            "On this clock t = 1 is data, and the velocity points to the data: plus.",
            PATH,
        ),
    },
)
