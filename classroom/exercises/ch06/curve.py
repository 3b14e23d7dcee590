"""A path of one's own: curves(t, least) -> alpha, sigma and their derivatives, for the published straight path.

t: a float or a tensor in [0, 1]. least: what sigma ends at. alpha = t; sigma is straight, 1 at t = 0 and `least` at t = 1.
"""

from collections.abc import Callable

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.data import two_moons_mixture
from lib.flow_matching import LinearPath
from lib.oracle import Oracle
from lib.samplers import euler, sample
from lib.seeding import randn

SEE = "06_flow_matching: Path and velocity"


def run(curves: Callable, least: float, start: Tensor) -> Tensor:
    """What the exact model on this path samples in eight Euler steps."""

    class Own(LinearPath):
        def _curves(self, t, m):
            alpha, sigma, d_alpha, d_sigma = curves(t, least)
            return alpha, sigma, d_alpha + 0 * t, d_sigma + 0 * t  # a derivative may be a plain number

    return sample(Oracle(two_moons_mixture(), Own()), start, 8, euler)


check = Exercise(
    lambda t, least: (t, 1 - (1 - least) * t, 1, least - 1),
    lambda g: [(least, randn((60, 2), generator=g)) for least in (0.1, 0.3)],
    run=run,
    rtol=1e-3,
    mistakes=[
        Mistake(
            "the minimum added on top",
            lambda t, least: (t, 1 - t + least, 1, -1),
            "At t = 0 this sigma is more than 1. The sampler starts from N(0, I) and would start too narrow.",
            SEE,
        ),
        Mistake(
            "the slope of the other straight path",
            lambda t, least: (t, 1 - (1 - least) * t, 1, -1),
            "From 1 to `least` in one unit of time is a slope of least - 1, not -1. The velocity belongs to another curve.",
            SEE,
        ),
        Mistake(
            "the slope without its sign",
            lambda t, least: (t, 1 - (1 - least) * t, 1, 1 - least),
            "sigma falls, so its derivative is negative. Both signs in the velocity are plus; the minus comes from here.",
            SEE,
        ),
        Mistake(
            "data that shrink as well",
            lambda t, least: ((1 - least) * t, 1 - (1 - least) * t, 1 - least, least - 1),
            "alpha = t ends at 1: only the noise is held back, the data arrive whole.",
            SEE,
        ),
        Mistake(
            "nothing left at the end",
            lambda t, least: (t, 1 - t, 1, -1),
            "This is the straight path of the chapter, which ends at sigma = 0. Here it ends at `least`.",
            SEE,
        ),
        Mistake(
            "the clock turned round",
            lambda t, least: (1 - t, least + (1 - least) * t, -1, 1 - least),
            "On this clock t = 0 is noise: alpha starts at 0 and sigma at 1.",
            SEE,
        ),
    ],
)
