r"""a pair for reflow

Reflow trains a second net on the ends of a first flow. `flow(x, s, t)` carries points (B, d) from the time $s$ to the time $t$;
`z` (B, d) is noise, `t` (B,) are times. Return the points $x_t$ (B, d) on the straight lines of the second net's pairs, and the
velocities (B, d) that it should have there.

Hint: The two ends of a line are a noise and what *this* noise becomes. Noise is at time 0.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def training_pair(flow, z, t):
    """-> x_t (B, d), velocity (B, d)."""
    return ..., ...


# --- solution
# Both ends are kept together: the line from z leads to where the flow takes z, and to no other end.
def solution(flow, z, t):
    end = flow(z, 0.0, 1.0)
    return torch.lerp(z, end, t[:, None]), end - z


# --- checker
def flow(x: Tensor, s: float | Tensor, t: float | Tensor) -> Tensor:
    """A flow that turns and shrinks the plane about a moving middle; s and t: numbers, or (B,)."""
    s, t = (torch.as_tensor(time, dtype=x.dtype).reshape(-1, 1) for time in (s, t))
    angle, shrink = 1.5 * (t - s), torch.exp(-0.8 * (t - s))
    a, b = (x - s).unbind(1)
    turned = torch.stack([a, b], 1) * angle.cos() + torch.stack([-b, a], 1) * angle.sin()
    return t + shrink * turned


def _line(z: Tensor, end: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    return torch.lerp(z, end, t[:, None]), end - z


check = Exercise(
    solution,
    lambda g: [(randn((n, 2), generator=g), torch.rand(n, generator=g)) for n in (9, 6)],
    run=lambda pair, z, t: pair(flow, z, t),
    see="14_few_steps: Reflow: pairs that belong together",
    mistakes={
        "another noise's end": Mistake(
            lambda flow, z, t: _line(z, flow(torch.randn_like(z), 0.0, 1.0), t),
            "These ends belong to other noises, so the pairs are independent again: plain flow matching, on the flow's samples.",
        ),
        "ends of the neighbours": Mistake(
            lambda flow, z, t: _line(z, flow(z, 0.0, 1.0).roll(1, 0), t),
            "The rows of the ends have been moved against those of the noise. Reflow lives on "
            "pairs that belong together.",
        ),
        "the direction turned round": Mistake(
            lambda flow, z, t: (solution(flow, z, t)[0], -solution(flow, z, t)[1]),
            "The points are right. The velocity leads from the noise to its end, towards the data.",
        ),
        "points of the old path": Mistake(
            lambda flow, z, t: (flow(z, 0.0, t), solution(flow, z, t)[1]),
            "These points lie on the bent paths of the first flow. The second net learns on the straight line between the ends.",
        ),
        "the flow run backwards": Mistake(
            lambda flow, z, t: _line(z, flow(z, 1.0, 0.0), t),
            "The noise is at time 0, and its end at 1. From 1 to 0 the flow takes data to noise.",
        ),
        "the clock turned round": Mistake(
            lambda flow, z, t: (torch.lerp(flow(z, 0.0, 1.0), z, t[:, None]), solution(flow, z, t)[1]),
            "At t = 0 the point should be the noise, and at t = 1 its end. Yours are exchanged.",
        ),
    },
)
