"""A number: the updates after which an average with decay 0.9999 holds less than one per cent of its start."""

import math

from classroom.exercises import Exercise, Mistake

DECAY = 0.9999
SEE = "09_training_craft: The average of the weights"

check = Exercise(
    math.log(0.01) / math.log(DECAY),
    rtol=0.005,
    mistakes=[
        Mistake(
            "one memory",
            1 / (1 - DECAY),
            "After as many updates as the memory is long the start still counts 1/e, more than a third.",
            SEE,
        ),
        Mistake(
            "a logarithm to base ten",
            2 / (1 - DECAY),
            "The share falls as e^(-n/M): the logarithm of 100 is the natural one, 4.6.",
            SEE,
        ),
        Mistake(
            "as many memories as per cents",
            100 / (1 - DECAY),
            "The share falls exponentially, not as 1/n: every M updates divide it by e.",
            SEE,
        ),
        Mistake(
            "one in ten",
            math.log(10) / (1 - DECAY),
            "One per cent is 1/100. After M ln 10 updates a tenth is left.",
            SEE,
        ),
    ],
)
