r"""an error and what becomes of it

On a VP path, at the step where $\bar\alpha = 0.2$, an $\varepsilon$-net errs by <!--given-->0.1<!--/given-->. By how
much is its estimate of the data off?

Hint: $\bar\alpha$ is a square.
"""

import math

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# alpha^2 = 0.2 and sigma^2 = 0.8, so the gain sigma / alpha is 2.
solution = 0.1 * math.sqrt(0.8 / 0.2)

# --- checker
ALPHA, SIGMA, ERROR = math.sqrt(0.2), math.sqrt(0.8), 0.1

check = Exercise(
    solution,
    rtol=1e-3,
    see="03_what_the_net_predicts: What an error becomes",
    mistakes={
        "the gain upside down": Mistake(
            ERROR * ALPHA / SIGMA,
            "alpha / sigma is the gain from x0 to eps. From x0 = (x_t - sigma eps) / alpha, that of eps is sigma / alpha.",
        ),
        "alpha-bar for alpha": Mistake(
            ERROR * 0.8 / 0.2,
            "alpha-bar is the square of alpha, a variance. The gain is a ratio of amplitudes: take the root.",
            "03_what_the_net_predicts: v is a rotation",
        ),
        "the gain towards v": Mistake(
            ERROR / ALPHA,
            "1 / alpha is what an error of eps becomes in v. In x0 the error has the factor sigma / alpha.",
        ),
        "not divided by alpha": Mistake(
            ERROR * SIGMA,
            "sigma times the error is the error of sigma eps. To get x0 the rest is divided by alpha.",
        ),
    },
)
