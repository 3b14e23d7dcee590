"""Chapter 12: one image model, any process, rule, budget and guidance: the pictures, and what the classifier says of them."""

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from classroom import plots
from classroom.labs import RULES, Knob, lab
from lib.data import digits, split
from lib.guidance import Guided
from lib.metrics import frechet_distance, precision_recall
from lib.samplers import sample
from lib.seeding import randn, seeded
from lib.trained.images import load_classifier, load_model
from lib.trained.shipped import RESULTS

N = 150  # pictures; the classifier's numbers need some of each digit
INTERVALS = {"always": None, "sigma/alpha < 1": (0.0, 1.0), "0.3 to 1": (0.3, 1.0), "1 to 4": (1.0, 4.0)}


def show() -> None:
    """Sample the shipped digits nets in another way."""
    knobs = {
        "process": Knob("process", ("flow matching", "DDPM"), "flow matching"),
        "rule": Knob("rule", tuple(RULES), "euler"),
        "calls": Knob("network calls", (2, 4, 6, 10, 20), 10),
        "w": Knob("guidance w", (0.5, 1.0, 1.5, 2.0, 4.0), 1.0),
        "where": Knob("guide where", tuple(INTERVALS), "always"),
    }
    lab(plot, knobs)


def features(classifier, x: Tensor) -> Tensor:
    """What the classifier sees."""
    with torch.no_grad():
        return classifier.features(x)


def evenly(x: Tensor, y: Tensor) -> Tensor:
    """N images, as many of each digit."""
    return torch.cat([x[y == digit][: N // 10] for digit in range(10)])


def plot(process: str, rule: str, calls: int, w: float, where: str) -> None:
    """Sixty of the pictures, and the metrics of all, beside those of as many real training images."""
    model = load_model(RESULTS / f"digits_{'ddpm' if process == 'DDPM' else 'flow'}.safetensors")
    classifier = load_classifier(RESULTS / "digit_classifier.safetensors")
    guided = model if w == 1 else Guided(model, w, INTERVALS[where])
    y, start = torch.arange(N) % 10, randn((N, 1, 8, 8), generator=seeded(7))
    x = sample(guided, start, calls, RULES[rule], y, generator=seeded(8)).clamp(-1, 1)

    trained, held_out = split(*digits(), 500)
    real, other = (features(classifier, evenly(*part)) for part in (held_out, trained))
    rows = ((classifier.accuracy(x, y), features(classifier, x)), (classifier.accuracy(*held_out), other))
    told = [(share, frechet_distance(seen, real), *precision_recall(real, seen)) for share, seen in rows]
    tiles = torch.nn.functional.pad(x[:60, 0], (1, 1, 1, 1), value=0.0).unflatten(0, (-1, 10))
    _, ax = plt.subplots(figsize=(plots.WIDTH, 4.6))
    ax.imshow(tiles.permute(0, 2, 1, 3).flatten(0, 1).flatten(1).numpy(), cmap="gray", vmin=-1, vmax=1)
    ax.set(xticks=[], yticks=[])
    lines = [
        f"{name}: agreement {a:.2f}, Fréchet {f:.0f}, precision {p:.2f}, recall {r:.2f}"
        for name, (a, f, p, r) in zip((f"{process}, {rule}, {calls} calls", "real digits"), told)
    ]
    ax.set_title("\n".join(lines), fontsize=9)
    plt.show()
