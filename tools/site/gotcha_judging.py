"""One side of each pair of book/gotchas.md that is about judging a model, tried: see gotcha_trials.py."""

import torch
from torch import Tensor

from classroom.exercises.ch16.bits_of_a_picture import Peaks
from lib import randn, seeded, two_moons


def distances_of_unlike_numbers(code: dict) -> bool:
    """Whether features that are a fifth too broad, many of them, are called better than a few perfect ones."""
    few = randn((100, 32), generator=seeded(1))
    many = 1.2 * torch.cat([few, randn((1900, 32), generator=seeded(2))])
    return code["better"](many, few, randn((2000, 32), generator=seeded(3)))


def a_detector_of_copies(code: dict) -> float:
    """What is said of samples of the exact density."""
    train, held_out, samples = (two_moons(1000, generator=seeded(seed))[0] for seed in (1, 2, 3))
    return float(code["copied"](samples, train, held_out))


def bits_below_nothing(code: dict) -> Tensor:
    """The bits of pixels whose every level is as frequent, by a model that peaks in the middle of each level."""
    k = torch.arange(17).repeat(300)[:, None]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return code["bits"](Peaks(0.01, torch.ones(17) / 17), k)
