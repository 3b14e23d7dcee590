r"""the velocity of a jump

A flow carries the points `x` (B, d) at the times `s` (B,) to the points `end` (B, d) at the times `t` (B,), with $s < t$ in every
row. Return the velocity (B, d) with which a straight line leads from each point to its end in the same time.

Hint: The way is a difference of two points, and so is the time it takes. The times are one number a row: `(t - s)[:, None]`.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def velocity_of_jump(x, end, s, t):
    """x, end (B, d); s, t (B,) -> (B, d)."""
    return ...


# --- solution
def solution(x, end, s, t):
    return (end - x) / (t - s)[:, None]


# --- checker
def _cases(g: torch.Generator) -> list[tuple]:
    found = []
    for B, d in ((8, 2), (5, 3)):
        x, end = randn((2, B, d), generator=g)
        s, t = torch.rand(2, B, generator=g).sort(dim=0).values
        found.append((x, end, 0.9 * s, 0.9 * t + 0.05))
    return found


check = Exercise(
    solution,
    _cases,
    see="14_few_steps: A jump is an average velocity",
    mistakes={
        "the way instead of the velocity": Mistake(
            lambda x, end, s, t: end - x,
            "That is how far the point goes. A velocity is the way divided by the time it takes; they are "
            "equal from 0 to 1 alone.",
        ),
        "the times exchanged": Mistake(
            lambda x, end, s, t: (end - x) / (s - t)[:, None],
            "The jump goes from s to t, so it takes the time t - s. Yours points back to where it came from.",
        ),
        "divided by the time of the end": Mistake(
            lambda x, end, s, t: (end - x) / t[:, None],
            "That would be right for a start at 0. Starting at s, the way takes t - s.",
        ),
        "divided by the time that is left": Mistake(
            lambda x, end, s, t: (end - x) / (1 - s)[:, None],
            "That would be right for jumps to the data, where t = 1. This one ends at t.",
        ),
    },
)
