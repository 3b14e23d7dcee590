r"""mend the walk

Mend `walk(velocity, x, K)`: $K$ steps of Euler's rule from $t = 0$ to 1. The net takes and gives bfloat16, as `x` is;
what the walk adds up must not be rounded away. The result may be of either type.

Hint: With $K$ steps each one moves by $u/K$. What becomes of it when it is added to a number a few hundred times as
large?
"""

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def walk(velocity, x, K):
    """velocity(x, t) -> like x. x: (B, D) at 0, in bfloat16. x at time 1."""
    for i in range(K):
        x = x + velocity(x, i / K) / K
    return x


# --- solution
# The net may be asked, and may answer, in few digits: its errors are small beside its answer. The state is a sum of
# many small numbers, so it is kept in float32, and rounded only on its way into the net.
def solution(velocity, x, K):
    state = x.float()
    for i in range(K):
        state = state + velocity(state.to(x.dtype), i / K).float() / K
    return state


# --- checker
def run(walk, K: int, x: Tensor) -> Tensor:
    """Where a curved field leads that is asked and answers in bfloat16."""

    def velocity(x, t):
        y = x.float()
        return torch.stack([1 + y[:, 1] * t, -y[:, 0]], 1).bfloat16()

    return torch.as_tensor(walk(velocity, x.bfloat16(), K)).float()


def _displaced(velocity, x, K):
    moved = torch.zeros_like(x)
    for i in range(K):
        moved = moved + velocity(x + moved, i / K) / K
    return x.float() + moved.float()


def _unfed(velocity, x, K):
    state = x.float()
    for i in range(K):
        state = state + velocity(x, i / K).float() / K
    return state


check = Repair(
    solution,
    lambda g: [(K, 2 * torch.randn(16, 2, generator=g)) for K in (20, 600, 1500)],
    broken=walk,
    run=run,
    rtol=1e-2,  # a net in bfloat16 is right to 1/256, and so is a result that is rounded once
    see="07_solvers_and_the_k_budget: What a sampler is given",
    mistakes={
        "fewer steps": Mistake(
            lambda velocity, x, K: walk(velocity, x, min(K, 50)),
            "Longer steps are rounded less, and what was asked for are K. The state still loses its last digits.",
        ),
        "the displacement in half": Mistake(
            _displaced,
            "The sum begins at 0 and is soon as large as the state. It gains a few steps, and then stands still.",
        ),
        "the net sees the first state": Mistake(
            _unfed,
            "The sum is kept as it should, and the net is asked at the place where the walk began. Hand it the state.",
        ),
    },
)
