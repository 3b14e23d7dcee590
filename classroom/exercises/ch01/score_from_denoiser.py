r"""from a denoiser to the score

A denoiser has told you $\mathbb E[x \mid x_t]$, as `x0`, of the shape $(B, D)$ of `x_t`. Write the score
$\nabla \log p_t(x_t)$. `alpha` and `sigma` are floats.

Hint: What is the mean of the noise, when the two parts must add up to the whole?
"""

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def slope(x_t, x0, alpha, sigma):
    """x_t and the mean of the data given it, (B, D) -> the score (B, D)."""
    return ...


# --- solution
# The mean of eps is (x_t - alpha x0) / sigma, and the score is minus that, over sigma.
def solution(x_t, x0, alpha, sigma):
    return (alpha * x0 - x_t) / sigma**2


# --- checker
check = Exercise(
    solution,
    lambda g: [(*randn((2, 6, 2), generator=g), alpha, sigma) for alpha, sigma in ((0.8, 0.6), (0.3, 0.7))],
    see="01_two_moons: The score is the noise in disguise",
    mistakes={
        "the noise itself": Mistake(
            lambda x_t, x0, alpha, sigma: (x_t - alpha * x0) / sigma,
            "That is the mean of eps. The score is minus that, divided by sigma.",
        ),
        "the other sign": Mistake(
            lambda x_t, x0, alpha, sigma: (x_t - alpha * x0) / sigma**2,
            "The score climbs the density, away from the noise: minus the mean of eps over sigma.",
        ),
        "sigma without its square": Mistake(
            lambda x_t, x0, alpha, sigma: (alpha * x0 - x_t) / sigma,
            "One sigma turns the difference into eps, a second one turns eps into the score.",
        ),
        "data that did not shrink": Mistake(
            lambda x_t, x0, alpha, sigma: (x0 - x_t) / sigma**2, "x_t = alpha x + sigma eps: the data enter with alpha."
        ),
    },
)
