"""A number: the count of tokens at which attention costs as much as the maps, in a Diffusion Transformer of width 384."""

from classroom.exercises import Exercise, Mistake

WIDTH = 384
SEE = "13_latent_diffusion: Cost is counted in tokens"

check = Exercise(
    6 * WIDTH,  # 2 N^2 d = 12 N d^2
    rtol=1e-3,
    mistakes=[
        Mistake(
            "one product of attention forgotten",
            12 * WIDTH,
            "Queries meet keys, and then weights meet values: N^2 d twice, not once.",
            SEE,
        ),
        Mistake(
            "the MLP forgotten",
            2 * WIDTH,
            "The maps around attention cost 4 d^2 a token. The MLP, four times as wide inside, adds 8 d^2.",
            SEE,
        ),
        Mistake(
            "an MLP as wide as its input",
            3 * WIDTH,
            "Inside, the MLP is four times as wide: two maps of 4 d^2 each, 8 d^2, not 2 d^2.",
            SEE,
        ),
        Mistake(
            "the width of one head",
            6 * 64,
            "Heads share the width among them: h heads of d / h numbers each cost N^2 d together, as one head of d does.",
            SEE,
        ),
    ],
)
