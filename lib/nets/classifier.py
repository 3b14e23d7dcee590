"""A small network that reads digits, to measure generated ones. What it was trained on stands in its file.

    classifier = load_classifier("results/digit_classifier.safetensors")   8x8; mnist_classifier.safetensors for 28x28
    classifier(x).argmax(1)        (B,) which digit each image shows: compared with the digit that was asked for
    classifier.features(x)         (B, 32) what it sees: the numbers that a Frechet distance compares

`tools/results/classifiers.py` trains both, on the training side of the book's split alone.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.checks import check_fits, check_floats, check_samples, check_whole
from lib.labels import NO_LABEL, check_labels

CLASSES = 10
FEATURES = 32  # few, so that a covariance can be fitted to a few hundred images


class DigitClassifier(nn.Module):
    """x (B, 1, size, size) in [-1, 1] -> logits (B, 10). Halves the image until its side is at most 4.

    Raises ValueError for images of another size and labels that are not one of 0 ... 9 an image; TypeError for whole numbers.
    """

    def __init__(self, size: int, width: int = 32):
        super().__init__()
        check_whole("size", size, 1)
        check_whole("width", width, 1)
        self.size, self.width = size, width
        layers, channels, side = [nn.Conv2d(1, width, 3, padding=1), nn.GELU()], width, size
        while side > 4:
            layers += [nn.Conv2d(channels, 2 * width, 3, stride=2, padding=1), nn.GELU()]
            channels, side = 2 * width, (side + 1) // 2
        layers += [nn.Flatten(), nn.Linear(channels * side**2, FEATURES), nn.GELU()]
        self.body, self.head = nn.Sequential(*layers), nn.Linear(FEATURES, CLASSES)

    def features(self, x: Tensor) -> Tensor:
        """(B, 32): the last layer but one."""
        check_floats("Images", x)
        if tuple(x.shape[1:]) != (1, self.size, self.size):
            raise ValueError(
                f"This classifier reads images of shape {(1, self.size, self.size)}, got {tuple(x.shape[1:])}."
            )
        check_fits("images", x, x.shape[1:], self.head.weight)
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The cross entropy, a scalar, of images x (B, 1, size, size) and the digits y (B,) that they show."""
        check_samples("Images", x, rows=1)
        return F.cross_entropy(self(x), self._digits(x, y))

    @torch.no_grad()
    def accuracy(self, x: Tensor, y: Tensor) -> float:
        """Share of the images x (B, 1, size, size) that are read as y (B,)."""
        check_samples("Images", x, rows=1)
        y = self._digits(x, y)
        return (torch.cat([self(rows).argmax(1) for rows in x.split(500)]) == y).double().mean().item()

    def _digits(self, x: Tensor, y: Tensor) -> Tensor:
        y = check_labels(y, len(x), CLASSES).to(x.device)
        if (y == NO_LABEL).any():
            raise ValueError("Every image shows a digit from 0 to 9: no label is no answer.")
        return y
