"""What a net without a clock learns: blind(logs, us) -> (B, 2).

logs: log p_t(x) of B points at T evenly spaced times, (B, T). us: the exact velocities there, (B, T, 2). The time is uniform.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.data import two_moons_mixture
from lib.flow_matching import LinearPath
from lib.seeding import randn

SEE = "08_time_scale: The point itself tells the time"


def answer(logs: Tensor, us: Tensor) -> Tensor:
    """The mean of the velocities, each time weighted by its probability given the point."""
    return (logs.softmax(1)[..., None] * us).sum(1)


def _cases(g: torch.Generator) -> list[tuple]:
    moons, path = two_moons_mixture(), LinearPath()
    x, logs, us = randn((60, 2), generator=g).double(), [], []
    for i in range(20):
        c = path.coeffs((i + 0.5) / 20)
        logs.append(moons.log_prob(x, c))
        us.append(moons.estimate(x, c).velocity(c))
    return [(torch.stack(logs, 1), torch.stack(us, 1))]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "all times alike",
            lambda logs, us: us.mean(1),
            "A point tells something about its time: a point far out was probably noise. Weight by p(t | x).",
            SEE,
        ),
        Mistake(
            "the most probable time",
            lambda logs, us: us[torch.arange(len(us)), logs.argmax(1)],
            "A net trained with a square error gives the mean over all times, not the answer of the likeliest.",
            SEE,
        ),
        Mistake(
            "not normalised",
            lambda logs, us: (logs.exp()[..., None] * us).mean(1),
            "Bayes' rule divides by the integral over the times: the weights of a point add up to 1.",
            SEE,
        ),
        Mistake(
            "normalised over the points",
            lambda logs, us: (logs.softmax(0)[..., None] * us).sum(1),
            "The question is which time, given the point: the weights add up to 1 along the times, dimension 1.",
            SEE,
        ),
        Mistake(
            "logarithms as weights",
            lambda logs, us: (logs[..., None] * us).sum(1) / logs.sum(1, keepdim=True),
            "Densities are the weights, not their logarithms, which may even be negative.",
            SEE,
        ),
    ],
)
