r"""a path of your own

The straight path was published with a little noise left at the end: $\alpha_t = t$, and $\sigma_t$ falls in a
straight line from 1 at $t = 0$ to a number `least` at $t = 1$. Write $\alpha$, $\sigma$ and their derivatives at `t`,
in this order. The checker makes it a path of `lib` and samples two moons along it with the exact model, so a
derivative that does not belong to its curve is found out.

Hint: A straight line through two given values has one slope. What sign does it have?
"""

from collections.abc import Callable

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.data import two_moons_mixture
from lib.flow_matching import LinearPath
from lib.oracle import Oracle
from lib.samplers import euler, sample
from lib.seeding import randn


# --- stub
def curves(t, least):
    """-> alpha, sigma, d_alpha, d_sigma at t."""
    return ...


# --- solution
# sigma goes from 1 to least in one unit of time, so its slope is least - 1, and is negative.
def solution(t, least):
    return t, 1 - (1 - least) * t, 1, least - 1


# --- checker
def run(curves: Callable, least: float, start: Tensor) -> Tensor:
    """What the exact model on this path samples in eight Euler steps."""

    class Own(LinearPath):
        def _curves(self, t, m):
            alpha, sigma, d_alpha, d_sigma = curves(t, least)
            return alpha, sigma, d_alpha + 0 * t, d_sigma + 0 * t  # a derivative may be a plain number

    return sample(Oracle(two_moons_mixture(), Own()), start, 8, euler)


check = Exercise(
    solution,
    lambda g: [(least, randn((60, 2), generator=g)) for least in (0.1, 0.3)],
    run=run,
    rtol=1e-3,
    see="06_flow_matching: Path and velocity",
    mistakes={
        "the minimum added on top": Mistake(
            lambda t, least: (t, 1 - t + least, 1, -1),
            "At t = 0 this sigma is more than 1. The sampler starts from N(0, I) and would start too narrow.",
        ),
        "the slope of the other straight path": Mistake(
            lambda t, least: (t, 1 - (1 - least) * t, 1, -1),
            "From 1 to `least` in one unit of time is a slope of least - 1, not -1. The velocity belongs to another curve.",
        ),
        "the slope without its sign": Mistake(
            lambda t, least: (t, 1 - (1 - least) * t, 1, 1 - least),
            "sigma falls, so its derivative is negative. Both signs in the velocity are plus; the minus comes from here.",
        ),
        "data that shrink as well": Mistake(
            lambda t, least: ((1 - least) * t, 1 - (1 - least) * t, 1 - least, least - 1),
            "alpha = t ends at 1: only the noise is held back, the data arrive whole.",
        ),
        "nothing left at the end": Mistake(
            lambda t, least: (t, 1 - t, 1, -1),
            "This is the straight path of the chapter, which ends at sigma = 0. Here it ends at `least`.",
        ),
        "the clock turned round": Mistake(
            lambda t, least: (1 - t, least + (1 - least) * t, -1, 1 - least),
            "On this clock t = 0 is noise: alpha starts at 0 and sigma at 1.",
        ),
    },
)
