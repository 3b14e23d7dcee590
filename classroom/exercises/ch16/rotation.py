"""Clean data from v: x0_of(v, x_t, alpha, sigma), all of one shape or broadcast."""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair

SEE = "03_what_the_net_predicts: Two equations, two unknowns"


def cases(g: torch.Generator) -> list[tuple]:
    """Random v and x_t at three angles of a variance-preserving path."""
    pairs = [torch.randn(2, 5, 3, generator=g, dtype=torch.float64) for _ in range(3)]
    angles = torch.tensor([0.1, 0.7, 1.5], dtype=torch.float64)
    return [(v, x, angle.cos(), angle.sin()) for (v, x), angle in zip(pairs, angles)]


check = Repair(
    lambda v, x_t, alpha, sigma: alpha * x_t - sigma * v,
    cases,
    broken=lambda v, x_t, alpha, sigma: alpha * x_t + sigma * v,
    mistakes=[
        Mistake(
            "the noise instead of the data",
            lambda v, x_t, alpha, sigma: sigma * x_t + alpha * v,
            "That is the other unknown: the noise is sigma x_t + alpha v.",
            SEE,
        ),
        Mistake(
            "all signs turned",
            lambda v, x_t, alpha, sigma: sigma * v - alpha * x_t,
            "This is the clean data with the other sign. At small noise x_t is nearly the data, so x_t counts positive.",
            SEE,
        ),
        Mistake(
            "solved as if v were the noise",
            lambda v, x_t, alpha, sigma: (x_t - sigma * v) / alpha,
            "Dividing by alpha belongs to a net that predicts the noise. The pair (x_t, v) is a rotation of (data, noise): "
            "to undo it, nothing is divided.",
            SEE,
        ),
    ],
)
