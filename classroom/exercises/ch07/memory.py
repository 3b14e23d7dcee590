"""The memory of DPM-Solver++(2M): ahead(now, before, l_before, l_t, l_s) -> the data estimate that the step to s uses, (B, d).

now, before: the estimates of the data at this time t and a step earlier, (B, d). l_...: log(alpha / sigma) then, now, and at s.
"""

from collections.abc import Callable

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "07_solvers_and_the_k_budget: Five solvers on one page"


def answer(now: Tensor, before: Tensor, l_before: float, l_t: float, l_s: float) -> Tensor:
    """Extrapolated linearly to the middle of the step ahead."""
    return now + (l_s - l_t) / (2 * (l_t - l_before)) * (now - before)


def _factor(of: Callable) -> Callable:
    return lambda now, before, l_before, l_t, l_s: now + of(l_t - l_before, l_s - l_t) * (now - before)


check = Exercise(
    answer,
    lambda g: [(randn((5, 2), generator=g), randn((5, 2), generator=g), -2.0, -0.5, s) for s in (0.5, 3.0)],
    mistakes=[
        Mistake(
            "to the end of the step",
            _factor(lambda h_before, h: h / h_before),
            "The estimate stands for the whole step, so it is taken at its middle: half of h ahead.",
            SEE,
        ),
        Mistake(
            "the ratio upside down",
            _factor(lambda h_before, h: h_before / (2 * h)),
            "The slope is the change over the step before; multiply it by half of the step ahead: h / (2 h_before).",
            SEE,
        ),
        Mistake(
            "equal steps taken for granted",
            _factor(lambda h_before, h: 0.5),
            "One half is right for steps of equal length in log(alpha / sigma). These are not.",
            SEE,
        ),
        Mistake(
            "back instead of ahead",
            _factor(lambda h_before, h: -h / (2 * h_before)),
            "now - before points ahead. With the other sign the estimate goes back to what was.",
            SEE,
        ),
        Mistake(
            "no memory",
            lambda now, before, l_before, l_t, l_s: now,
            "With the present estimate alone the step is DDIM, of first order.",
            SEE,
        ),
    ],
)
