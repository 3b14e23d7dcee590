"""half the patch

A block of width <!--given-->96<!--/given--> works on images of <!--given-->16<!--/given-->
by <!--given-->16<!--/given--> pixels, in patches of 2. Now the patches are made half as wide and half as high. By
which factor does the arithmetic of the block grow? Leave out the six vectors.

Hint: How many tokens are there before and after? Of the two terms of a block's cost, one follows the tokens and the
other their square.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# 24 N W^2 + 4 N^2 W = 4 N W (6 W + N). The tokens, 8 by 8, become 16 by 16: four times as many,
# and the bracket grows from 576 + 64 to 576 + 256.
solution = 4 * (6 * 96 + 256) / (6 * 96 + 64)

# --- checker
N, WIDTH = 64, 96


def ratio(more: float, maps: float = 24, pairs: float = 4) -> float:
    """The cost at `more` times N tokens over that at N, with these factors of N W^2 and N^2 W."""
    return more * (maps * WIDTH + pairs * more * N) / (maps * WIDTH + pairs * N)


check = Exercise(
    solution,
    rtol=1e-3,
    see="10_the_dit: What it costs",
    mistakes={
        "twice the tokens": Mistake(
            ratio(2),
            "Half the patch, and twice as many of them fit along each side: four times the tokens.",
            "10_the_dit: An image as a list of patches",
        ),
        "the maps alone": Mistake(
            4.0,
            "The linear maps grow with the tokens. The pairs grow with their square, and at this width they count.",
        ),
        "the pairs alone": Mistake(
            16.0,
            "Only the scores and the weighted means grow with the square of N. The linear maps, most of the work, do not.",
        ),
        "one product of attention forgotten": Mistake(
            ratio(4, pairs=2),
            "Queries meet keys, and then weights meet values: 2 N^2 W operations each.",
        ),
        "the MLP forgotten": Mistake(
            ratio(4, maps=8),
            "The MLP is part of the block: W to 4W and back, 16 N W^2, twice as much as the maps of attention.",
        ),
    },
)
