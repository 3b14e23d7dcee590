"""Back from v: from_v(v, x_t, alpha, sigma) -> (x0, eps), each (B, d), on a VP path. v, x_t: (B, d). alpha, sigma: (B, 1)."""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch03.rotation import vp
from lib.seeding import randn

SEE = "03_what_the_net_predicts: v is a rotation"


def answer(v: Tensor, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """The rotation turned back."""
    return alpha * x_t - sigma * v, sigma * x_t + alpha * v


check = Exercise(
    answer,
    lambda g: [(randn((20, 2), generator=g), randn((20, 2), generator=g), *vp(g))],
    mistakes=[
        Mistake(
            "turned in the same direction again",
            lambda v, x_t, alpha, sigma: (alpha * x_t + sigma * v, alpha * v - sigma * x_t),
            "The inverse of a rotation has its sine with the other sign: x0 = alpha x_t - sigma v.",
            SEE,
        ),
        Mistake(
            "the two exchanged",
            lambda v, x_t, alpha, sigma: (sigma * x_t + alpha * v, alpha * x_t - sigma * v),
            "Near the data, where alpha is 1, x_t is nearly x0: that line comes first.",
            SEE,
        ),
        Mistake(
            "the formulas of an eps-net",
            lambda v, x_t, alpha, sigma: ((x_t - sigma * v) / alpha, v),
            "The net's answer was taken for eps. A v-net needs no division, which is why it is never singular.",
            "03_what_the_net_predicts: Where each determinant vanishes",
        ),
        Mistake(
            "x_t without its factor",
            lambda v, x_t, alpha, sigma: (x_t - sigma * v, x_t + alpha * v),
            "alpha x_t = alpha^2 x + alpha sigma eps, and alpha^2 + sigma^2 = 1 then leaves x alone. Both factors are needed.",
            SEE,
        ),
        Mistake(
            "the formulas of the straight path",
            lambda v, x_t, alpha, sigma: (x_t + sigma * v, x_t - alpha * v),
            "x_t + sigma u is the data on the straight path, where u = x - eps. v is another vector.",
            "03_what_the_net_predicts: Who predicts what",
        ),
    ],
)
