r"""a solver with a memory

DPM-Solver++(2M) uses for its step from $t$ to $s$ not the present estimate of the data, but one extrapolated from it
and the one before, linearly in $\lambda' = \log(\alpha/\sigma)$, to the middle of the step. Write that estimate. The
steps have unequal lengths.

Hint: A straight line through two points, read off at a third.
"""

from collections.abc import Callable

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def ahead(now, before, l_before, l_t, l_s):
    """now, before: (B, d). l_before, l_t, l_s: log(alpha / sigma). (B, d)."""
    return ...


# --- solution
def solution(now, before, l_before, l_t, l_s):
    slope_ = (now - before) / (l_t - l_before)
    return now + (l_s - l_t) / 2 * slope_  # half of the step ahead


# --- checker
def _factor(of: Callable) -> Callable:
    return lambda now, before, l_before, l_t, l_s: now + of(l_t - l_before, l_s - l_t) * (now - before)


check = Exercise(
    solution,
    lambda g: [(randn((5, 2), generator=g), randn((5, 2), generator=g), -2.0, -0.5, s) for s in (0.5, 3.0)],
    see="07_solvers_and_the_k_budget: Five solvers on one page",
    mistakes={
        "to the end of the step": Mistake(
            _factor(lambda h_before, h: h / h_before),
            "The estimate stands for the whole step, so it is taken at its middle: half of h ahead.",
        ),
        "the ratio upside down": Mistake(
            _factor(lambda h_before, h: h_before / (2 * h)),
            "The slope is the change over the step before; multiply it by half of the step ahead: h / (2 h_before).",
        ),
        "equal steps taken for granted": Mistake(
            _factor(lambda h_before, h: 0.5),
            "One half is right for steps of equal length in log(alpha / sigma). These are not.",
        ),
        "back instead of ahead": Mistake(
            _factor(lambda h_before, h: -h / (2 * h_before)),
            "now - before points ahead. With the other sign the estimate goes back to what was.",
        ),
        "no memory": Mistake(
            lambda now, before, l_before, l_t, l_s: now,
            "With the present estimate alone the step is DDIM, of first order.",
        ),
    },
)
