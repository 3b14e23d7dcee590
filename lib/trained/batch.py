"""What a step trains on: its pictures, and every random number that it needs.

A batch is CHUNKS parts, and the numbers of each part come from a stream of its own, seeded by (seed, step, chunk). So a run that
was killed and resumed draws what one that was not draws; and of n processes each draws the parts in which its own rows lie, and
all together draw what one process would. Numbers are drawn where the net trains: a GPU has others than a CPU, always the same.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from lib.labels import NO_LABEL
from lib.pictures import moved
from lib.prediction import Model
from lib.seeding import stream
from lib.trained.config import Config

CHUNKS = 8  # more would be more calls on a GPU; with more processes than this, some draw the same part and keep their rows of it
STREAMS = "2"  # which numbers a seed stands for: another version of this file that draws others has another number


class Batch(NamedTuple):
    """Rows of a step's batch."""

    x: Tensor
    y: Tensor
    t: Tensor
    eps: Tensor


def batch_of(
    config: Config, model: Model, x: Tensor, y: Tensor, step: int, rows: range | None = None, device=None
) -> Batch:
    """These rows (default: all) of the batch of `step`, on `device` (default: that of x), from the data x (N, *shape) and y (N,).

    An epoch is a permutation of the data, cut into batches: it shows each sample at most once, and leaves out N % batch of them.
    """
    rows, device = rows or range(config.batch), torch.device(device or x.device)
    epoch, part = divmod(step, len(x) // config.batch)
    first = part * config.batch
    chosen = _order(len(x), config.seed, epoch, x.device)[first + rows.start : first + rows.stop]
    pictures, labels = x[chosen].to(device), y[chosen].to(device)
    u, eps = _draws(config, step, rows, x.shape[1:], device)
    if config.augmented:
        mirrored = u[2] < (0.5 if config.flip else 0)
        down, right = ((2 * config.shift + 1) * u[3:]).long() - config.shift
        pictures = moved(pictures, mirrored, down, right)
    # Labels are dropped here and not in the model's loss, so that all that is random comes from one place.
    labels = torch.where(u[0] < config.label_drop, NO_LABEL, labels)
    # Row i of B has its time in [i/B, (i+1)/B) (see lib.training): the permutation has paired rows and pictures at random.
    t = model.path.times((torch.arange(rows.start, rows.stop, device=device) + u[1]) / config.batch)
    return Batch(pictures, labels, t, eps)


def _draws(
    config: Config, step: int, rows: range, shape: tuple[int, ...], device: torch.device
) -> tuple[Tensor, Tensor]:
    """For these rows of the batch of `step`: five numbers uniform in [0, 1) each, (5, rows), and noise (rows, *shape)."""
    size = -(-config.batch // CHUNKS)  # of a chunk; the last ones may stand beyond the batch
    chunks = range(rows.start // size, -(-rows.stop // size))
    u = torch.empty((len(chunks), 5, size), device=device)
    eps = torch.empty((len(chunks), size, *shape), device=device)
    for chunk, its_u, its_eps in zip(chunks, u, eps):
        generator = stream(config.seed, step, chunk, device=device)
        its_u.uniform_(generator=generator)
        its_eps.normal_(generator=generator)
    mine = slice(rows.start - chunks.start * size, rows.stop - chunks.start * size)
    return u.transpose(0, 1).flatten(1)[:, mine], eps.flatten(0, 1)[mine]


@lru_cache(maxsize=1)  # an epoch is many steps
def _order(n: int, seed: int, epoch: int, device: torch.device) -> Tensor:
    """The permutation of an epoch, the same on all devices."""
    return torch.randperm(n, generator=stream(seed, epoch, "order")).to(device)
