r"""mend the estimate

Mend `clip(x0, eps, x_t, alpha, sigma)`: the data of an estimate held to $[-1, 1]$, and the noise that belongs to it.

Hint: The two halves of an estimate are two readings of one state, $\alpha\hat x + \sigma\hat\varepsilon = x_t$. One of
them has just been changed.
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def clip(x0, eps, x_t, alpha, sigma):
    """The two halves of the estimate, (B, D) each."""
    return x0.clamp(-1, 1), eps


# --- solution
# The state has not moved, so when its data does, its noise must: what is left of x_t, divided by sigma.
def solution(x0, eps, x_t, alpha, sigma):
    x0 = x0.clamp(-1, 1)
    return x0, (x_t - alpha * x0) / sigma


# --- checker
def cases(g: torch.Generator) -> list[tuple]:
    """Estimates of which a good part lies outside of the range, early and late."""
    found = []
    for alpha, sigma in ((0.1, 0.995), (0.6, 0.8), (0.98, 0.2)):
        x0, eps = torch.randn(2, 12, 4, generator=g, dtype=torch.float64)
        found.append((2 * x0, eps, 2 * alpha * x0 + sigma * eps, alpha, sigma))
    return found


def _with(noise):
    """The right data, and noise(x0, eps, x_t, alpha, sigma) of the clipped x0."""

    def clip(x0, eps, x_t, alpha, sigma):
        x0 = x0.clamp(-1, 1)
        return x0, noise(x0, eps, x_t, alpha, sigma)

    return clip


check = Repair(
    solution,
    cases,
    broken=clip,
    see="03_what_the_net_predicts: Two equations, two unknowns",
    mistakes={
        "the noise clipped as well": Mistake(
            _with(lambda x0, eps, x_t, alpha, sigma: eps.clamp(-1, 1)),
            "Noise has no range, and clipped to one it still does not belong to this x0 and this state.",
        ),
        "the state clipped": Mistake(
            lambda x0, eps, x_t, alpha, sigma: ((x_t.clamp(-1, 1) - sigma * eps) / alpha, eps),
            "x_t is data and noise together, and may be large. What has a range is the data.",
        ),
        "alpha and sigma exchanged": Mistake(
            _with(lambda x0, eps, x_t, alpha, sigma: (x_t - sigma * x0) / alpha),
            "In x_t the data is multiplied by alpha and the noise by sigma.",
        ),
        "the division forgotten": Mistake(
            _with(lambda x0, eps, x_t, alpha, sigma: x_t - alpha * x0),
            "What is left of x_t is sigma times the noise, not the noise.",
        ),
        "divided by the variance": Mistake(
            _with(lambda x0, eps, x_t, alpha, sigma: (x_t - alpha * x0) / sigma**2),
            "The noise stands in x_t with its standard deviation, sigma. Divided by sigma squared it is a score.",
        ),
    },
)
