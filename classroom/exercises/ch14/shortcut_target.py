r"""a jump in two halves

From memory: a net `v(x, s, t)` says the average velocity between two times. Let two of its half jumps teach it the
whole one: return the target for $v(x; s, t)$, where `x` is (B, 2) and `s`, `t` are (B,). Like a label, it should ask
for no gradient.

Hint: The second half begins where the first one ends, and at the time in the middle. Two halves take as long as each
other.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.jumps import SmallNet, draws


# --- stub
def taught(v, x, s, t):
    """-> (B, 2), without a gradient."""
    return ...


# --- solution
@torch.no_grad()
def solution(v, x, s, t):
    half = (t - s) / 2
    first = v(x, s, s + half)
    second = v(x + half[:, None] * first, s + half, t)
    return (first + second) / 2


# --- checker
def halves(v, x: Tensor, s: Tensor, t: Tensor, way: float = 0.5) -> tuple[Tensor, Tensor]:
    """The velocities of both halves; the second from `way` times the length of the jump."""
    m = (s + t) / 2
    first = v(x, s, m)
    return first, v(x + way * (t - s)[:, None] * first, m, t)


def run(target, x: Tensor, s: Tensor, t: Tensor) -> dict:
    """The target, and whether a gradient hangs on it."""
    found = target(SmallNet(), x, s, t)
    return {"target": found, "gradient": "asked for" if torch.is_tensor(found) and found.requires_grad else "none"}


def _stopped(combine):
    """A target that asks for no gradient."""
    return lambda *inputs: combine(*inputs).detach()


check = Exercise(
    solution,
    lambda g: [draws(g)[:3], draws(g, 5)[:3]],
    run=run,
    see="14_few_steps: Three ways to say that jumps compose",
    mistakes={
        "the sum of the halves": Mistake(
            _stopped(lambda *inputs: sum(halves(*inputs))),
            "The ways of the halves add up, and their velocities do not: each holds for half of the time. Take the mean.",
        ),
        "both halves from the start": Mistake(
            _stopped(lambda *inputs: sum(halves(*inputs, way=0)) / 2),
            "The second half begins where the first one has landed, and not at x.",
        ),
        "a whole step to the middle": Mistake(
            _stopped(lambda *inputs: sum(halves(*inputs, way=1)) / 2),
            "The first half takes the time m - s. With t - s it runs past the middle, twice as far.",
        ),
        "the first half twice": Mistake(
            _stopped(lambda v, x, s, t: v(x, s, (s + t) / 2)),
            "That is the velocity of the first half alone. The path bends in the second.",
        ),
        "a teacher with a gradient": Mistake(
            lambda *inputs: sum(halves(*inputs)) / 2,
            "The numbers are right. With a gradient the halves are moved towards the whole as well, though they know better.",
        ),
    },
)
