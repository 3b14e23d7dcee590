"""the loss before the first step

A run for flow matching begins: a new DiT, the straight path, the velocity as target. The pixels of the images have
mean <!--given-->−0.2<!--/given--> and standard deviation <!--given-->0.7<!--/given-->. Which loss must the log show
before the first step? If it shows another one, something is wrong before anything is learnt: the scale of the data,
the target, or the initialisation.

Hint: A new net predicts 0. What is its target, and what is the mean square of that?
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# E[(x - eps)^2] = E[x^2] + E[eps^2], since the noise has mean 0 and does not depend on x.
# E[x^2] is the variance plus the square of the mean; E[eps^2] is 1.
solution = 0.7**2 + (-0.2) ** 2 + 1

# --- checker
MEAN, DEVIATION = -0.2, 0.7

check = Exercise(
    solution,  # E[(x - eps)^2] = E[x^2] + 1
    rtol=1e-3,
    see="10_the_dit: Why zero",
    mistakes={
        "no answer, no loss": Mistake(
            0.0,
            "The net answers 0, but its target is not 0. The loss is the mean square of what it should have said.",
        ),
        "the noise forgotten": Mistake(
            MEAN**2 + DEVIATION**2,
            "The velocity is x - eps, and the noise adds its own variance, 1, to that of the data.",
        ),
        "the loss of another target": Mistake(
            1.0,
            "That is what a net starts with whose target is the noise. Here the target is the velocity, x - eps.",
        ),
        "the mean forgotten": Mistake(
            DEVIATION**2 + 1,
            "The mean square of x is its variance plus the square of its "
            "mean. A net that answers 0 has not learnt the mean yet.",
        ),
        "the deviation without its square": Mistake(
            MEAN**2 + DEVIATION + 1,
            "The loss is a mean of squares. A standard deviation enters squared, as a variance.",
        ),
    },
)
