"""Precision and recall: shares(real, fake, k) -> (precision, recall). real (N, d), fake (M, d): features."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "12_image_runs: Precision and recall"


def covered(points: Tensor, centres: Tensor, k: int) -> Tensor:
    """The share of the points within the k-neighbour ball of any centre."""
    reach = torch.cdist(centres, centres).kthvalue(k + 1).values
    return (torch.cdist(points, centres) <= reach).any(1).double().mean()


def answer(real: Tensor, fake: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Precision has its balls around the real points, recall around the generated ones."""
    return covered(fake, real, k), covered(real, fake, k)


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
    answer,
    _cases,
    rtol=2e-3,
    mistakes=[
        Mistake(
            "precision and recall exchanged",
            lambda real, fake, k: answer(real, fake, k)[::-1],
            "Precision asks whether generated images look real: balls around the real ones. Recall turns it round.",
            SEE,
        ),
        Mistake(
            "the point counted as its own neighbour",
            lambda real, fake, k: answer(real, fake, k - 1),
            "The nearest point to a centre among the centres is the centre itself, at distance 0: the k-th neighbour is "
            "entry k + 1.",
            SEE,
        ),
        Mistake(
            "the ball around the wrong point",
            lambda real, fake, k: (_by_own_reach(fake, real, k), _by_own_reach(real, fake, k)),
            "The balls belong to the set that is to cover. Here each point was judged by the ball around itself.",
            SEE,
        ),
        Mistake(
            "one radius for all",
            lambda real, fake, k: (_one_radius(fake, real, k), _one_radius(real, fake, k)),
            "Every centre has its own radius: small where points are dense, large at the rim.",
            SEE,
        ),
    ],
)
