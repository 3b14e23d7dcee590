"""Randomness that survives a kill: draw(seed, step, n) -> n standard normal numbers for step `step` of the run `seed`."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn, seeded

SEE = "12_image_runs: A run, killed and resumed"


def answer(seed: int, step: int, n: int) -> Tensor:
    """From a generator that follows from the seed and the step and from nothing else."""
    return randn((n,), generator=seeded(seed * 1_000_003 + step))


def run(draw, n: int) -> dict[str, str]:
    """Properties of the draws: of a run that is resumed, of two steps, of two runs, and of their mixtures."""
    whole = [draw(5, step, n).clone() for step in range(6)]
    resumed = [draw(5, step, n).clone() for step in range(3, 6)]
    same = all(torch.equal(a, b) for a, b in zip(whole[3:], resumed))
    mixed = {(seed, step): draw(seed, step, n) for seed in range(12) for step in range(12)}
    pairs = list(mixed)
    equal = [(a, b) for i, a in enumerate(pairs) for b in pairs[:i] if torch.equal(mixed[a], mixed[b])]
    normal = torch.stack(list(mixed.values())).double()
    return {
        "resumed as it was": str(same),
        "steps of one run differ": str(not any(a[0] == b[0] for a, b in equal)),
        "runs differ at one step": str(not any(a[1] == b[1] for a, b in equal)),
        "no other pair is equal": str(not any(a[0] != b[0] and a[1] != b[1] for a, b in equal)),
        "normal": str(bool(normal.mean().abs() < 0.1 and (normal.std() - 1).abs() < 0.1)),
    }


def _one_stream():
    """A generator that lives through the run."""
    generator = seeded(0)
    return lambda seed, step, n: randn((n,), generator=generator)


check = Exercise(
    answer,
    lambda g: [(20,)],
    run=run,
    mistakes=[
        Mistake(
            "one generator for the whole run",
            _one_stream(),
            "Its state depends on every step that came before. After a kill it would begin anew, with the numbers of step 0.",
            SEE,
        ),
        Mistake(
            "the seed alone",
            lambda seed, step, n: randn((n,), generator=seeded(seed)),
            "Every step draws the same batch and the same noise: the net learns those by heart, and its loss looks splendid.",
            SEE,
        ),
        Mistake(
            "the step alone",
            lambda seed, step, n: randn((n,), generator=seeded(step)),
            "All runs see the same numbers: three seeds are one seed three times, and the spread over them is too small.",
            SEE,
        ),
        Mistake(
            "the sum of seed and step",
            lambda seed, step, n: randn((n,), generator=seeded(seed + step)),
            "Run 1 at step 2 and run 2 at step 1 draw the same numbers. Neighbouring seeds are the same run, one step apart.",
            SEE,
        ),
        Mistake(
            "uniform numbers",
            lambda seed, step, n: torch.rand(n, generator=seeded(seed * 1_000_003 + step)),
            "torch.rand is uniform between 0 and 1. Noise is normal: torch.randn.",
            SEE,
        ),
    ],
)
