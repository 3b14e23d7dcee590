r"""the target v

Write the target $v$ of {cite:t}`salimans2022` from clean data, noise and the two curves of a VP path. The sign
matters: two codes that differ in it cannot use each other's nets.

Hint: Put the state at the angle $\phi$, with $\alpha = \cos\phi$ and $\sigma = \sin\phi$, and differentiate by the
angle.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand, randn


# --- stub
def make_v(x, eps, alpha, sigma):
    """x, eps: (B, d). alpha, sigma: (B, 1). The target (B, d)."""
    return ...


# --- solution
def solution(x, eps, alpha, sigma):
    # d/dphi (cos phi x + sin phi eps) = -sin phi x + cos phi eps
    return alpha * eps - sigma * x


# --- checker
def vp(g: torch.Generator, n: int = 20) -> tuple[Tensor, Tensor]:
    """alpha and sigma of n random angles, (n, 1) each."""
    angle = 0.1 + 1.3 * rand(n, generator=g)[:, None]
    return angle.cos(), angle.sin()


check = Exercise(
    solution,
    lambda g: [(randn((20, 2), generator=g), randn((20, 2), generator=g), *vp(g))],
    see="03_what_the_net_predicts: v is a rotation",
    mistakes={
        "the other sign of v": Mistake(
            lambda x, eps, alpha, sigma: sigma * x - alpha * eps,
            "Some codes call this v. Salimans and Ho's v, and this book's, points from data to noise: alpha eps - sigma x.",
        ),
        "the sign of a wrong formula": Mistake(
            lambda x, eps, alpha, sigma: -sigma * x - alpha * eps,
            "With both signs minus the target is nearly a multiple of x_t where alpha = sigma, and tells nothing new there.",
            "03_what_the_net_predicts: Where each determinant vanishes",
        ),
        "alpha and sigma exchanged": Mistake(
            lambda x, eps, alpha, sigma: sigma * eps - alpha * x,
            "Near the data, alpha is 1 and v must ask for the noise. The "
            "derivative of alpha is -sigma, that of sigma is alpha.",
        ),
        "the noisy state itself": Mistake(
            lambda x, eps, alpha, sigma: alpha * x + sigma * eps,
            "That is x_t, which the net is given. v is its rotation by a right angle.",
        ),
        "the velocity of the straight path": Mistake(
            lambda x, eps, alpha, sigma: x - eps,
            "x - eps is the target u of flow matching's straight path. v belongs to VP paths.",
            "03_what_the_net_predicts: Second reading: Who predicts what",
        ),
    },
)
