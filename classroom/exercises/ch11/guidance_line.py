"""the one line

Write guidance: from the unconditional answer, `w` times the way to the conditional one.

Hint: Test yourself at $w = 0$ and at $w = 1$.
"""

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def guided(unconditional, conditional, w):
    """Tensors of one shape (B, ...) and a number: a tensor of that shape."""
    return ...


# --- solution
def solution(unconditional, conditional, w):
    return unconditional + w * (conditional - unconditional)  # torch.lerp, in words


# --- checker
NAMES = "11_conditioning_and_guidance: Three conventions for one weight"


check = Exercise(
    solution,
    lambda g: [(randn((5, 2), generator=g), randn((5, 2), generator=g), w) for w in (0.0, 1.0, 2.5)],
    see="11_conditioning_and_guidance: Where the formula comes from",
    mistakes={
        "w for 1 + w": Mistake(
            lambda u, c, w: (1 + w) * c - w * u,
            "That is Ho and Salimans' convention. In this book w = 1 is the conditional model; there it is w = 0.",
            NAMES,
        ),
        "the two answers exchanged": Mistake(
            lambda u, c, w: c + w * (u - c),
            "At w = 1 the conditional answer must come out. This one goes away from the label, and further the larger w is.",
        ),
        "the difference alone": Mistake(
            lambda u, c, w: w * (c - u),
            "The difference is the push towards the label. It is added to the unconditional answer.",
        ),
        "weights that do not sum to one": Mistake(
            lambda u, c, w: u + w * c,
            "(1 - w) + w = 1: only then do both answers being equal give that same answer.",
        ),
    },
)
