"""one time in each part

Draw stratified times for a batch: one in each of `n` equal parts of $[0, 1)$, at a place of its own within its part,
and in random order.

Hint: Three draws of different kinds are possible; you need two. `torch.randperm` makes an order.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import seeded


# --- stub
def times(n, generator):
    """n times in [0, 1), a tensor (n,)."""
    return ...


# --- solution
def solution(n, generator):
    place = torch.rand(n, generator=generator)  # in its part, for each time
    return (torch.randperm(n, generator=generator) + place) / n


# --- checker
def run(times, n: int) -> dict[str, str]:
    """What can be seen in 200 batches; each property lies many standard errors from its opposite."""
    generator = seeded(2)
    t = torch.stack([torch.as_tensor(times(n, generator)).double().flatten() for _ in range(200)])
    ordered = t.sort(-1).values * n  # rounding may carry a time over the border of its part
    inside = (ordered - torch.arange(n)).clamp(0, 1)
    shared = (inside.std(-1) < 0.1).all()
    return {
        "between 0 and 1": str(bool((t >= 0).all() and (t < 1).all())),
        "one time in each part": str(bool(((ordered - torch.arange(n) - 0.5).abs() <= 0.5 + 1e-4).all())),
        "the first sample's time": "anywhere" if t[:, 0].std() > 0.2 else "always in one part",
        "place in its part": "always the same"
        if inside.std() < 0.05
        else "shared by the batch"
        if shared
        else "its own",
    }


check = Exercise(
    solution,
    lambda g: [(16,), (50,)],
    run=run,
    see="09_training_craft: Stratified times",
    mistakes={
        "independent times": Mistake(
            lambda n, generator: torch.rand(n, generator=generator),
            "Some parts get two and some none: this is the chance that stratification removes.",
        ),
        "a fixed grid": Mistake(
            lambda n, generator: (torch.randperm(n, generator=generator) + 0.5) / n,
            "One time in each part, but always its middle. The loss between the grid points is never trained: a bias.",
        ),
        "one jitter for the batch": Mistake(
            lambda n, generator: (torch.randperm(n, generator=generator) + torch.rand(1, generator=generator)) / n,
            "A shifted grid is unbiased too, but its times are not independent within their parts, as the derivation asks.",
        ),
        "sorted times": Mistake(
            lambda n, generator: (torch.arange(n) + torch.rand(n, generator=generator)) / n,
            "The first sample of a batch always gets an early time. If "
            "the batch has an order, say by class, time follows it.",
        ),
        "not divided by n": Mistake(
            lambda n, generator: torch.randperm(n, generator=generator) + torch.rand(n, generator=generator),
            "The parts of [0, 1) have the length 1 / n.",
        ),
    },
)
