"""where attention takes over

A Diffusion Transformer has width <!--given-->384<!--/given--> and heads of <!--given-->64<!--/given--> numbers. At
how many tokens does attention itself cost as many multiplications as all the maps of the block together, the
modulation left out?

Hint: Write down both sides as functions of $N$ and $d$. One power of $N$ cancels.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# Maps: 3 d^2 + d^2 + 8 d^2 = 12 d^2 a token. Attention: N d for the weights and N d for the values.
# 2 N^2 d = 12 N d^2 gives N = 6 d. The number of heads does not matter: they share the width.
solution = 6 * 384

# --- checker
WIDTH = 384

check = Exercise(
    solution,  # 2 N^2 d = 12 N d^2
    rtol=1e-3,
    see="13_latent_diffusion: Cost is counted in tokens",
    mistakes={
        "one product of attention forgotten": Mistake(
            12 * WIDTH,
            "Queries meet keys, and then weights meet values: N^2 d twice, not once.",
        ),
        "the MLP forgotten": Mistake(
            2 * WIDTH,
            "The maps around attention cost 4 d^2 a token. The MLP, four times as wide inside, adds 8 d^2.",
        ),
        "an MLP as wide as its input": Mistake(
            3 * WIDTH,
            "Inside, the MLP is four times as wide: two maps of 4 d^2 each, 8 d^2, not 2 d^2.",
        ),
        "the width of one head": Mistake(
            6 * 64,
            "Heads share the width among them: h heads of d / h numbers each cost N^2 d together, as one head of d does.",
        ),
    },
)
