"""Withheld labels: withhold(y, p, generator) -> labels (B,), each replaced by NO_LABEL with probability p. y: (B,), int64."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.labels import NO_LABEL, drop_labels
from lib.seeding import seeded

SEE = "11_conditioning_and_guidance: One coin for the batch"
LABEL = "11_conditioning_and_guidance: The label is one more input"


def answer(y: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """A coin for every sample."""
    return drop_labels(y, p, generator=generator)


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
    answer,
    lambda g: [(0.1,), (0.2,)],
    run=run,
    mistakes=[
        Mistake(
            "one coin for the batch",
            lambda y, p, generator: torch.full_like(y, NO_LABEL) if torch.rand((), generator=generator) < p else y,
            "`if random() < p` decides for all samples at once. No bias, but a much noisier gradient: each needs its own.",
            SEE,
        ),
        Mistake(
            "the coin turned round",
            lambda y, p, generator: torch.where(torch.rand(len(y), generator=generator) < p, y, NO_LABEL),
            "Here a label is *kept* with probability p. The net hardly sees a label, and its samples ignore what is asked.",
            SEE,
        ),
        Mistake(
            "class 0 for no class",
            lambda y, p, generator: torch.where(torch.rand(len(y), generator=generator) < p, 0, y),
            "0 is a class. The net would learn that class from a mixture of all, and have no answer without a label.",
            LABEL,
        ),
        Mistake(
            "always the same rows",
            lambda y, p, generator: torch.where(torch.arange(len(y)) < p * len(y), NO_LABEL, y),
            "The share is right, but where a data set is not shuffled the same images never show their label.",
            SEE,
        ),
        Mistake(
            "all labels withheld",
            lambda y, p, generator: torch.full_like(y, NO_LABEL),
            "An unconditional model: there is nothing to guide towards.",
            LABEL,
        ),
    ],
)
