"""A Diffusion Transformer that runs in the page: ten digits from one noise, where each head looks, and its parts switched off."""

import base64
import copy
import math
from pathlib import Path

import torch
from IPython.display import HTML
from torch import Tensor

from classroom.explorers.figure import apart, figure, halves
from lib.flow_matching import FlowMatching
from lib.guidance import Guided
from lib.samplers import euler, walk
from lib.seeding import randn, seeded
from lib.trained.images import load_model

CLASSES = 10

# How it opens: with digits of 28 x 28 pixels in 49 patches, or, "digits", of 8 x 8 in 16. (file in results/, the first state, the
# seed of its noise, alt, caption)
OPENINGS = {
    "": (
        "mnist_flow",
        {"t": 1, "K": 10, "w": 2, "digit": 3, "token": 23},
        16,
        "Above, a row of the digits 0 to 9, all drawn from one noise. Below, the 3 large, cut into 7 by 7 patches, one of them "
        "outlined; beside it 24 small maps in six columns. In some maps a single patch beside the outlined one is filled, in "
        "others the whole map is tinted.",
        "A Diffusion Transformer at work, six blocks of four heads on 49 patches. It draws ten digits from one noise, and the "
        "maps show how much of its attention the outlined patch gives to each patch, at the end in the last call. A part that "
        "is switched off is left out of every call.",
    ),
    "digits": (
        "digits_flow",
        {"t": 1, "K": 20, "w": 2, "digit": 3, "token": 6},
        8,
        "Above, a row of the digits 0 to 9 in 8 by 8 pixels, all drawn from one noise. Below, the 3 large, cut into 4 by 4 "
        "patches, one of them outlined; beside it 24 small maps in six columns, some with one dark square, others tinted all "
        "over.",
        "The small digits' Diffusion Transformer at work, six blocks of four heads on 16 patches: ten digits from one noise, "
        "where the outlined patch looks, and what is drawn when a part is switched off.",
    ),
}  # fmt: skip


def show(model: FlowMatching, net: str, first: dict, start: Tensor, alt: str, caption: str, mark: str = "") -> HTML:
    """A transformer of ten classes, whose walk in the first state is recorded; the page computes every other.

    net    the name of its script in the site's folder `live`, which tools/site/live.py writes
    first  {t, K, w, digit, token}: time shown, calls of Euler's rule, guidance, the digit shown large, and its patch
    start  the noise (1, channels, size, size) that all ten digits begin with

    Pictures travel in sixteen grey levels, shares of attention in bytes.
    """
    start = start.half().float()  # as it travels
    labels = torch.arange(CLASSES)
    guided = model if first["w"] == 1 else Guided(model, first["w"])
    grid = model.path.grid(first["K"])
    states = list(walk(guided, start.expand(CLASSES, -1, -1, -1), grid, euler, labels))
    grey = ((torch.stack([state.x for state in states]).clamp(-1, 1) + 1) * 7.5).round().byte().flatten().tolist()
    grey += [0] * (len(grey) % 2)
    digit = first["digit"]
    looks = [shares(model, x[digit], t, digit)[:, :, first["token"]] for t, x, _ in states[:-1]]  # of each call
    sizes = {name: getattr(model.net, name) for name in ("size", "channels", "patch", "depth", "heads")}
    data = {
        "net": net,
        **sizes,
        "first": first,
        "start": halves(start),
        "frames": base64.b64encode(bytes(16 * a + b for a, b in zip(grey[::2], grey[1::2]))).decode(),
        "shares": base64.b64encode(bytes((255 * torch.stack(looks)).round().byte().flatten().tolist())).decode(),
    }
    return apart(figure("attention", data, alt, caption, mark), "transformer")


def shares(model: FlowMatching, x: Tensor, t: float, label: int) -> Tensor:
    """Where the patches of one noisy image x (channels, size, size) look, in every head of every block: (depth, heads, N, N)."""
    net, seen = copy.deepcopy(model.net), []

    def watched(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        seen.append((q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1))
        return seen[-1] @ v

    for block in net.blocks:
        block.attention = watched
    with torch.no_grad():
        net(x[None], t, torch.tensor([label]))
    return torch.cat(seen)


def in_book(results: Path, opening: str = "") -> HTML:
    """The shipped nets: of the digits of chapter 10, or of the small ones."""
    net, first, seed, alt, caption = OPENINGS[opening]
    model = load_model(results / f"{net}.safetensors")
    with torch.no_grad():
        return show(model, net, first, randn((1, *model.shape), generator=seeded(seed)), alt, caption, opening)
