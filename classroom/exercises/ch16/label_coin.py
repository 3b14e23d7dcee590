"""mend the dropping

Mend `drop(y, p, generator)`: labels `y` of shape `(B,)`, each replaced by $-1$ with probability `p`, independently.

Hint: How many random numbers does the code draw, and how many does it need?
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.seeding import seeded


# --- stub
def drop(y, p, generator):
    if torch.rand(1, generator=generator) < p:
        y = torch.full_like(y, -1)
    return y


# --- solution
# A number for each sample; torch.where chooses one by one.
def solution(y, p, generator):
    return torch.where(torch.rand(len(y), generator=generator) < p, -1, y)


# --- checker
def run(drop, p: float) -> tuple:
    """Share of labels dropped, its standard deviation from batch to batch, and whether the others were left alone.

    1,600 batches of 64 know the share to 0.0013 and the deviation, 0.05, to 2 %; the tolerance is 15 % of each.
    """
    g, y = seeded(1), torch.arange(64) % 5 + 1
    dropped = torch.stack([torch.as_tensor(drop(y.clone(), p, g)) for _ in range(1600)])
    gone = (dropped == -1).double()
    kept = ((dropped == y) | (dropped == -1)).double().mean()
    return gone.mean(), gone.mean(1).std(), kept


check = Repair(
    solution,
    lambda g: [(0.2,)],
    broken=drop,
    run=run,
    rtol=0.15,
    see="11_conditioning_and_guidance: One coin for the batch",
    mistakes={
        "inverted": Mistake(
            lambda y, p, generator: torch.where(torch.rand(len(y), generator=generator) < p, y, -1),
            "The coin falls the wrong way: the share p keeps its label, "
            "and the net learns the class from one sample in five.",
        ),
        "a class for the null label": Mistake(
            lambda y, p, generator: y * (torch.rand(len(y), generator=generator) >= p),
            "Dropped labels became class 0, which is a class of its own. It will be learnt from samples of every class.",
        ),
        "always the same number": Mistake(
            lambda y, p, generator: torch.where(torch.arange(len(y)) < round(p * len(y)), -1, y),
            "Every batch drops as many as the last, and always those in front. The share is right, but nothing is drawn.",
        ),
    },
)
