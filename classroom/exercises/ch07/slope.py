"""The order of a method: order(steps, errors) -> a number. steps, errors: (n,), errors ~ constant / steps^order."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand

SEE = "07_solvers_and_the_k_budget: What the textbook order is worth"


def answer(steps: Tensor, errors: Tensor) -> Tensor:
    """Minus the slope of a line through (log steps, log errors), by least squares."""
    return -_slope(steps.log(), errors.log())


def _slope(x: Tensor, y: Tensor) -> Tensor:
    x = x - x.mean()
    return (x * y).sum() / (x * x).sum()


def _cases(g: torch.Generator) -> list[tuple]:
    steps = torch.tensor([4.0, 8, 16, 32, 64]).double()
    return [(steps, c * steps**-p * (1 + 0.1 * rand(5, generator=g))) for c, p in ((3.0, 1.0), (0.2, 2.0), (5.0, 4.0))]


check = Exercise(
    answer,
    _cases,
    rtol=1e-3,
    mistakes=[
        Mistake(
            "the sign of the slope",
            lambda steps, errors: _slope(steps.log(), errors.log()),
            "Errors fall with the number of steps, so the slope is minus the order.",
            SEE,
        ),
        Mistake(
            "steps without their logarithm",
            lambda steps, errors: -_slope(steps, errors.log()),
            "A power law is a straight line only if both axes are logarithmic.",
            SEE,
        ),
        Mistake(
            "the line through the origin",
            lambda steps, errors: -(steps.log() * errors.log()).sum() / steps.log().square().sum(),
            "log error = log constant - order log steps: the constant is unknown, so subtract the means first.",
            SEE,
        ),
        Mistake(
            "the axes exchanged",
            lambda steps, errors: -_slope(errors.log(), steps.log()),
            "The question is how much log error changes for a change of log steps, not the other way round.",
            SEE,
        ),
        Mistake(
            "the ends alone",
            lambda steps, errors: -(errors[-1] / errors[0]).log() / (steps[-1] / steps[0]).log(),
            "Two of the errors decide, and their noise with them. A line by least squares uses all.",
            SEE,
        ),
    ],
)
