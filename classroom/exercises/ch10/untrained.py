"""A number: the loss of a new DiT for flow matching, on pixels of mean -0.2 and standard deviation 0.7."""

from classroom.exercises import Exercise, Mistake

MEAN, DEVIATION = -0.2, 0.7
SEE = "10_the_dit: Why zero"

check = Exercise(
    MEAN**2 + DEVIATION**2 + 1,  # E[(x - eps)^2] = E[x^2] + 1
    rtol=1e-3,
    mistakes=[
        Mistake(
            "no answer, no loss",
            0.0,
            "The net answers 0, but its target is not 0. The loss is the mean square of what it should have said.",
            SEE,
        ),
        Mistake(
            "the noise forgotten",
            MEAN**2 + DEVIATION**2,
            "The velocity is x - eps, and the noise adds its own variance, 1, to that of the data.",
            SEE,
        ),
        Mistake(
            "the loss of another target",
            1.0,
            "That is what a net starts with whose target is the noise. Here the target is the velocity, x - eps.",
            SEE,
        ),
        Mistake(
            "the mean forgotten",
            DEVIATION**2 + 1,
            "The mean square of x is its variance plus the square of its mean. A net that answers 0 has not learnt the mean yet.",
            SEE,
        ),
        Mistake(
            "the deviation without its square",
            MEAN**2 + DEVIATION + 1,
            "The loss is a mean of squares. A standard deviation enters squared, as a variance.",
            SEE,
        ),
    ],
)
