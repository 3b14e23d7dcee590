r"""a guided velocity from one call

Extend a flow matching model by hand: the guided velocity on the straight path, where $u = x - \varepsilon$, for *one*
call of `model.estimate(x_t, t, y)` with $2B$ rows. The checker counts the calls. `NO_LABEL` is the label that says
nothing.

Hint: Three things must be doubled: the states, the times and the labels.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.counting import Counting
from lib.guidance import Guided
from lib.labels import NO_LABEL
from lib.oracle import Oracle
from lib.seeding import rand, randn


# --- stub
def guided_velocity(model, x_t, t, y, w):
    """x_t: (B, d). t, y: (B,). The guided velocity (B, d)."""
    return ...


# --- solution
def solution(model, x_t, t, y, w):
    labels = torch.cat([torch.full_like(y, NO_LABEL), y])
    both = model.estimate(x_t.repeat(2, 1), t.repeat(2), labels)
    unconditional, conditional = (both.x0 - both.eps).chunk(2)  # u is affine in the estimate
    return torch.lerp(unconditional, conditional, w)


# --- checker
NAMES = "11_conditioning_and_guidance: Three conventions for one weight"


def run(guided_velocity, w: float, x_t: Tensor, t: Tensor, y: Tensor) -> tuple[Tensor, int]:
    """The velocity, and the number of calls it took."""
    model = Counting()
    return guided_velocity(model, x_t, t, y, w), model.calls


def _two_calls(model: Oracle, x_t: Tensor, t: Tensor, y: Tensor, w: float) -> Tensor:
    worse, better = model.estimate(x_t, t, torch.full_like(y, NO_LABEL)), model.estimate(x_t, t, y)
    return torch.lerp(worse.x0 - worse.eps, better.x0 - better.eps, w)


def _cases(g: torch.Generator) -> list[tuple]:
    return [
        (w, randn((30, 2), generator=g), 0.1 + 0.8 * rand(30, generator=g), torch.arange(30) % 2) for w in (2.0, 3.5)
    ]


check = Exercise(
    solution,
    _cases,
    run=run,
    rtol=1e-3,
    see="11_conditioning_and_guidance: Noise, data, v, velocity: all the same",
    mistakes={
        "two calls": Mistake(
            _two_calls,
            "Right in value. But one call with 2B rows, labelled and unlabelled, costs less than two of B.",
        ),
        "the halves exchanged": Mistake(
            lambda model, x_t, t, y, w: solution(model, x_t, t, y, 1 - w),
            "Stack and split in the same order: the first half of the rows has the first half of the labels.",
        ),
        "w for 1 + w": Mistake(
            lambda model, x_t, t, y, w: solution(model, x_t, t, y, 1 + w),
            "That is Ho and Salimans' convention; here w = 1 is the conditional model.",
            NAMES,
        ),
        "the velocity towards the noise": Mistake(
            lambda model, x_t, t, y, w: -solution(model, x_t, t, y, w),
            "On this clock t = 1 is data, so u = x - eps. The other sign walks to the noise.",
            "06_flow_matching: Path and velocity",
        ),
        "v for the velocity": Mistake(
            lambda model, x_t, t, y, w: _v(model, x_t, t, y, w),
            "v = alpha eps - sigma x is a target of variance-preserving "
            "paths. The velocity of the straight path is u = x - eps.",
            "03_what_the_net_predicts: Second reading: Who predicts what",
        ),
    },
)


def _v(model: Oracle, x_t: Tensor, t: Tensor, y: Tensor, w: float) -> Tensor:
    estimate = Guided(model, w).estimate(x_t, t, y)
    return t[:, None] * estimate.eps - (1 - t[:, None]) * estimate.x0
