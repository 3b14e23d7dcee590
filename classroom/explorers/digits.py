"""Images by number of steps, guidance weight and class, sampled beforehand."""

import base64
from pathlib import Path

import torch
from IPython.display import HTML
from torch import Tensor

from classroom.explorers.figure import figure
from lib.guidance import Guided
from lib.samplers import euler, sample
from lib.seeding import randn, seeded
from lib.trained.images import load_model


def show(frames: Tensor, steps: list[int], scales: list[float], labels: list[str], alt: str, caption: str) -> HTML:
    """Images by number of steps, guidance weight and class, sampled beforehand.

    frames (len(steps), len(scales), len(labels), samples, height, width) with values in [-1, 1], rounded to sixteen grey
    levels. Raises ValueError for another shape. `alt` and `caption` say what these images show.
    """
    expected = (len(steps), len(scales), len(labels))
    if frames.ndim != 6 or tuple(frames.shape[:3]) != expected:
        raise ValueError(
            f"frames must have the shape {(*expected, 'samples', 'height', 'width')}, got {tuple(frames.shape)}."
        )
    levels = ((frames.clamp(-1, 1) + 1) * 7.5).round().byte().flatten().tolist()
    pairs = zip(levels[::2], levels[1::2] + [0] * (len(levels) % 2))
    samples, height, width = frames.shape[3:]
    data = {"steps": steps, "scales": scales, "labels": labels, "samples": samples, "height": height, "width": width}
    pixels = base64.b64encode(bytes(16 * high + low for high, low in pairs)).decode()
    return figure("digits", data | {"pixels": pixels}, alt, caption)


def in_book(results: Path) -> HTML:
    """Digits of the shipped Diffusion Transformer, as chapter 12 shows them."""
    model = load_model(results / "digits_flow.safetensors")
    steps, scales, samples = [1, 2, 3, 5, 10, 20], [0, 1, 2, 4], 4
    labels = torch.arange(10).repeat_interleave(samples)
    start = randn((samples, *model.shape), generator=seeded(0)).repeat(10, 1, 1, 1)
    asked = [(model, None), (model, labels)] + [(Guided(model, w), labels) for w in scales[2:]]  # w = 0, 1, above
    cells = [[sample(guided, start, k, euler, y) for guided, y in asked] for k in steps]
    frames = torch.stack([torch.stack(row) for row in cells]).reshape(len(steps), len(scales), 10, samples, 8, 8)
    return show(
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
