r"""what is printed

MeanFlow's paper divides the error $e$ of each sample by $(e + c)^p$, which is held fixed. Take $p = \tfrac12$, a $c$ so
small that it does not matter, and a batch of two samples, with the errors 4 and 1. Which loss is printed?

Hint: Divide each error first, and take the mean then.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# 4 / 2 = 2 and 1 / 1 = 1. With p = 1 both would be 1, whatever the errors.
solution = (4 / 4**0.5 + 1 / 1**0.5) / 2

# --- checker
check = Exercise(
    solution,
    see="14_few_steps: MeanFlow, and why the time embedding decides",
    mistakes={
        "the mean of the errors": Mistake(
            (4 + 1) / 2,
            "That is the loss without any weights. It is the number one would like to see printed.",
        ),
        "the power 1": Mistake(
            1.0,
            "With p = 1 each error is divided by itself, and every loss is 1. Here p is one half.",
        ),
        "the mean of the weights": Mistake(
            (4**-0.5 + 1) / 2,
            "Those are the weights. Each of them still multiplies its error.",
        ),
        "the mean divided at last": Mistake(
            2.5 / 2.5**0.5,
            "Each sample has a weight of its own. You divided the mean of the errors by a power of itself.",
        ),
    },
)
