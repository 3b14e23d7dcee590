"""the variance of a mixture

Standardising needs the variance of the data. Write it for a mixture: `w` holds the weights $(M,)$, which sum to 1,
and `m` and `s2` the means and variances of the components, $(M, D)$. Return the variance of each axis, $(D,)$.

Hint: There are two reasons why two points differ: their components do, and they do within them.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def variance_of(w, m, s2):
    """Weights (M,), means and variances (M, D) -> (D,)."""
    return ...


# --- solution
# The law of total variance: the mean of the variances, plus the variance of the means.
def solution(w, m, s2):
    return w @ s2 + w @ (m - w @ m) ** 2


# --- checker
def between(w, m):
    """Variance of the centres."""
    return w @ (m - w @ m) ** 2


check = Exercise(
    solution,
    lambda g: [
        (torch.rand(M, generator=g).softmax(0), 1 + randn((M, D), generator=g), torch.rand(M, D, generator=g) + 0.1)
        for M, D in ((3, 2), (5, 1))
    ],
    see="01_two_moons: Two moons, drawn by hand",
    mistakes={
        "the inside alone": Mistake(
            lambda w, m, s2: w @ s2,
            "Points also differ because their components lie at different places: add the variance of the centres.",
        ),
        "the centres alone": Mistake(
            lambda w, m, s2: between(w, m),
            "Within each component the points scatter too: add the mean of the components' variances.",
        ),
        "the mean not subtracted": Mistake(
            lambda w, m, s2: w @ (s2 + m**2),
            "That is the mean of the squares. The variance is what is left when the square of the mean is taken off.",
        ),
        "even weights": Mistake(
            lambda w, m, s2: s2.mean(0) + m.var(0, correction=0),
            "Components with more weight give more of the points: weigh both sums, and the mean in them.",
        ),
        "deviations averaged": Mistake(
            lambda w, m, s2: (w @ s2.sqrt()) ** 2 + between(w, m),
            "Variances are averaged, not their roots: the law is about squares.",
        ),
    },
)
