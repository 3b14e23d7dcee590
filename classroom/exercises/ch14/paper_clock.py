r"""from the paper's clock

MeanFlow's paper puts the data at time 0 and the noise at 1. Its net `u(z, r, t)`, with $r \le t$, is an average
velocity on that clock: $z_r = z_t - (t - r)\, u(z_t, r, t)$ leads towards the data. Somebody gives you such a net.
Write the average velocity of this book, for points `x` (B, 2) at the times `s` $\le$ `t` (B,), noise 0 and data 1.

Hint: Call the paper's times $r'$ and $t'$. Which of them is at the noisy end of a jump, and which of ours is? And which
way does each velocity point?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.jumps import SmallNet, draws


# --- stub
def average_velocity(u, x, s, t):
    """-> (B, 2), in terms of the paper's net u(z, r, t)."""
    return ...


# --- solution
# Our s is the noisy end, which the paper calls t: t' = 1 - s, and r' = 1 - t. Time runs the other way, so a velocity turns.
def solution(u, x, s, t):
    return -u(x, 1 - t, 1 - s)


# --- checker
def run(average, x: Tensor, s: Tensor, t: Tensor) -> Tensor:
    with torch.no_grad():
        return average(SmallNet(), x, s, t)


check = Exercise(
    solution,
    lambda g: [draws(g)[:3], draws(g, 5)[:3]],
    run=run,
    see="14_few_steps: MeanFlow, and why the time embedding decides",
    mistakes={
        "the sign kept": Mistake(
            lambda u, x, s, t: u(x, 1 - t, 1 - s),
            "The times are right. On the paper's clock velocities point to the noise; ours point to the data.",
        ),
        "the two times exchanged": Mistake(
            lambda u, x, s, t: -u(x, 1 - s, 1 - t),
            "The paper's r is the smaller time, the one nearer the data. Ours near the data is t, so r' = 1 - t.",
        ),
        "the clock not turned": Mistake(
            lambda u, x, s, t: -u(x, s, t),
            "The sign is right. But the paper's time 0 is the data: a time of ours is one minus a time of theirs.",
        ),
        "nothing translated": Mistake(
            lambda u, x, s, t: u(x, s, t),
            "Both clocks run from 0 to 1, so nothing complains. They run in opposite directions.",
        ),
    },
)
