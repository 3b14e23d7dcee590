r"""what a net without a clock learns

Extend the oracle by one that sees no time. You have, for $B$ points and $T$ evenly spaced times, the log densities
$\log p_t(x)$ and the exact velocities. The time is uniform. Give the best answer that does not know it.

Hint: Bayes' rule for the time, given the point. Then a mean.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.data import two_moons_mixture
from lib.flow_matching import LinearPath
from lib.seeding import randn


# --- stub
def without_clock(logs, us):
    """logs: (B, T). us: (B, T, 2). The blind velocities (B, 2)."""
    return ...


# --- solution
def solution(logs, us):
    weights = logs.softmax(1)  # p(t | x): densities over their sum along the times
    return (weights[..., None] * us).sum(1)


# --- checker
def _cases(g: torch.Generator) -> list[tuple]:
    moons, path = two_moons_mixture(), LinearPath()
    x, logs, us = randn((60, 2), generator=g).double(), [], []
    for i in range(20):
        c = path.coeffs((i + 0.5) / 20)
        logs.append(moons.log_prob(x, c))
        us.append(moons.estimate(x, c).velocity(c))
    return [(torch.stack(logs, 1), torch.stack(us, 1))]


check = Exercise(
    solution,
    _cases,
    see="08_time_scale: The point itself tells the time",
    mistakes={
        "all times alike": Mistake(
            lambda logs, us: us.mean(1),
            "A point tells something about its time: a point far out was probably noise. Weight by p(t | x).",
        ),
        "the most probable time": Mistake(
            lambda logs, us: us[torch.arange(len(us)), logs.argmax(1)],
            "A net trained with a square error gives the mean over all times, not the answer of the likeliest.",
        ),
        "not normalised": Mistake(
            lambda logs, us: (logs.exp()[..., None] * us).mean(1),
            "Bayes' rule divides by the integral over the times: the weights of a point add up to 1.",
        ),
        "normalised over the points": Mistake(
            lambda logs, us: (logs.softmax(0)[..., None] * us).sum(1),
            "The question is which time, given the point: the weights add up to 1 along the times, dimension 1.",
        ),
        "logarithms as weights": Mistake(
            lambda logs, us: (logs[..., None] * us).sum(1) / logs.sum(1, keepdim=True),
            "Densities are the weights, not their logarithms, which may even be negative.",
        ),
    },
)
