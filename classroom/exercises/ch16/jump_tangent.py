r"""mend the derivative

Mend `jump_loss(v, x, s, t, u)`. The net `v(x, s, t)` should learn the average velocity between the times $s$ and $t$ (B,),
from the point `x` (B, 2) at $s$; `u` (B, 2) is the velocity there. Noise is at time 0, data at 1, and $s \le t$. The identity:
$v = u + (t - s)\, \frac{\mathrm d}{\mathrm d s} v(x_s, s, t)$, along the path of $x_s$.

Hint: Three things can move in this derivative. When the start of a jump glides along its path, which of the three do, and
how fast?
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.jumps import draws, trains
from classroom.exercises.repair import Repair


# --- stub
def jump_loss(v, x, s, t, u):
    along = (u, torch.zeros_like(s), torch.ones_like(t))
    now, change = torch.func.jvp(v, (x, s, t), along)
    target = u + (t - s)[:, None] * change
    return (now - target.detach()).square().mean()


# --- solution
# x moves with the velocity and s with the speed 1; where the jump ends stays.
def solution(v, x, s, t, u):
    along = (u, torch.ones_like(s), torch.zeros_like(t))
    now, change = torch.func.jvp(v, (x, s, t), along)
    target = u + (t - s)[:, None] * change
    return (now - target.detach()).square().mean()


# --- checker
def moving(of_x: float, of_s: float, of_t: float, sign: float = 1.0):
    """The loss with the derivative along these directions, and this sign of it."""

    def loss(v, x, s, t, u):
        along = (of_x * u, torch.full_like(s, of_s), torch.full_like(t, of_t))
        now, change = torch.func.jvp(v, (x, s, t), along)
        return (now - (u + sign * (t - s)[:, None] * change).detach()).square().mean()

    return loss


check = Repair(
    solution,
    lambda g: [draws(g), draws(g, 5)],
    broken=jump_loss,
    run=trains,
    see="06_flow_matching: Path and velocity",
    mistakes={
        "the sign of another clock": Mistake(
            moving(1, 1, 0, -1),
            "The directions are right. The sign is the paper's, whose clock runs from the data to the noise; "
            "on this clock a start that glides on shortens the jump.",
        ),
        "the sign turned instead": Mistake(
            moving(1, 0, 1, -1),
            "A minus belongs to the identity of the other end of the jump, v = u(X, t) - (t - s) dv/dt: there the velocity "
            "is that at the landing, and the start stands still.",
        ),
        "both times move": Mistake(
            moving(1, 1, 1),
            "Then the jump glides along its path with a fixed length. The identity lets its start glide, and holds its end.",
        ),
        "the point stands still": Mistake(
            moving(0, 1, 0),
            "That is the derivative by the time s alone. Along the path x moves, too, with the velocity u.",
        ),
    },
)
