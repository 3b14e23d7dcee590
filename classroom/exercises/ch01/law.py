"""The variance of a mixture: variance(w, m, s2) -> (D,). w: (M,), weights. m, s2: (M, D), the components' means and variances."""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "01_two_moons: Two moons, drawn by hand"


def between(w, m):
    """Variance of the centres."""
    return w @ (m - w @ m) ** 2


check = Exercise(
    lambda w, m, s2: w @ s2 + between(w, m),
    lambda g: [
        (torch.rand(M, generator=g).softmax(0), 1 + randn((M, D), generator=g), torch.rand(M, D, generator=g) + 0.1)
        for M, D in ((3, 2), (5, 1))
    ],
    mistakes=[
        Mistake("the inside alone", lambda w, m, s2: w @ s2,
                "Points also differ because their components lie at different places: add the variance of the centres.", SEE),
        Mistake("the centres alone", lambda w, m, s2: between(w, m),
                "Within each component the points scatter too: add the mean of the components' variances.", SEE),
        Mistake("the mean not subtracted", lambda w, m, s2: w @ (s2 + m**2),
                "That is the mean of the squares. The variance is what is left when the square of the mean is taken off.", SEE),
        Mistake("even weights", lambda w, m, s2: s2.mean(0) + m.var(0, correction=0),
                "Components with more weight give more of the points: weigh both sums, and the mean in them.", SEE),
        Mistake("deviations averaged", lambda w, m, s2: (w @ s2.sqrt()) ** 2 + between(w, m),
                "Variances are averaged, not their roots: the law is about squares.", SEE),
    ],
)  # fmt: skip
