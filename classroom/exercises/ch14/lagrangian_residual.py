r"""where the end goes on

`v(x, s, t)` is an average velocity and `u(x, t)` the velocity of a flow. A jump lands at $X = x + (t - s)\, v$. Return,
for points `x` (B, 2) and times `s`, `t` (B,), what should be zero: $\frac{\partial}{\partial t} X(x; s, t)$ minus the
velocity at the landing. `torch.func.jvp(f, at, along)` gives a function's value and its derivative.

Hint: Write X as a function of the end time alone, and let `jvp` do the product rule: its tangent is
`(torch.ones_like(t),)`.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.jumps import SmallNet, draws, quiet


# --- stub
def residual(v, u, x, s, t):
    """-> (B, 2)."""
    return ...


# --- solution
def solution(v, u, x, s, t):
    def landing(end):
        return x + (end - s)[:, None] * v(x, s, end)

    there, speed = torch.func.jvp(landing, (t,), (torch.ones_like(t),))
    return speed - u(there, t)


# --- checker
def velocity(x: Tensor, t: Tensor) -> Tensor:
    """A velocity that differs from place to place and from time to time."""
    return x.flip(1).sin() + t[:, None] ** 2


def parts(v, x: Tensor, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gap, the average velocity, its derivative by the end, and the landing."""
    gap = (t - s)[:, None]
    now, change = torch.func.jvp(lambda end: v(x, s, end), (t,), (torch.ones_like(t),))
    return gap, now, change, x + gap * now


def run(residual, x: Tensor, s: Tensor, t: Tensor) -> Tensor:
    with quiet():
        return residual(SmallNet(), velocity, x, s, t)


def _wrong(combine):
    return lambda v, u, x, s, t: combine(u, x, s, t, *parts(v, x, s, t))


check = Exercise(
    solution,
    lambda g: [draws(g)[:3], draws(g, 5)[:3]],
    run=run,
    see="14_few_steps: Three ways to say that jumps compose",
    mistakes={
        "the velocity at the start": Mistake(
            _wrong(lambda u, x, s, t, gap, now, change, there: now + gap * change - u(x, s)),
            "A little more time moves the end of the jump, so the velocity that counts is that at the landing, at the time t.",
        ),
        "the landing at the old time": Mistake(
            _wrong(lambda u, x, s, t, gap, now, change, there: now + gap * change - u(there, s)),
            "The place is right. The jump is there at the time t, and the velocity of a flow depends on the time.",
        ),
        "the average velocity for the speed": Mistake(
            _wrong(lambda u, x, s, t, gap, now, change, there: now - u(there, t)),
            "With a longer jump the average velocity changes, too. Half of the product rule is missing: (t - s) dv/dt.",
        ),
        "the change for the speed": Mistake(
            _wrong(lambda u, x, s, t, gap, now, change, there: gap * change - u(there, t)),
            "The other half of the product rule is missing: the derivative of the gap t - s is 1, and it is multiplied by v.",
        ),
        "the start's derivative": Mistake(
            _wrong(lambda u, x, s, t, gap, now, change, there: -now - gap * change + u(there, t)),
            "Everything has the other sign. The time that moves is that of the end, and X grows with it.",
        ),
    },
)
