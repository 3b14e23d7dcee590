"""mend the formula

Mend `guided(cond, uncond, scale)`, so that 0 is unconditional and 1 conditional, as in this book.

Hint: Two fixed points fix a straight line.
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def guided(cond, uncond, scale):
    return cond + scale * (cond - uncond)


# --- solution
# The straight line through uncond at 0 and cond at 1.
def solution(cond, uncond, scale):
    return torch.lerp(uncond, cond, scale)


# --- checker
def cases(g: torch.Generator) -> list[tuple]:
    """One pair of answers, five scales."""
    cond, uncond = torch.randn(2, 5, 2, generator=g, dtype=torch.float64)
    return [(cond, uncond, scale) for scale in (0.0, 0.5, 1.0, 3.0, 7.5)]


check = Repair(
    solution,
    cases,
    broken=guided,
    see="11_conditioning_and_guidance: Three conventions for one weight",
    mistakes={
        "weights that do not sum to 1": Mistake(
            lambda cond, uncond, scale: scale * cond + (scale - 1) * uncond,
            "The weights must be scale and 1 - scale. Their sum decides what happens to what both answers have in common.",
        ),
        "the answers swapped": Mistake(
            lambda cond, uncond, scale: cond + scale * (uncond - cond),
            "Scale 1 now forgets the label, and a larger one leads away from the class.",
        ),
        "switched off at 1 and below": Mistake(
            lambda cond, uncond, scale: cond if scale <= 1 else uncond + scale * (cond - uncond),
            "A third convention: above 1 it agrees, and scale 0 is conditional. It saves "
            "a call where nothing is to be guided, and cannot do without the label.",
        ),
    },
)
