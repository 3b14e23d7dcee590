"""how long an average remembers

An average has the decay <!--given-->0.9999<!--/given-->. After how many updates does the start, random numbers, hold
less than one hundredth of it?

Hint: Which share of the average is $w_0$ after $n$ updates?
"""

import math

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# d^n = 0.01 gives n = log(0.01) / log(0.9999), nearly M log(100) with the memory M = 10,000.
solution = math.log(0.01) / math.log(0.9999)

# --- checker
DECAY = 0.9999

check = Exercise(
    solution,
    rtol=0.005,
    see="09_training_craft: The average of the weights",
    mistakes={
        "one memory": Mistake(
            1 / (1 - DECAY),
            "After as many updates as the memory is long the start still counts 1/e, more than a third.",
        ),
        "a logarithm to base ten": Mistake(
            2 / (1 - DECAY),
            "The share falls as e^(-n/M): the logarithm of 100 is the natural one, 4.6.",
        ),
        "as many memories as per cents": Mistake(
            100 / (1 - DECAY),
            "The share falls exponentially, not as 1/n: every M updates divide it by e.",
        ),
        "one in ten": Mistake(
            math.log(10) / (1 - DECAY),
            "One per cent is 1/100. After M ln 10 updates a tenth is left.",
        ),
    },
)
