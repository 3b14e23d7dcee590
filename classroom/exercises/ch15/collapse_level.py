r"""the level at which it decides

`n` points are drawn from a normal distribution in `D` dimensions, with the same `variance` along each. Seen through noise of
the level $r = \sigma/\alpha$, a point tells $\tfrac D2 \log(1 + \mathrm{variance}/r^2)$ nats about itself. Return the level
at which these are just enough to say which of the n points it is.

Hint: To name one of n things takes log n nats. Set the two equal, and solve for r.
"""

import math

from classroom.exercises import Exercise, Mistake


# --- stub
def level(n, D, variance):
    """-> a number, sigma / alpha."""
    return ...


# --- solution
# log n = D/2 log(1 + SNR), so that SNR = n^(2/D) - 1, and SNR is the variance over r^2.
def solution(n, D, variance):
    snr = n ** (2 / D) - 1
    return math.sqrt(variance / snr)


# --- checker
check = Exercise(
    solution,
    lambda g: [(100, 2, 1.0), (1000, 8, 0.5), (50, 20, 2.0)],
    see="15_memorise_or_generalise: When it decides",
    mistakes={
        "the root of n": Mistake(
            lambda n, D, variance: math.sqrt(variance / (n ** (1 / D) - 1)),
            "The D/2 is half of D: solved for the ratio, it becomes the exponent 2/D.",
        ),
        "the 1 forgotten": Mistake(
            lambda n, D, variance: math.sqrt(variance) / n ** (1 / D),
            "There is a 1 beside the signal-to-noise ratio under the logarithm. It matters most in many dimensions, "
            "where the power of n is near 1.",
        ),
        "alpha over sigma": Mistake(
            lambda n, D, variance: math.sqrt((n ** (2 / D) - 1) / variance),
            "That is the level upside down. With more points it should become smaller, since they lie closer together.",
        ),
        "the square of the level": Mistake(
            lambda n, D, variance: variance / (n ** (2 / D) - 1),
            "That is the square of sigma over alpha. Take its root.",
        ),
        "bits for nats": Mistake(
            lambda n, D, variance: math.sqrt(variance / math.expm1(2 * math.log2(n) / D)),
            "The two sides are in different units: a logarithm to the base 2 on one of them, the natural one on the other.",
        ),
    },
)
