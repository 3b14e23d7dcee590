r"""a distance from endless samples

Fréchet distances of one model were measured with different numbers of samples: `sizes` (M,) and `distances` (M,). A distance
of N samples is $d_\infty + c/N$ on average. Fit the two by least squares, and return $d_\infty$.

Hint: Which variable makes a straight line of it, and where on that line are the samples endless?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def at_infinity(sizes, distances):
    """-> a number."""
    return ...


# --- solution
# A line in 1/N, read off where 1/N is 0.
def solution(sizes, distances):
    inverse = 1 / sizes
    slope = torch.stack([inverse, distances]).cov()
    return distances.mean() - slope[0, 1] / slope[0, 0] * inverse.mean()


# --- checker
def line(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Intercept and slope."""
    design = torch.stack([torch.ones_like(x), x], 1)
    return tuple(torch.linalg.lstsq(design, y[:, None]).solution.flatten().tolist())


def cases(g: torch.Generator) -> list[tuple]:
    found = []
    for end, c in ((2.0, 300.0), (0.5, 900.0)):
        sizes = torch.tensor([100.0, 200, 400, 500, 1000], dtype=torch.float64)
        scatter = 0.02 * torch.rand(5, generator=g, dtype=torch.float64)
        found.append((sizes, end + c / sizes + scatter))
    return found


check = Exercise(
    solution,
    cases,
    see="15_memorise_or_generalise: How would you know",
    mistakes={
        "a line in N": Mistake(
            lambda sizes, distances: line(sizes, distances)[0],
            "The distance does not fall evenly with N, it falls like 1/N. And where that line meets N = 0 there are no samples.",
        ),
        "the slope": Mistake(
            lambda sizes, distances: line(1 / sizes, distances)[1],
            "That is c, how strongly this model's distance depends on N. What is left for 1/N = 0 is the other number of the "
            "line.",
        ),
        "the largest size": Mistake(
            lambda sizes, distances: distances[sizes.argmax()],
            "It is the best of those measured, and still too large by c divided by the largest N. Follow the line on.",
        ),
        "the mean of all": Mistake(
            lambda sizes, distances: distances.mean(),
            "Every one of them is too large, and the mean is, too.",
        ),
        "a line in the root of 1/N": Mistake(
            lambda sizes, distances: line(sizes**-0.5, distances)[0],
            "Scatter goes with the root of 1/N. A bias goes with 1/N itself.",
        ),
    },
)
