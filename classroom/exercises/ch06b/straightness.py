r"""how straight a path is

{cite:t}`liu2023` measure how straight the paths of a flow are by the mean square of $\dot X_t - (X_1 - X_0)$, over the
particles and over the clock. Write it for a stored walk: `trail` is $(K + 1, N, d)$, the positions of $N$ particles at
$K + 1$ equally spaced times from 0 to 1. Take the mean velocity of each step for $\dot X_t$; the square is the squared
length of a vector. Return a scalar: 0 for particles that move along straight lines at constant speed.

Hint: A step takes the time $1/K$. `trail.diff(dim=0)` holds the differences.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def how_straight(trail):
    """trail (K + 1, N, d) -> a scalar."""
    return ...


# --- solution
def solution(trail):
    velocity = trail.diff(dim=0) * (len(trail) - 1)  # (K, N, d)
    return (velocity - (trail[-1] - trail[0])).square().sum(-1).mean()


# --- checker
def gap(trail: Tensor, steps: int) -> Tensor:
    """Velocity minus chord, (K, N, d), if the walk had so many steps."""
    return trail.diff(dim=0) * steps - (trail[-1] - trail[0])


def _cases(g: torch.Generator) -> list[tuple]:
    found = []
    for K, N, d in ((5, 30, 2), (12, 10, 3)):
        found.append((randn((K + 1, N, d), generator=g).cumsum(0) / K,))
    return found


check = Exercise(
    solution,
    _cases,
    see="06b_who_is_paired_with_whom: The road to reflow",
    mistakes={
        "a step for the velocity": Mistake(
            lambda trail: gap(trail, 1).square().sum(-1).mean(),
            "A step is the velocity times 1/K. Divide by the time that it takes, or straight lines do not score 0.",
        ),
        "as many steps as times": Mistake(
            lambda trail: gap(trail, len(trail)).square().sum(-1).mean(),
            "K + 1 times have K steps between them, so a step takes 1/K.",
        ),
        "a mean over the coordinates": Mistake(
            lambda trail: gap(trail, len(trail) - 1).square().mean(),
            "The squared length of a vector is the sum over its coordinates. The mean is over steps and particles.",
        ),
        "the length for its square": Mistake(
            lambda trail: gap(trail, len(trail) - 1).norm(dim=-1).mean(),
            "That is the mean length of the difference. The measure is its mean square.",
        ),
        "the length over the chord": Mistake(
            lambda trail: trail.diff(dim=0).norm(dim=-1).sum() / (trail[-1] - trail[0]).norm(dim=-1).sum(),
            "That measures the shape of the path and not the speed along it, and is 1 for a straight line.",
        ),
        "the chord taken from step to step": Mistake(
            lambda trail: (trail.diff(dim=0) * (len(trail) - 1)).square().sum(-1).mean(),
            "That is the mean square of the velocity. Subtract the chord, the velocity that a straight path would have.",
        ),
    },
)
