r"""mend the training of jumps

Mend `jump_loss(v, x, s, t, u)`. The net `v(x, s, t)` should learn the average velocity between the times $s$ and $t$ (B,)
from the point `x` (B, 2) at $s$; `u` (B, 2) is the velocity of the pair behind `x`. The value of the loss is right. The checker
compares its gradient by the weights, too.

Hint: Two terms hang on the weights. By the identity one of them is what the net should become. Which one is the net?
"""

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.jumps import draws, trains
from classroom.exercises.repair import Repair


# --- stub
def jump_loss(v, x, s, t, u):
    along = (u, torch.ones_like(s), torch.zeros_like(t))
    now, change = torch.func.jvp(v, (x, s, t), along)
    target = u + (t - s)[:, None] * change
    return (now - target).square().mean()


# --- solution
# The net goes to its target, and the target does not come to the net: u is that of a pair, and its noise is correlated
# with the derivative along it. A target that moves makes the noise smaller, and the jumps wrong.
def solution(v, x, s, t, u):
    along = (u, torch.ones_like(s), torch.zeros_like(t))
    now, change = torch.func.jvp(v, (x, s, t), along)
    target = u + (t - s)[:, None] * change
    return (now - target.detach()).square().mean()


# --- checker
def parts(v, x: Tensor, s: Tensor, t: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """The net's answer, and what it should be."""
    now, change = torch.func.jvp(v, (x, s, t), (u, torch.ones_like(s), torch.zeros_like(t)))
    return now, u + (t - s)[:, None] * change


def _other_side(v, *draw):
    now, target = parts(v, *draw)
    return (now.detach() - target).square().mean()


check = Repair(
    solution,
    lambda g: [draws(g), draws(g, 5)],
    broken=jump_loss,
    run=trains,
    see="09_training_craft: Bugs that look healthy",
    mistakes={
        "the other side held fixed": Mistake(
            _other_side,
            "The net's own answer is held fixed here, and the derivative is trained. It is the net that should learn, "
            "and the rest that it learns from.",
        ),
        "everything held fixed": Mistake(
            lambda *draw: torch.stack(parts(*draw)).diff(dim=0).square().mean().detach(),
            "Nothing hangs on the weights any more, so that nothing is learned. Hold one of the two terms fixed, not both.",
        ),
        "the velocity alone for a target": Mistake(
            lambda v, x, s, t, u: (v(x, s, t) - u).square().mean(),
            "That is flow matching for every t: the velocity at s, whatever the length of the jump.",
        ),
    },
)
