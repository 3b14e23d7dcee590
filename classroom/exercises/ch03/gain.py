"""A number: how far the x0 of an eps-net is off that errs by 0.1, where alpha-bar = 0.2 on a VP path."""

import math

from classroom.exercises import Exercise, Mistake

ALPHA, SIGMA, ERROR = math.sqrt(0.2), math.sqrt(0.8), 0.1
SEE = "03_what_the_net_predicts: What an error becomes"

check = Exercise(
    ERROR * SIGMA / ALPHA,
    rtol=1e-3,
    mistakes=[
        Mistake(
            "the gain upside down",
            ERROR * ALPHA / SIGMA,
            "alpha / sigma is the gain from x0 to eps. From x0 = (x_t - sigma eps) / alpha, that of eps is sigma / alpha.",
            SEE,
        ),
        Mistake(
            "alpha-bar for alpha",
            ERROR * 0.8 / 0.2,
            "alpha-bar is the square of alpha, a variance. The gain is a ratio of amplitudes: take the root.",
            "03_what_the_net_predicts: v is a rotation",
        ),
        Mistake(
            "the gain towards v",
            ERROR / ALPHA,
            "1 / alpha is what an error of eps becomes in v. In x0 the error has the factor sigma / alpha.",
            SEE,
        ),
        Mistake(
            "not divided by alpha",
            ERROR * SIGMA,
            "sigma times the error is the error of sigma eps. To get x0 the rest is divided by alpha.",
            SEE,
        ),
    ],
)
