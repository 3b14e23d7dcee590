r"""where one step lands

On a line the noise is $\mathcal N(0, 1)$ and the data are $\mathcal N(3, 4)$, coupled as a pair of jointly normal numbers
with correlation 0.8. A perfect network has learned the field of this coupling on the straight path. Where does one Euler
step from $\varepsilon = 1$ land?

Hint: One step lands on $\mathbb E[x \mid \varepsilon]$. For jointly normal numbers
$\mathbb E[A \mid B] = \mathbb E A$ $+ \frac{\operatorname{Cov}(A, B)}{\operatorname{Var} B}(B - \mathbb E B)$.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# The covariance is 0.8 times both standard deviations, 0.8 * 2 * 1.
solution = 3 + 0.8 * 2 * 1

# --- checker
MEAN, SD, RHO, EPS = 3.0, 2.0, 0.8, 1.0

check = Exercise(
    solution,
    see="06b_who_is_paired_with_whom: Any coupling will do",
    mistakes={
        "independent pairs": Mistake(
            MEAN,
            "That is the mean of all data, where independent pairs lead. Here the noise at 1 says that x is likely above it.",
        ),
        "optimal pairs": Mistake(
            MEAN + SD * EPS,
            "That is the partner under the optimal coupling, with correlation 1. With 0.8 the mean of x lies nearer to 3.",
        ),
        "the correlation for the covariance": Mistake(
            MEAN + RHO * EPS,
            "The covariance is the correlation times both standard deviations, and that of the data is 2.",
        ),
        "the variance for the deviation": Mistake(
            MEAN + RHO * SD**2 * EPS,
            "The covariance is the correlation times the standard deviations, 2 and 1. The data's variance is 4.",
        ),
        "the velocity": Mistake(
            MEAN + RHO * SD * EPS - EPS,
            "That is the velocity at t = 0. The step adds it to the place where it starts, which is 1.",
        ),
    },
)
