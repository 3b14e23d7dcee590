"""back from v

Now the other direction, both halves at once: what does a net's $v$ say about the data and about the noise?

Hint: A rotation is undone by the rotation with the opposite angle. Nothing is divided.
"""

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch03.v_target import vp
from lib.seeding import randn


# --- stub
def from_v(v, x_t, alpha, sigma):
    """v: the net's answer (B, d). The pair (x0, eps), each (B, d)."""
    return ...


# --- solution
def solution(v, x_t, alpha, sigma):
    return alpha * x_t - sigma * v, sigma * x_t + alpha * v


# --- checker
def as_eps(v, x_t, alpha, sigma):
    """As if the answer were the noise."""
    return (x_t - sigma * v) / alpha, v


check = Exercise(
    solution,
    lambda g: [(randn((20, 2), generator=g), randn((20, 2), generator=g), *vp(g))],
    see="03_what_the_net_predicts: v is a rotation",
    mistakes={
        "turned in the same direction again": Mistake(
            lambda v, x_t, alpha, sigma: (alpha * x_t + sigma * v, alpha * v - sigma * x_t),
            "The inverse of a rotation has its sine with the other sign: x0 = alpha x_t - sigma v.",
        ),
        "the two exchanged": Mistake(
            lambda v, x_t, alpha, sigma: (sigma * x_t + alpha * v, alpha * x_t - sigma * v),
            "Near the data, where alpha is 1, x_t is nearly x0: that line comes first.",
        ),
        "the formulas of an eps-net": Mistake(
            as_eps,
            "The net's answer was taken for eps. A v-net needs no division, which is why it is never singular.",
            "03_what_the_net_predicts: Where each determinant vanishes",
        ),
        "x_t without its factor": Mistake(
            lambda v, x_t, alpha, sigma: (x_t - sigma * v, x_t + alpha * v),
            "alpha x_t = alpha^2 x + alpha sigma eps, and alpha^2 + "
            "sigma^2 = 1 then leaves x alone. Both factors are needed.",
        ),
        "the formulas of the straight path": Mistake(
            lambda v, x_t, alpha, sigma: (x_t + sigma * v, x_t - alpha * v),
            "x_t + sigma u is the data on the straight path, where u = x - eps. v is another vector.",
            "03_what_the_net_predicts: Second reading: Who predicts what",
        ),
    },
)
