"""Every explorer with its full choice of models: what the pages of the book show, what the posters are drawn from."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from IPython.display import HTML

from lib import EmpiricalOracle, Guided, LinearPath, digits, euler, explorers, randn, sample, seeded

RESULTS = Path(__file__).parents[1] / "results"


def gallery() -> dict[str, Callable[[], HTML]]:
    """{name of the Python function: a call of it}, in the order of the chapters."""
    return {
        "noising": explorers.noising,
        "targets": explorers.targets,
        "reverse": explorers.reverse,
        "flow": explorers.flow,
        "k_budget": explorers.k_budget,
        "t_scale": explorers.t_scale,
        "guidance": explorers.guidance,
        "digits": memorised_digits,
        "decision_tree": explorers.decision_tree,
    }


def memorised_digits() -> HTML:
    """The exact answer for 1,797 digits as a data set: a sampler that can do nothing but return them."""
    x, y = digits()
    model = EmpiricalOracle(x, LinearPath(), y)
    steps, scales, samples = [1, 2, 3, 5, 10, 20], [0, 1, 2, 4], 4
    labels = torch.arange(10).repeat_interleave(samples)
    start = randn((samples, *x.shape[1:]), generator=seeded(0)).repeat(10, 1, 1, 1)
    cells = [[sample(Guided(model, w), start, k, euler, labels) for w in scales] for k in steps]
    frames = torch.stack([torch.stack(row) for row in cells]).reshape(len(steps), len(scales), 10, samples, 8, 8)
    return explorers.digits(
        frames,
        steps,
        scales,
        [str(digit) for digit in range(10)],
        alt="A map of small pictures of one digit, with more steps from left to right and more guidance from "
        "top to bottom. With one step all are one grey blur; from five steps on they are sharp digits.",
        caption="Digits sampled by the exact oracle of the 1,797 digits themselves, not by a network: what it "
        "returns in the end are digits of the data set.",
    )


@cache
def explorer(name: str) -> str:
    """The HTML of one explorer."""
    return gallery()[name]().data
