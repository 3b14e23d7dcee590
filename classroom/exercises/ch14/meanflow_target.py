r"""MeanFlow's target

`v(x, s, t)` is the net, `u` (B, 2) the velocity of the pair behind `x` (B, 2) at the times `s` (B,); jumps end at `t`
(B,). Return MeanFlow's target for $v(x; s, t)$ on this book's clock, noise 0 and data 1. It should ask for no gradient.
`torch.func.jvp(v, at, along)` gives the value and the derivative along a direction.

Hint: Along the path of $x_s$ three arguments could move: $x$ with the velocity, $s$ with the clock, and the end not at
all. On which side of the equation does the derivative stand, and with which sign?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.jumps import SmallNet, draws, quiet


# --- stub
def taught(v, x, s, t, u):
    """-> (B, 2), without a gradient."""
    return ...


# --- solution
def solution(v, x, s, t, u):
    along = (u, torch.ones_like(s), torch.zeros_like(t))
    with torch.no_grad():
        _, change = torch.func.jvp(v, (x, s, t), along)
        return u + (t - s)[:, None] * change


# --- checker
def target(of_x: float = 1, of_s: float = 1, of_t: float = 0, sign: float = 1, gap: bool = True, stop: bool = True):
    """The identity's right-hand side with the derivative along other directions, and so on."""

    def found(v, x, s, t, u):
        along = (of_x * u, torch.full_like(s, of_s), torch.full_like(t, of_t))
        _, change = torch.func.jvp(v, (x, s, t), along)
        whole = u + sign * ((t - s)[:, None] if gap else 1) * change
        return whole.detach() if stop else whole

    return found


def run(target, x: Tensor, s: Tensor, t: Tensor, u: Tensor) -> dict:
    """The target, and whether a gradient hangs on it."""
    with quiet():
        found = target(SmallNet(), x, s, t, u)
    return {"target": found, "gradient": "asked for" if torch.is_tensor(found) and found.requires_grad else "none"}


check = Exercise(
    solution,
    lambda g: [draws(g), draws(g, 5)],
    run=run,
    see="14_few_steps: MeanFlow, and why the time embedding decides",
    mistakes={
        "the paper's sign": Mistake(
            target(sign=-1),
            "That is the paper's line, u = v - (t - r) du/dt, whose clock runs from the data to the noise. "
            "The sign turns with the clock.",
        ),
        "the times exchanged": Mistake(
            target(of_s=0, of_t=1),
            "Your derivative lets the end of the jump glide. It is the start that moves along the path: (u, 1, 0).",
        ),
        "both times move": Mistake(
            target(of_t=1),
            "Then the jump keeps its length and glides along the path. The end of it stays where it is: (u, 1, 0).",
        ),
        "the point stands still": Mistake(
            target(of_x=0),
            "That is the derivative by s alone. Along the path the point moves as well, with the velocity u.",
        ),
        "the gap forgotten": Mistake(
            target(gap=False),
            "The derivative counts as long as the jump is: multiply it by t - s. At s = t it has to vanish.",
        ),
        "a teacher with a gradient": Mistake(
            target(stop=False),
            "The numbers are right. With a gradient the target comes to the net, and learns to cancel the noise of the pairs.",
        ),
    },
)
