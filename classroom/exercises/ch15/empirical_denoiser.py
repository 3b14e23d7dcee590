r"""the perfect denoiser of a data set

Let the data be the `points` (n, D) and nothing else, each as likely as another. Return the mean of the clean point (B, D),
given the noisy `x_t` (B, D) = $\alpha x + \sigma \varepsilon$. `alpha` and `sigma` are numbers.

Hint: By Bayes each point has a weight, which falls with the square of its distance to what was seen. Distance from where,
after the noising? `torch.cdist` gives all distances, and a softmax makes weights of logarithms.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def posterior_mean(x_t, points, alpha, sigma):
    """-> (B, D)."""
    return ...


# --- solution
# A point x_i becomes noise about alpha x_i, with the deviation sigma. The normal density gives the logarithms of the weights;
# what all points share cancels.
def solution(x_t, points, alpha, sigma):
    logs = -0.5 * (torch.cdist(x_t, alpha * points) / sigma) ** 2
    return logs.softmax(1) @ points


# --- checker
def weights(x_t: Tensor, points: Tensor, alpha: float, variance: float) -> Tensor:
    return torch.softmax(-torch.cdist(x_t, alpha * points).square() / (2 * variance), 1)


def cases(g: torch.Generator) -> list[tuple]:
    """Noisy points near the data, so that several of these count."""
    found, like = [], torch.zeros(0, dtype=torch.float64)
    for B, n, D, alpha, sigma in ((6, 9, 2, 0.6, 0.4), (4, 5, 3, 0.8, 0.6)):
        points = randn((n, D), like=like, generator=g)
        noise = randn((B, D), like=like, generator=g)
        found.append((alpha * points[:B] + sigma * noise, points, alpha, sigma))
    return found


check = Exercise(
    solution,
    cases,
    see="15_memorise_or_generalise: The perfect fit copies",
    mistakes={
        "alpha forgotten": Mistake(
            lambda x_t, points, alpha, sigma: weights(x_t, points, 1.0, sigma**2) @ points,
            "A noisy point is measured from where the noising has put the clean one, and that is alpha times the point.",
        ),
        "sigma not squared": Mistake(
            lambda x_t, points, alpha, sigma: weights(x_t, points, alpha, sigma) @ points,
            "The squared distance is divided by the variance, which is the square of sigma.",
        ),
        "the half forgotten": Mistake(
            lambda x_t, points, alpha, sigma: weights(x_t, points, alpha, sigma**2 / 2) @ points,
            "In the normal density the squared distance is divided by twice the variance.",
        ),
        "the nearest point": Mistake(
            lambda x_t, points, alpha, sigma: points[torch.cdist(x_t, alpha * points).argmin(1)],
            "That is what it becomes at low noise. The mean weighs all points, and of each noisy sample several may be the "
            "origin.",
        ),
        "weights that do not add up": Mistake(
            lambda x_t, points, alpha, sigma: (
                torch.exp(-(torch.cdist(x_t, alpha * points) ** 2) / (2 * sigma**2)) @ points
            ),
            "Weights of a mean have the sum 1. Divide by their sum, which is what a softmax does.",
        ),
        "the mean of the noisy points": Mistake(
            lambda x_t, points, alpha, sigma: weights(x_t, points, alpha, sigma**2) @ (alpha * points),
            "The weights are right. What is averaged is the clean points, and not what the noising made of them.",
        ),
    },
)
