r"""mend the branch

Mend `x0_of(v, x_t, alpha, sigma)`: the clean data, given $v = \alpha\varepsilon - \sigma x$,
$x_t = \alpha x + \sigma\varepsilon$ and $\alpha^2 + \sigma^2 = 1$.

Hint: Write both equations below each other and make $\varepsilon$ vanish.
"""

from classroom.exercises import Mistake
from classroom.exercises.ch03 import estimate_from_v
from classroom.exercises.repair import Repair


# --- stub
def x0_of(v, x_t, alpha, sigma):
    return alpha * x_t + sigma * v


# --- solution
# alpha x_t - sigma v = (alpha^2 + sigma^2) x + (alpha sigma - sigma alpha) eps = x.
def solution(v, x_t, alpha, sigma):
    return alpha * x_t - sigma * v


# --- checker
check = Repair(
    solution,
    estimate_from_v.check.cases,
    broken=x0_of,
    see="03_what_the_net_predicts: Two equations, two unknowns",
    mistakes={
        "the noise instead of the data": Mistake(
            lambda *given: estimate_from_v.solution(*given)[1],
            "That is the other unknown: the noise is sigma x_t + alpha v.",
        ),
        "all signs turned": Mistake(
            lambda *given: -solution(*given),
            "This is the clean data with the other sign. At small noise x_t is nearly the data, so x_t counts positive.",
        ),
        "solved as if v were the noise": Mistake(
            lambda *given: estimate_from_v.as_eps(*given)[0],
            "Dividing by alpha belongs to a net that predicts the noise. The pair "
            "(x_t, v) is a rotation of (data, noise): to undo it, nothing is divided.",
        ),
    },
)
