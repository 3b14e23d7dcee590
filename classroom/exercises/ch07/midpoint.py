"""a rule of your own

Extend `lib` by the midpoint rule: go half a step with the present velocity, ask there, and take the whole step with
the velocity found. A rule is a function of one `step`, which has `x` $(B, d)$, the times `t` and `s` and `h`
$= s - t$, all three numbers, the present `estimate`, its `c_t` (so that `step.estimate.velocity(step.c_t)` is the
velocity), and `step.slope(x, t)`, which asks the model for the velocity elsewhere. The checker lets your rule walk.

Hint: Where you ask is not where you start.
"""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.counting import Counting
from lib.samplers import Step, euler, heun, walk
from lib.seeding import randn


# --- stub
def midpoint_rule(step):
    """x at the time s: (B, d)."""
    return ...


# --- solution
def solution(step):
    half_way = step.x + step.h / 2 * step.estimate.velocity(step.c_t)
    return step.x + step.h * step.slope(half_way, (step.t + step.s) / 2)


# --- checker
def run(midpoint, steps: int, x: Tensor) -> tuple[Tensor, int]:
    """The samples after so many steps, and the number of network calls."""
    model = Counting()
    *_, end = walk(model, x, model.path.grid(steps), midpoint)
    return end.x, model.calls


def _half_way(step: Step) -> Tensor:
    return step.x + step.h / 2 * step.estimate.velocity(step.c_t)


check = Exercise(
    solution,
    lambda g: [(steps, randn((60, 2), generator=g).double()) for steps in (2, 5)],
    run=run,
    rtol=1e-3,
    see="07_solvers_and_the_k_budget: Five solvers on one page",
    mistakes={
        "Euler's rule": Mistake(
            euler,
            "One call a step, and first order. The second call is made half way.",
        ),
        "Heun's rule": Mistake(
            heun,
            "Heun asks at the end of the step and averages. The midpoint "
            "rule asks in the middle and uses that velocity alone.",
        ),
        "the time of the beginning": Mistake(
            lambda step: step.x + step.h * step.slope(_half_way(step), step.t),
            "Half way in space is half way in time as well: ask at (t + s) / 2.",
        ),
        "a whole step to the middle": Mistake(
            lambda step: step.x + step.h * step.slope(2 * _half_way(step) - step.x, (step.t + step.s) / 2),
            "To reach the middle go half as far: h / 2 times the first velocity.",
        ),
        "begun in the middle": Mistake(
            lambda step: _half_way(step) + step.h * step.slope(_half_way(step), (step.t + step.s) / 2),
            "The middle only serves to ask. The step itself begins at x.",
        ),
        "half a step": Mistake(
            lambda step: step.x + step.h / 2 * step.slope(_half_way(step), (step.t + step.s) / 2),
            "The velocity of the middle stands for the whole step: multiply it by h.",
        ),
    },
)
