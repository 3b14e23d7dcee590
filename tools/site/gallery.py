"""Every explorer with its full choice of models: what the pages of the book show, what the posters are drawn from."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch
from IPython.display import HTML

from classroom import explorers
from lib import Guided, euler, load_model, randn, sample, seeded
from lib.trained.toy import load

RESULTS = Path(__file__).parents[2] / "results"


@cache
def gallery() -> dict[str, Callable[[], HTML]]:
    """{name of the Python function: a call of it}, in the order of the chapters."""
    flow, ddpm = (load(RESULTS / f"toy_{name}.safetensors") for name in ("flow", "ddpm"))
    return {
        "noising": explorers.noising,
        "targets": explorers.targets,
        "reverse": partial(explorers.reverse, ddpm),
        "flow": partial(explorers.flow, flow),
        "k_budget": partial(explorers.k_budget, flow, ddpm),
        "t_scale": explorers.t_scale,
        "guidance": partial(explorers.guidance, flow, ddpm),
        "digits": drawn_digits,
        "decision_tree": explorers.decision_tree,
    }


def drawn_digits() -> HTML:
    """Digits of the shipped Diffusion Transformer, as chapter 12 shows them."""
    model = load_model(RESULTS / "digits_fm.safetensors")
    steps, scales, samples = [1, 2, 3, 5, 10, 20], [0, 1, 2, 4], 4
    labels = torch.arange(10).repeat_interleave(samples)
    start = randn((samples, *model.shape), generator=seeded(0)).repeat(10, 1, 1, 1)
    asked = [(model, None), (model, labels)] + [(Guided(model, w), labels) for w in scales[2:]]  # w = 0, 1, above
    cells = [[sample(guided, start, k, euler, y) for guided, y in asked] for k in steps]
    frames = torch.stack([torch.stack(row) for row in cells]).reshape(len(steps), len(scales), 10, samples, 8, 8)
    return explorers.digits(
        frames,
        steps,
        scales,
        [str(digit) for digit in range(10)],
        alt="A map of small pictures of one digit, with more steps from left to right and more guidance from "
        "top to bottom. With one step all are one grey blur; from five steps on they are digits, "
        "and with much guidance they are stark and alike.",
        caption="Digits drawn by a small Diffusion Transformer that learnt them by flow matching, with Euler's rule. "
        "A guided step evaluates the net twice.",
    )


@cache
def explorer(name: str) -> str:
    """The HTML of one explorer."""
    return gallery()[name]().data
