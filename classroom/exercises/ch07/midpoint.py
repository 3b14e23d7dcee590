"""A step rule of your own: midpoint(step) -> x at time s. The checker hands it to `sample`, on the straight path.

step: a `lib.samplers.Step`, with x (B, d), the numbers t, s and h = s - t, estimate and c_t at (x, t), and slope(x, t), which is
one more call.
"""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.counting import Counting
from lib.samplers import Step, euler, heun, walk
from lib.seeding import randn

SEE = "07_solvers_and_the_k_budget: Five solvers on one page"


def answer(step: Step) -> Tensor:
    """Half a step by Euler's rule, and the whole step with the velocity found there."""
    half = step.x + step.h / 2 * step.estimate.velocity(step.c_t)
    return step.x + step.h * step.slope(half, (step.t + step.s) / 2)


def run(midpoint, steps: int, x: Tensor) -> tuple[Tensor, int]:
    """The samples after so many steps, and the number of network calls."""
    model = Counting()
    *_, end = walk(model, x, model.path.grid(steps), midpoint)
    return end.x, model.calls


def _half_way(step: Step) -> Tensor:
    return step.x + step.h / 2 * step.estimate.velocity(step.c_t)


check = Exercise(
    answer,
    lambda g: [(steps, randn((60, 2), generator=g).double()) for steps in (2, 5)],
    run=run,
    rtol=1e-3,
    mistakes=[
        Mistake(
            "Euler's rule",
            euler,
            "One call a step, and first order. The second call is made half way.",
            SEE,
        ),
        Mistake(
            "Heun's rule",
            heun,
            "Heun asks at the end of the step and averages. The midpoint rule asks in the middle and uses that velocity alone.",
            SEE,
        ),
        Mistake(
            "the time of the beginning",
            lambda step: step.x + step.h * step.slope(_half_way(step), step.t),
            "Half way in space is half way in time as well: ask at (t + s) / 2.",
            SEE,
        ),
        Mistake(
            "a whole step to the middle",
            lambda step: step.x + step.h * step.slope(2 * _half_way(step) - step.x, (step.t + step.s) / 2),
            "To reach the middle go half as far: h / 2 times the first velocity.",
            SEE,
        ),
        Mistake(
            "begun in the middle",
            lambda step: _half_way(step) + step.h * step.slope(_half_way(step), (step.t + step.s) / 2),
            "The middle only serves to ask. The step itself begins at x.",
            SEE,
        ),
        Mistake(
            "half a step",
            lambda step: step.x + step.h / 2 * step.slope(_half_way(step), (step.t + step.s) / 2),
            "The velocity of the middle stands for the whole step: multiply it by h.",
            SEE,
        ),
    ],
)
