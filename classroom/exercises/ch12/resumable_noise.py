"""noise that survives a kill

A run must be resumable to the bit. Write the noise of one training step: it may depend on the run's `seed` and on
`step` and on nothing else. Two steps of a run, two runs at a step, and any other two pairs must get different
numbers. The checker plays a run, kills it and resumes it.

Hint: A generator may be made anew for every step. How do you make one integer out of two, so that no two pairs share
one?
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn, seeded


# --- stub
def draw(seed, step, n):
    """n standard normal numbers, a tensor (n,)."""
    return ...


# --- solution
def solution(seed, step, n):
    # A large odd factor keeps the pairs apart, as long as a run has fewer steps than that.
    # lib.trained.batch hashes the numbers, which needs no such promise.
    return randn((n,), generator=seeded(1_000_003 * seed + step))


# --- checker
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
    solution,
    lambda g: [(20,)],
    run=run,
    see="12_image_runs: A run, killed and resumed",
    mistakes={
        "one generator for the whole run": Mistake(
            _one_stream(),
            "Its state depends on every step that came before. After a "
            "kill it would begin anew, with the numbers of step 0.",
        ),
        "the seed alone": Mistake(
            lambda seed, step, n: randn((n,), generator=seeded(seed)),
            "Every step draws the same batch and the same noise: the net "
            "learns those by heart, and its loss looks splendid.",
        ),
        "the step alone": Mistake(
            lambda seed, step, n: randn((n,), generator=seeded(step)),
            "All runs see the same numbers: three seeds are one seed three times, and the spread over them is too small.",
        ),
        "the sum of seed and step": Mistake(
            lambda seed, step, n: randn((n,), generator=seeded(seed + step)),
            "Run 1 at step 2 and run 2 at step 1 draw the same numbers. "
            "Neighbouring seeds are the same run, one step apart.",
        ),
        "uniform numbers": Mistake(
            lambda seed, step, n: torch.rand(n, generator=seeded(seed * 1_000_003 + step)),
            "torch.rand is uniform between 0 and 1. Noise is normal: torch.randn.",
        ),
    },
)
