r"""a trained noise predictor becomes a v-predictor

You have a net that was trained to predict $\varepsilon$ on a VP path, and a sampler that wants $v$. Convert the net's
answer. You know $x_t$, but neither the clean data nor the noise.

Hint: First ask what the answer says about the data. Then $\alpha^2 + \sigma^2 = 1$ makes the result short.
"""

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch03.v_target import vp
from lib.seeding import randn


# --- stub
def to_v(eps, x_t, alpha, sigma):
    """eps: what the net predicts (B, d). x_t: (B, d). alpha, sigma: (B, 1).

    The v that it implies (B, d).
    """
    return ...


# --- solution
def solution(eps, x_t, alpha, sigma):
    x0 = (x_t - sigma * eps) / alpha
    # alpha eps - sigma x0 = ((alpha^2 + sigma^2) eps - sigma x_t) / alpha = (eps - sigma x_t) / alpha
    return alpha * eps - sigma * x0


# --- checker
ERRORS = "03_what_the_net_predicts: What an error becomes"


check = Exercise(
    solution,
    lambda g: [(randn((20, 2), generator=g), randn((20, 2), generator=g), *vp(g))],
    see="03_what_the_net_predicts: v is a rotation",
    mistakes={
        "x_t for x": Mistake(
            lambda eps, x_t, alpha, sigma: alpha * eps - sigma * x_t,
            "v = alpha eps - sigma x has the clean x in it. First estimate it: x = (x_t - sigma eps) / alpha.",
        ),
        "not divided by alpha": Mistake(
            lambda eps, x_t, alpha, sigma: eps - sigma * x_t,
            "x_t - sigma eps is alpha x, not x. Divide by alpha.",
        ),
        "the other sign of v": Mistake(
            lambda eps, x_t, alpha, sigma: (sigma * x_t - eps) / alpha,
            "This is -v, which some codes call v. Here v = alpha eps - sigma x.",
        ),
        "alpha-bar for alpha": Mistake(
            lambda eps, x_t, alpha, sigma: (eps - sigma * x_t) / alpha**2,
            "alpha-bar = alpha^2. The signal's amplitude in x_t is its root.",
        ),
        "the way back": Mistake(
            lambda eps, x_t, alpha, sigma: alpha * eps + sigma * x_t,
            "alpha v + sigma x_t turns a v into an eps. Here the net's answer is the eps.",
        ),
        "the estimate of the data": Mistake(
            lambda eps, x_t, alpha, sigma: (x_t - sigma * eps) / alpha,
            "This is x0, half of the way. Put it into v = alpha eps - sigma x0.",
            ERRORS,
        ),
    },
)
