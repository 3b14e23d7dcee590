"""A number: how many times the arithmetic of a block grows from 64 to 256 tokens at width 96, the six vectors left out."""

from classroom.exercises import Exercise, Mistake

N, WIDTH = 64, 96
SEE = "10_the_dit: What it costs"


def ratio(more: float, maps: float = 24, pairs: float = 4) -> float:
    """The cost at `more` times N tokens over that at N, with these factors of N W^2 and N^2 W."""
    return more * (maps * WIDTH + pairs * more * N) / (maps * WIDTH + pairs * N)


check = Exercise(
    ratio(4),
    rtol=1e-3,
    mistakes=[
        Mistake(
            "twice the tokens",
            ratio(2),
            "Half the patch, and twice as many of them fit along each side: four times the tokens.",
            "10_the_dit: An image as a list of patches",
        ),
        Mistake(
            "the maps alone",
            4.0,
            "The linear maps grow with the tokens. The pairs grow with their square, and at this width they count.",
            SEE,
        ),
        Mistake(
            "the pairs alone",
            16.0,
            "Only the scores and the weighted means grow with the square of N. The linear maps, most of the work, do not.",
            SEE,
        ),
        Mistake(
            "one product of attention forgotten",
            ratio(4, pairs=2),
            "Queries meet keys, and then weights meet values: 2 N^2 W operations each.",
            SEE,
        ),
        Mistake(
            "the MLP forgotten",
            ratio(4, maps=8),
            "The MLP is part of the block: W to 4W and back, 16 N W^2, twice as much as the maps of attention.",
            SEE,
        ),
    ],
)
