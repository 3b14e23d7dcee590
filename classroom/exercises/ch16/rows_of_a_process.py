r"""mend the draws

Mend `rows(step, rank, world, size)`: the noise of process number `rank` of `world` in a training step, (size / world, 2).
All processes together must draw what one process alone draws, `randn((size, 2), generator=seeded(step))`, in order
of their rank.

Hint: Which of the four arguments does the code never use for what is drawn? And what would be drawn if the run were
continued on a machine with another number of processes?
"""

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair
from lib.seeding import randn, seeded


# --- stub
def rows(step, rank, world, size):
    return randn((size // world, 2), generator=seeded(step))


# --- solution
# The batch belongs to the step: draw all of it, and keep the share of this process. Numbers are cheap. What is
# drawn then depends on neither the rank nor the number of processes, and a run may go on with another one.
def solution(step, rank, world, size):
    return randn((size, 2), generator=seeded(step)).chunk(world)[rank]


# --- checker
def run(rows, step: int, world: int, size: int) -> Tensor:
    """What all processes draw, one below the other."""
    return torch.cat([rows(step, rank, world, size) for rank in range(world)])


def _seeded(seed):
    """Each process draws its own rows, from seed(step, rank, world)."""
    return lambda step, rank, world, size: randn((size // world, 2), generator=seeded(seed(step, rank, world)))


def _shuffled(step, rank, world, size):
    order = torch.randperm(size, generator=seeded(rank))
    return randn((size, 2), generator=seeded(step))[order].chunk(world)[rank]


check = Repair(
    solution,
    lambda g: [(12, 8, 64), (8, 4, 64), (0, 2, 10), (3, 1, 6)],
    broken=rows,
    run=run,
    see="12_image_runs: A run, killed and resumed",
    mistakes={
        "step and rank added": Mistake(
            _seeded(lambda step, rank, world: step + rank),
            "Now the processes differ, and process 1 draws in step 0 what process 0 draws in step 1: every batch "
            "comes back, world times.",
        ),
        "a stream for each process": Mistake(
            _seeded(lambda step, rank, world: step * world + rank),
            "No two processes draw the same, which is what matters most. But the run now hangs on the number "
            "of processes: continued on another machine it is another run.",
        ),
        "everything for everybody": Mistake(
            lambda step, rank, world, size: randn((size, 2), generator=seeded(step)),
            "Each process computes the whole batch: world times the work for the gradient of one.",
        ),
        "shuffled apart": Mistake(
            _shuffled,
            "Each process cuts its share from an order of its own. Some rows are used twice, and others by nobody.",
        ),
    },
)
