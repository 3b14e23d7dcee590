"""a coin for every sample

From memory: withhold labels while training. Each label `y[i]` becomes `NO_LABEL` with probability `p`, independently of all
others. The checker looks at the shares in many batches.

Hint: `torch.rand(n, generator=generator)` gives $n$ coins at once.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.labels import NO_LABEL
from lib.seeding import seeded


# --- stub
def withhold(y, p, generator):
    """y: labels (B,), integers. Labels (B,), some of them NO_LABEL."""
    return ...


# --- solution
def solution(y, p, generator):
    coins = torch.rand(len(y), generator=generator)  # one for each sample
    return torch.where(coins < p, NO_LABEL, y)


# --- checker
LABEL = "11_conditioning_and_guidance: The label is one more input"


def run(withhold, p: float) -> dict[str, str]:
    """What can be seen in 300 batches of 40 labels; the shares lie many standard errors apart, so that chance plays no part."""
    y, generator = torch.arange(40) % 3 + 1, seeded(1)
    drawn = torch.stack([torch.as_tensor(withhold(y.clone(), p, generator)) for _ in range(300)])
    changed = drawn != y
    share, in_batches = changed.double().mean().item(), changed.double().mean(1)
    names = {NO_LABEL: "NO_LABEL"}
    return {
        "share withheld": f"about {min((p, 1 - p, 0.5, 0.0, 1.0), key=lambda value: abs(share - value)):.2f}",
        "a label that is withheld becomes": ", ".join(names.get(int(v), str(int(v))) for v in drawn[changed].unique())
        or "none",
        "in one batch": "all or nothing" if ((in_batches == 0) | (in_batches == 1)).all() else "some and some",
        "from batch to batch": "the same rows" if (changed == changed[0]).all() else "other rows",
    }


check = Exercise(
    solution,
    lambda g: [(0.1,), (0.2,)],
    run=run,
    see="11_conditioning_and_guidance: One coin for the batch",
    mistakes={
        "one coin for the batch": Mistake(
            lambda y, p, generator: torch.full_like(y, NO_LABEL) if torch.rand((), generator=generator) < p else y,
            "`if random() < p` decides for all samples at once. No bias, but a much noisier gradient: each needs its own.",
        ),
        "the coin turned round": Mistake(
            lambda y, p, generator: torch.where(torch.rand(len(y), generator=generator) < p, y, NO_LABEL),
            "Here a label is *kept* with probability p. The net sees few labels, and its conditional prediction is only as good "
            "as after less than half of the training.",
        ),
        "class 0 for no class": Mistake(
            lambda y, p, generator: torch.where(torch.rand(len(y), generator=generator) < p, 0, y),
            "0 is a class. The net would learn that class from a mixture of all, and have no prediction without a label.",
            LABEL,
        ),
        "always the same rows": Mistake(
            lambda y, p, generator: torch.where(torch.arange(len(y)) < p * len(y), NO_LABEL, y),
            "The share is right, but where a data set is not shuffled the same images never show their label.",
        ),
        "all labels withheld": Mistake(
            lambda y, p, generator: torch.full_like(y, NO_LABEL),
            "An unconditional model: there is nothing to guide towards.",
            LABEL,
        ),
    },
)
