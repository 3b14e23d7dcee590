"""Drop labels for guidance: drop(y, p, generator) -> y with -1 for "no label", y (B,) not negative."""

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.seeding import seeded

SEE = "11_conditioning_and_guidance: One coin for the batch"


def run(drop, p: float) -> tuple:
    """Share of labels dropped, its standard deviation from batch to batch, and whether the others were left alone.

    1,600 batches of 64 know the share to 0.0013 and the deviation, 0.05, to 2 %; the tolerance is 15 % of each.
    """
    g, y = seeded(1), torch.arange(64) % 5 + 1
    dropped = torch.stack([torch.as_tensor(drop(y.clone(), p, g)) for _ in range(1600)])
    gone = (dropped == -1).double()
    kept = ((dropped == y) | (dropped == -1)).double().mean()
    return gone.mean(), gone.mean(1).std(), kept


def together(y: Tensor, p: float, generator) -> Tensor:
    """One coin."""
    return torch.full_like(y, -1) if torch.rand(1, generator=generator) < p else y


check = Repair(
    lambda y, p, generator: torch.where(torch.rand(len(y), generator=generator) < p, -1, y),
    lambda g: [(0.2,)],
    broken=together,
    run=run,
    rtol=0.15,
    mistakes=[
        Mistake(
            "inverted",
            lambda y, p, generator: torch.where(torch.rand(len(y), generator=generator) < p, y, -1),
            "The coin falls the wrong way: the share p keeps its label, and the net learns the class from one sample "
            "in five.",
            SEE,
        ),
        Mistake(
            "a class for the null label",
            lambda y, p, generator: y * (torch.rand(len(y), generator=generator) >= p),
            "Dropped labels became class 0, which is a class of its own. It will be learnt from samples of every class.",
            SEE,
        ),
        Mistake(
            "always the same number",
            lambda y, p, generator: torch.where(torch.arange(len(y)) < round(p * len(y)), -1, y),
            "Every batch drops as many as the last, and always those in front. The share is right, but nothing is drawn.",
            SEE,
        ),
    ],
)
