"""two shares

Write precision and recall for the features `real` $(N, d)$ and `fake` $(M, d)$. A ball reaches from its centre to the
centre's `k`-th nearest neighbour in its own set, itself not counted.

Hint: One function of two sets, used twice. Which of its arguments are the centres when you ask whether a generated
image looks real?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def shares(real, fake, k):
    """(precision, recall)."""
    return ...


# --- solution
def solution(real, fake, k):
    def inside(points, centres):
        reach = torch.cdist(centres, centres).kthvalue(k + 1).values  # entry 1 is the centre itself
        return (torch.cdist(points, centres) <= reach).any(1).double().mean()

    return inside(fake, real), inside(real, fake)


# --- checker
def covered(points: Tensor, centres: Tensor, k: int) -> Tensor:
    """The share of the points within the k-neighbour ball of any centre."""
    reach = torch.cdist(centres, centres).kthvalue(k + 1).values
    return (torch.cdist(points, centres) <= reach).any(1).double().mean()


def _by_own_reach(points: Tensor, centres: Tensor, k: int) -> Tensor:
    """Whether each point finds a centre within its own ball."""
    reach = torch.cdist(points, points).kthvalue(k + 1).values
    return (torch.cdist(points, centres).min(1).values <= reach).double().mean()


def _one_radius(points: Tensor, centres: Tensor, k: int) -> Tensor:
    reach = torch.cdist(centres, centres).kthvalue(k + 1).values.mean()
    return (torch.cdist(points, centres) <= reach).any(1).double().mean()


def _cases(g: torch.Generator) -> list[tuple]:
    """A model that draws too little, one that scatters, and one that is shifted."""
    return [
        (randn((200, 3), generator=g), scale * randn((150, 3), generator=g) + shift, k)
        for scale, shift, k in ((0.4, 0.0, 3), (2.0, 0.0, 2), (1.0, 1.5, 5))
    ]


check = Exercise(
    solution,
    _cases,
    rtol=2e-3,
    see="12_image_runs: Precision and recall",
    mistakes={
        "precision and recall exchanged": Mistake(
            lambda real, fake, k: solution(real, fake, k)[::-1],
            "Precision asks whether generated images look real: balls around the real ones. Recall turns it round.",
        ),
        "the point counted as its own neighbour": Mistake(
            lambda real, fake, k: solution(real, fake, k - 1),
            "The nearest point to a centre among the centres is the centre "
            "itself, at distance 0: the k-th neighbour is entry k + 1.",
        ),
        "the ball around the wrong point": Mistake(
            lambda real, fake, k: (_by_own_reach(fake, real, k), _by_own_reach(real, fake, k)),
            "The balls belong to the set that is to cover. Here each point was judged by the ball around itself.",
        ),
        "one radius for all": Mistake(
            lambda real, fake, k: (_one_radius(fake, real, k), _one_radius(real, fake, k)),
            "Every centre has its own radius: small where points are dense, large at the rim.",
        ),
    },
)
