"""Whose weight is it: ours(whose, weight) -> the guidance weight of this book, a number.

whose: "this book", "Ho and Salimans" or "diffusers", whose formula the weight belongs to.
"""

from classroom.exercises import Exercise, Mistake

SEE = "11_conditioning_and_guidance: Three conventions for one weight"


def answer(whose: str, weight: float) -> float:
    """One more than Ho and Salimans' weight; diffusers is off up to 1."""
    if whose == "Ho and Salimans":
        return 1 + weight
    return max(weight, 1.0) if whose == "diffusers" else weight


def _ho(shift: float, diffusers_off: bool = True):
    """The right answer with another shift for Ho and Salimans, and with or without diffusers' switch."""

    def ours(whose, weight):
        if whose == "Ho and Salimans":
            return weight + shift
        return max(weight, 1.0) if whose == "diffusers" and diffusers_off else weight

    return ours


check = Exercise(
    answer,
    lambda g: [
        (whose, weight) for whose in ("this book", "Ho and Salimans", "diffusers") for weight in (0.0, 0.3, 1.0, 7.5)
    ],
    mistakes=[
        Mistake(
            "w for 1 + w",
            _ho(0),
            "In Ho and Salimans' formula (1 + w') conditional - w' unconditional 0 is the conditional model; here 1 is.",
            SEE,
        ),
        Mistake(
            "one subtracted, not added",
            _ho(-1),
            "Their weight counts from the conditional model, ours from the unconditional one: ours is the larger, by one.",
            SEE,
        ),
        Mistake(
            "diffusers taken at its word",
            _ho(1, diffusers_off=False),
            "Up to 1 that library leaves guidance out to save a call. A scale of 0 gives the conditional model, our w = 1.",
            SEE,
        ),
        Mistake(
            "diffusers' zero for unconditional",
            lambda whose, weight: _ho(1)(whose, weight) if weight else float(whose == "Ho and Salimans"),
            "With guidance off there is no unconditional answer: the net is asked once, with its label.",
            SEE,
        ),
        Mistake(
            "everything shifted",
            lambda whose, weight: answer(whose, weight) + (whose != "Ho and Salimans"),
            "Only Ho and Salimans count from the conditional model. Most codes, and this book, write a lerp.",
            SEE,
        ),
    ],
)
