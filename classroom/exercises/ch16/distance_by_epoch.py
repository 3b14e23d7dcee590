r"""mend the curve

Mend `curve(epochs, real)`: for each epoch's features (N, d), in a list, its Fréchet distance to the `real` ones (M, d), as a
list of numbers. `frechet_distance(a, b)` of the book's library is right.

Hint: What would the curve be if the epochs came in another order?
"""

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.metrics import frechet_distance
from lib.seeding import randn


# --- stub
def curve(epochs, real):
    seen, found = [], []
    for fakes in epochs:
        seen.append(fakes)
        found.append(frechet_distance(torch.cat(seen), real))
    return found


# --- solution
# One epoch, one distance, always of as many samples. The bias, some c / N, is then the same for all of them.
def solution(epochs, real):
    return [frechet_distance(fakes, real) for fakes in epochs]


# --- checker
def cases(g: torch.Generator) -> list[tuple]:
    """Epochs that come nearer to the real features."""
    found, like = [], torch.zeros(0, dtype=torch.float64)
    for N, d in ((20, 3), (30, 5)):
        real = randn((200, d), like=like, generator=g)
        found.append(([(2 - 0.3 * i) * randn((N, d), like=like, generator=g) + 1 / (1 + i) for i in range(5)], real))
    return found


def run(curve, epochs: list[Tensor], real: Tensor) -> Tensor:
    return torch.stack([torch.as_tensor(distance, dtype=torch.float64) for distance in curve(epochs, real)])


def _running_mean(epochs, real):
    found = torch.tensor([frechet_distance(fakes, real) for fakes in epochs])
    return (found.cumsum(0) / torch.arange(1, len(found) + 1)).tolist()


check = Repair(
    solution,
    cases,
    broken=curve,
    run=run,
    see="15_memorise_or_generalise: How would you know",
    mistakes={
        "as many real ones": Mistake(
            lambda epochs, real: [
                frechet_distance(torch.cat(epochs[: i + 1]), real[: sum(map(len, epochs[: i + 1]))])
                for i in range(len(epochs))
            ],
            "Both sides grow now, so that the bias falls on both. The samples of all epochs are still thrown together.",
        ),
        "the mean of the distances so far": Mistake(
            _running_mean,
            "Each distance is right now, and then they are averaged: the number of the last epoch still hangs on the first.",
        ),
        "the last two epochs": Mistake(
            lambda epochs, real: [
                frechet_distance(torch.cat(epochs[max(0, i - 1) : i + 1]), real) for i in range(len(epochs))
            ],
            "From the second epoch on the number of samples is the same. They come from two nets, and one of them is the last"
            " epoch's.",
        ),
        "a root of it": Mistake(
            lambda epochs, real: [frechet_distance(fakes, real) ** 0.5 for fakes in epochs],
            "Each epoch stands alone now. What is called the Fréchet distance in this field is the squared one.",
        ),
    },
)
