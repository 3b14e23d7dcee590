"""From one digit to another: through pixels, through latents, and through latents that a diffusion model corrects."""

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, lab
from lib.data import mnist_subset, split
from lib.samplers import euler, sample
from lib.seeding import randn, seeded
from lib.trained.images import load_autoencoder, load_classifier, load_model
from lib.trained.shipped import RESULTS

STOPS = 9  # pictures from one digit to the other
CALLS = 20  # of a walk from noise to data; a walk from half way makes half of them


def show() -> None:
    """Two held-out digits, and the time on the straight path to which their blended latents are made noisy."""
    digit = tuple(str(label) for label in range(10))
    knobs = {
        "one": Knob("From a", digit, "3"),
        "other": Knob("To a", digit, "7"),
        "which": Knob("Which of them", tuple(range(1, 21)), 1),
        "start": Knob("Noise up to t =", (0.1, 0.3, 0.5, 0.7, 0.9), 0.5),
    }
    lab(plot, knobs)


def plot(one: str, other: str, which: int, start: float) -> None:
    """Three rows of blends, and above each picture what the classifier reads and how sure it is."""
    classifier = load_classifier(RESULTS / "mnist_classifier.safetensors")
    autoencoder = load_autoencoder(RESULTS / "mnist_autoencoder.safetensors")
    model = load_model(RESULTS / "mnist_latent_flow.safetensors")
    _, (x, y) = split(*mnist_subset(), 1000)
    ends = [x[y == int(label)][int(which) - 1][None] for label in (one, other)]
    share = torch.linspace(0, 1, STOPS)[:, None, None, None]
    with torch.no_grad():
        pixels = torch.lerp(*ends, share)
        z = torch.lerp(*(autoencoder.encode(end) for end in ends), share)
        noisy = start * z + (1 - start) * randn(z[:1].shape, generator=seeded(0))  # one noise for all
        calls = max(1, round(CALLS * (1 - start)))
        corrected = sample(model, noisy, calls, euler, grid=torch.linspace(start, 1, calls + 1, dtype=torch.float64))
        rows = {
            "blended\npixels": pixels,
            "blended\nlatents": autoencoder.decode(z),
            "latents,\ncorrected": autoencoder.decode(corrected),
        }
        _, axes = plt.subplots(3, STOPS, figsize=(plots.WIDTH, 3.2))
        for line, (name, pictures) in zip(axes, rows.items(), strict=True):
            line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
            for ax, picture, says in zip(line, pictures, classifier(pictures).softmax(1), strict=True):
                ax.imshow(picture[0].numpy(), cmap="gray", vmin=-1, vmax=1)
                ax.set(xticks=[], yticks=[])
                ax.set_title(f"{says.argmax()}: {says.max():.0%}", fontsize=8, pad=2)
    plt.show()
