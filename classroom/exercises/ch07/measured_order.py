"""the order of a method

You have measured the errors of a method at some numbers of steps. Estimate its order from all of them.

Hint: On which axes is a power law a straight line? The constant is unknown.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand


# --- stub
def order(steps, errors):
    """steps, errors: (n,). The order: a number."""
    return ...


# --- solution
def solution(steps, errors):
    x, y = steps.log(), errors.log()
    x = x - x.mean()  # the constant drops out
    return -(x * y).sum() / (x * x).sum()


# --- checker
def _slope(x: Tensor, y: Tensor) -> Tensor:
    x = x - x.mean()
    return (x * y).sum() / (x * x).sum()


def _cases(g: torch.Generator) -> list[tuple]:
    steps = torch.tensor([4.0, 8, 16, 32, 64]).double()
    return [(steps, c * steps**-p * (1 + 0.1 * rand(5, generator=g))) for c, p in ((3.0, 1.0), (0.2, 2.0), (5.0, 4.0))]


check = Exercise(
    solution,
    _cases,
    rtol=1e-3,
    see="07_solvers_and_the_k_budget: What the textbook order is worth",
    mistakes={
        "the sign of the slope": Mistake(
            lambda steps, errors: _slope(steps.log(), errors.log()),
            "Errors fall with the number of steps, so the slope is minus the order.",
        ),
        "steps without their logarithm": Mistake(
            lambda steps, errors: -_slope(steps, errors.log()),
            "A power law is a straight line only if both axes are logarithmic.",
        ),
        "the line through the origin": Mistake(
            lambda steps, errors: -(steps.log() * errors.log()).sum() / steps.log().square().sum(),
            "log error = log constant - order log steps: the constant is unknown, so subtract the means first.",
        ),
        "the axes exchanged": Mistake(
            lambda steps, errors: -_slope(errors.log(), steps.log()),
            "The question is how much log error changes for a change of log steps, not the other way round.",
        ),
        "the ends alone": Mistake(
            lambda steps, errors: -(errors[-1] / errors[0]).log() / (steps[-1] / steps[0]).log(),
            "Two of the errors decide, and their noise with them. A line by least squares uses all.",
        ),
    },
)
