r"""who is accused of copying

A detector calls a sample a copy if its nearest training point is nearer than `c` times the second nearest. Return two shares:
of the `samples` (B, D), those that it accuses, given the training `points` (n, D); and of honest samples, those that it would
accuse by chance, where the points lie evenly in all D dimensions.

Hint: An honest sample finds its nearest point anywhere in the ball around it that reaches to the second nearest. Which share
of the volume of that ball has a radius c times as large?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def judged(samples, points, c):
    """-> share of these samples, share of honest ones."""
    return ..., ...


# --- solution
# A volume goes with the power D of the radius. In the plane a third of the radius is a ninth of the disc.
def solution(samples, points, c):
    near = torch.cdist(samples, points).topk(2, largest=False).values
    share = (near[:, 0] < c * near[:, 1]).double().mean()
    return share, c ** samples.shape[1]


# --- checker
def ratios(samples: Tensor, points: Tensor) -> Tensor:
    first, second = torch.cdist(samples, points).sort(1).values[:, :2].unbind(1)
    return first / second


def share(of: Tensor) -> float:
    return of.double().mean().item()


def cases(g: torch.Generator) -> list[tuple]:
    """Some honest samples, and some that are nearly copies."""
    found, like = [], torch.zeros(0, dtype=torch.float64)
    for D, c in ((2, 1 / 3), (3, 0.5)):
        points, honest = randn((2, 60, D), like=like, generator=g)
        copies = points[:20] + 0.01 * randn((20, D), like=like, generator=g)
        found.append((torch.cat([honest, copies]), points, c))
    return found


def _with_ratio(condition):
    return lambda samples, points, c: (share(condition(ratios(samples, points), c)), c ** samples.shape[1])


def _with_honest(honest):
    return lambda samples, points, c: (share(ratios(samples, points) < c), honest(c, samples.shape[1]))


check = Exercise(
    solution,
    cases,
    see="15_memorise_or_generalise: How would you know",
    mistakes={
        "squared distances": Mistake(
            _with_ratio(lambda ratio, c: ratio**2 < c),
            "The ratio is that of distances. Their squares fall below c much more often.",
        ),
        "the ratio turned round": Mistake(
            _with_ratio(lambda ratio, c: 1 / ratio < c),
            "The second nearest is never nearer than the nearest, so that nobody is ever accused. Divide the other way.",
        ),
        "the distance alone": Mistake(
            lambda samples, points, c: (
                share(torch.cdist(samples, points).min(1).values < c),
                c ** samples.shape[1],
            ),
            "That compares a distance with a pure number: in other units it would accuse others. The second nearest is the "
            "measure.",
        ),
        "c times D": Mistake(
            _with_honest(lambda c, D: c * D),
            "Each dimension multiplies: the volume of a ball goes with the power D of its radius. In many dimensions "
            "hardly anybody is accused.",
        ),
        "c in every dimension": Mistake(
            _with_honest(lambda c, D: c),
            "That is so on a line. In D dimensions the ball that decides is smaller, by the power D.",
        ),
        "who is not accused": Mistake(
            _with_ratio(lambda ratio, c: ratio >= c),
            "That is the share of the acquitted. A ratio near zero is a copy.",
        ),
    },
)
