r"""an average that forgets its start

Extend `lib.EMA`: let its decay warm up. Before update $n = 1, 2, \dots$ the checker sets
`ema.decay = decay_at(n, decay)`. At first the average shall be the plain mean of all weights so far, $w_0$ to $w_n$;
as soon as that mean remembers longer than `decay` does, `decay` takes over.

Hint: How large is the share of the newest of $n + 1$ numbers in their mean? The decay is what is left for the others.
"""

import torch
from torch import Tensor, nn

from classroom.exercises import Exercise, Mistake
from lib.ema import EMA
from lib.seeding import randn


# --- stub
def decay_at(n, decay):
    """The decay of update n = 1, 2, ...: a number below 1."""
    return ...


# --- solution
def solution(n, decay):
    # mean of n + 1 numbers = n / (n + 1) of the mean of n, and 1 / (n + 1) of the newest
    return min(decay, n / (n + 1))


# --- checker
def run(decay_at, decay: float, updates: int, weights: Tensor) -> Tensor:
    """lib's average of these weights, with the decay set anew before each update: after 3 updates, after half, at the end."""
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(weights[0])
    ema, seen = EMA(net, 0.0), []
    for n in range(1, updates + 1):
        net.weight.data.fill_(weights[n])
        ema.decay = float(decay_at(n, decay))
        ema.update()
        if n in (3, updates // 2, updates):
            seen.append(ema.net.weight.item())
    return torch.tensor(seen)


def _cases(g: torch.Generator) -> list[tuple]:
    return [(decay, 40, 5 + randn((41,), generator=g).cumsum(0)) for decay in (0.9, 0.97)]


check = Exercise(
    solution,
    _cases,
    run=run,
    see="09_training_craft: The average of the weights",
    mistakes={
        "no warm-up": Mistake(
            lambda n, decay: decay,
            "With the full decay from the beginning the start keeps the "
            "share decay^n, random numbers from before the training.",
        ),
        "the shares exchanged": Mistake(
            lambda n, decay: min(decay, 1 / (n + 1)),
            "1 / (n + 1) is the share of the newest weights. The decay is what the old average keeps, n / (n + 1).",
        ),
        "the start not counted": Mistake(
            lambda n, decay: min(decay, (n - 1) / n),
            "With (n - 1) / n the first update throws w_0 away: that is "
            "the mean of w_1 to w_n. The start was to be among them.",
        ),
        "the larger of the two": Mistake(
            lambda n, decay: max(decay, n / (n + 1)),
            "The plain mean has a memory that grows without end. From the "
            "moment it reaches that of `decay`, keep to this one.",
        ),
        "the plain mean for ever": Mistake(
            lambda n, decay: n / (n + 1),
            "Late weights are better than early ones, and the plain mean never forgets. `decay` ends it.",
        ),
    },
)
