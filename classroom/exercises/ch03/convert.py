"""A trained eps-predictor as a v-predictor: to_v(eps, x_t, alpha, sigma) -> (B, d), on a VP path.

eps: the net's answer (B, d). x_t: (B, d). alpha, sigma: (B, 1), alpha^2 + sigma^2 = 1.
"""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch03.rotation import vp
from lib.seeding import randn

SEE = "03_what_the_net_predicts: v is a rotation"
ERRORS = "03_what_the_net_predicts: What an error becomes"


def answer(eps: Tensor, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """alpha eps - sigma (x_t - sigma eps) / alpha, with alpha^2 + sigma^2 = 1."""
    return (eps - sigma * x_t) / alpha


check = Exercise(
    answer,
    lambda g: [(randn((20, 2), generator=g), randn((20, 2), generator=g), *vp(g))],
    mistakes=[
        Mistake(
            "x_t for x",
            lambda eps, x_t, alpha, sigma: alpha * eps - sigma * x_t,
            "v = alpha eps - sigma x has the clean x in it. First estimate it: x = (x_t - sigma eps) / alpha.",
            SEE,
        ),
        Mistake(
            "not divided by alpha",
            lambda eps, x_t, alpha, sigma: eps - sigma * x_t,
            "x_t - sigma eps is alpha x, not x. Divide by alpha.",
            SEE,
        ),
        Mistake(
            "the other sign of v",
            lambda eps, x_t, alpha, sigma: (sigma * x_t - eps) / alpha,
            "This is -v, which some codes call v. Here v = alpha eps - sigma x.",
            SEE,
        ),
        Mistake(
            "alpha-bar for alpha",
            lambda eps, x_t, alpha, sigma: (eps - sigma * x_t) / alpha**2,
            "alpha-bar = alpha^2. The signal's amplitude in x_t is its root.",
            SEE,
        ),
        Mistake(
            "the way back",
            lambda eps, x_t, alpha, sigma: alpha * eps + sigma * x_t,
            "alpha v + sigma x_t turns a v into an eps. Here the net's answer is the eps.",
            SEE,
        ),
        Mistake(
            "the estimate of the data",
            lambda eps, x_t, alpha, sigma: (x_t - sigma * eps) / alpha,
            "This is x0, half of the way. Put it into v = alpha eps - sigma x0.",
            ERRORS,
        ),
    ],
)
