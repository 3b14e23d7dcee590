r"""mend the comparison

Mend `multiple(samples, train, c)`: the share of the `samples` (B, D) that the detector accuses, as a multiple of the share of
real points that it accuses of copying the other points of the training set `train` (n, D). Its points are all different.

Hint: What does the detector find nearest to a real point?
"""

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.seeding import randn


# --- stub
def accused(x, points, c):
    near = torch.cdist(x, points).topk(2, largest=False).values
    return (near[:, 0] < c * near[:, 1]).double().mean()


def multiple(samples, train, c):
    return accused(samples, train, c) / accused(train, train, c)


# --- solution
# Nearest to a training point is that point itself, at distance 0. Its neighbours are the second and the third.
def solution(samples, train, c):
    near = torch.cdist(samples, train).topk(2, largest=False).values
    share = (near[:, 0] < c * near[:, 1]).double().mean()
    own = torch.cdist(train, train).topk(3, largest=False).values
    return share / (own[:, 1] < c * own[:, 2]).double().mean()


# --- checker
def share(distances: Tensor, c: float) -> Tensor:
    """Of the rows of distances, those whose smallest is below c times the second."""
    first, second = distances.sort(1).values[:, :2].unbind(1)
    return (first < c * second).double().mean()


def others(points: Tensor) -> Tensor:
    """The distances of points to each other, and none to themselves."""
    return torch.cdist(points, points).fill_diagonal_(torch.inf)


def cases(g: torch.Generator) -> list[tuple]:
    """Samples of which a part are copies."""
    found, like = [], torch.zeros(0, dtype=torch.float64)
    for n, copies, c in ((80, 20, 1 / 3), (60, 40, 0.5)):
        train, honest = randn((n, 2), like=like, generator=g), randn((70, 2), like=like, generator=g)
        found.append((torch.cat([honest, train[:copies]]), train, c))
    return found


def _no_zeros(samples: Tensor, train: Tensor, c: float) -> Tensor:
    gaps = [torch.cdist(x, train) for x in (samples, train)]
    one, two = (share(torch.where(gap < 1e-6, torch.inf, gap), c) for gap in gaps)
    return one / two


check = Repair(
    solution,
    cases,
    broken=multiple,
    see="15_memorise_or_generalise: How would you know",
    mistakes={
        "distances of zero left out everywhere": Mistake(
            _no_zeros,
            "For the real points that is right. For the samples it lets the perfect copies go, and these are whom the "
            "detector is there for.",
        ),
        "what an even cloud has": Mistake(
            lambda samples, train, c: share(torch.cdist(samples, train), c) / c ** train.shape[1],
            "Near enough where the points lie evenly. At the rim, and on a curve in the plane, it is another share: "
            "the real points themselves say which.",
        ),
        "the samples among themselves": Mistake(
            lambda samples, train, c: share(torch.cdist(samples, train), c) / share(others(samples), c),
            "Real points are the measure. The samples are what is measured, and copies would spoil both.",
        ),
        "the multiple turned round": Mistake(
            lambda samples, train, c: share(others(train), c) / share(torch.cdist(samples, train), c),
            "The real points are judged fairly now. But copies should make the number larger, and it became smaller.",
        ),
    },
)
