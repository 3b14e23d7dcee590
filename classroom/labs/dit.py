"""Chapter 10: a DiT of your own on the digits, trained for each setting."""

import math

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, lab
from lib.data import batches, digits, split
from lib.flow_matching import FlowMatching
from lib.nets.dit import DiT
from lib.seeding import seeded
from lib.training import fit

STARTS = ("begin at 0", "begin at 1")


def show() -> None:
    """Patch, size and initial gates of a Diffusion Transformer: how it learns, and where its arithmetic goes."""
    knobs = {
        "patch": Knob("patch", (1, 2, 4), 2),
        "width": Knob("width", (16, 32, 48), 32),
        "depth": Knob("depth", (1, 3, 6, 12), 3),
        "heads": Knob("heads", (1, 2, 4, 8, 16), 4),
        "start": Knob("gates", STARTS, STARTS[0]),
        "places": Knob("positions", ("sine and cosine", "none"), "sine and cosine"),
        "steps": Knob("training steps", (30, 60, 150, 400), 60),
    }
    lab(plot, knobs)


def plot(patch: int, width: int, depth: int, heads: int, start: str, places: str, steps: int) -> None:
    """The loss of a short training beside the best linear map's, and the operations of a block by kind."""
    (x, y), _ = split(*digits(), 500)
    net = DiT(8, patch=patch, width=width, depth=depth, heads=heads, t_scale=1000, classes=10, generator=seeded(0))
    if places == "none":
        net.positions.zero_()
    if start == STARTS[1]:
        for block in net.blocks:
            for gate in block.modulation[1].bias.data.chunk(6)[2::3]:
                gate.fill_(1)
    data = batches(x, y, size=32, generator=seeded(1))
    model = FlowMatching(net, label_drop=0.1)
    losses = [state.loss.item() for state in fit(model, data, steps, lr=5e-3, stratified=True, generator=seeded(2))]
    smooth = [sum(losses[max(0, i - 9) : i + 1]) / len(losses[max(0, i - 9) : i + 1]) for i in range(len(losses))]
    variances = torch.linalg.eigvalsh(torch.cov(x.flatten(1).double().T, correction=0)).clamp_min(0)

    tokens = (8 // patch) ** 2
    work = {
        "MLP": 16 * tokens * width**2,
        "other linear maps": 8 * tokens * width**2,
        "attention pairs": 4 * tokens**2 * width,
    }
    _, (left, right) = plt.subplots(1, 2, figsize=(plots.WIDTH, 2.8), width_ratios=(1.3, 1))
    left.plot(range(1, len(smooth) + 1), smooth, color=plots.ROLES["learned"], label="mean of ten steps")
    left.axhline(math.pi / 2 * variances.sqrt().mean(), color=plots.INK, linestyle="--", label="best linear map")
    left.set(xlabel="training step", ylim=(0.4, 2))
    left.set_title(f"loss at the end: {smooth[-1]:.2f}", fontsize=9)
    left.legend(fontsize=8)
    right.barh(list(work), [depth * n / 1e6 for n in work.values()], color=plots.ROLES["velocity"])
    right.set(xlabel="million operations for an image")
    many = sum(p.numel() for p in net.parameters())
    right.set_title(f"{tokens} tokens, {many / 1000:,.0f} thousand parameters", fontsize=9)
    plt.show()
