"""whose weight is it

A colleague quotes guidance weights from papers and codes. Translate them into the weight of this book. `whose` is
`"this book"`, `"Ho and Salimans"` or `"diffusers"`; the checker tries weights from 0 upwards.

Hint: What does each of the three give at weight 0, and at weight 1?
"""

from classroom.exercises import Exercise, Mistake


# --- stub
def ours(whose, weight):
    """The same guidance in our convention: a number."""
    return ...


# --- solution
def solution(whose, weight):
    if whose == "Ho and Salimans":
        return 1 + weight  # (1 + w') conditional - w' unconditional
    if whose == "diffusers":
        return max(weight, 1)  # up to 1, guidance is left out: the conditional model
    return weight


# --- checker
def _ho(shift: float, diffusers_off: bool = True):
    """The right answer with another shift for Ho and Salimans, and with or without diffusers' switch."""

    def ours(whose, weight):
        if whose == "Ho and Salimans":
            return weight + shift
        return max(weight, 1.0) if whose == "diffusers" and diffusers_off else weight

    return ours


check = Exercise(
    solution,
    lambda g: [
        (whose, weight) for whose in ("this book", "Ho and Salimans", "diffusers") for weight in (0.0, 0.3, 1.0, 7.5)
    ],
    see="11_conditioning_and_guidance: Three conventions for one weight",
    mistakes={
        "w for 1 + w": Mistake(
            _ho(0),
            "In Ho and Salimans' formula (1 + w') conditional - w' unconditional 0 is the conditional model; here 1 is.",
        ),
        "one subtracted, not added": Mistake(
            _ho(-1),
            "Their weight counts from the conditional model, ours from the unconditional one: ours is the larger, by one.",
        ),
        "diffusers taken at its word": Mistake(
            _ho(1, diffusers_off=False),
            "Up to 1 that library leaves guidance out to save a call. A scale of 0 gives the conditional model, our w = 1.",
        ),
        "diffusers' zero for unconditional": Mistake(
            lambda whose, weight: _ho(1)(whose, weight) if weight else float(whose == "Ho and Salimans"),
            "With guidance off there is no unconditional answer: the net is asked once, with its label.",
        ),
        "everything shifted": Mistake(
            lambda whose, weight: solution(whose, weight) + (whose != "Ho and Salimans"),
            "Only Ho and Salimans count from the conditional model. Most codes, and this book, write a lerp.",
        ),
    },
)
