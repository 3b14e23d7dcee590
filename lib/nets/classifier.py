"""A small network that reads pictures, to measure generated ones. What it was trained on stands in its file.

    classifier = load_classifier("results/digit_classifier.safetensors")   8x8; mnist_classifier.safetensors for 28x28
    classifier(x).argmax(1)        (B,) which class each image shows: compared with the class that was asked for
    classifier.features(x)         (B, 32) what it sees: the numbers that a Frechet distance compares

`tools/results/classifiers.py` trains one for each data set, on the training side of the book's split alone.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.checks import check_fits, check_floats, check_samples, check_whole
from lib.labels import NO_LABEL, check_labels

FEATURES = 32  # few, so that a covariance can be fitted to a few hundred images


class Classifier(nn.Module):
    """x (B, channels, size, size) in [-1, 1] -> logits (B, classes). Halves the image until its side is at most 4.

    Raises ValueError for images of another shape and labels that are not one class an image; TypeError for whole numbers.
    """

    def __init__(self, size: int, width: int = 32, *, channels: int = 1, classes: int = 10):
        super().__init__()
        for name, count in (("size", size), ("width", width), ("channels", channels), ("classes", classes)):
            check_whole(name, count, 1)
        self.size, self.width, self.channels, self.classes = size, width, channels, classes
        layers, inner, side = [nn.Conv2d(channels, width, 3, padding=1), nn.GELU()], width, size
        while side > 4:
            layers += [nn.Conv2d(inner, 2 * width, 3, stride=2, padding=1), nn.GELU()]
            inner, side = 2 * width, (side + 1) // 2
        layers += [nn.Flatten(), nn.Linear(inner * side**2, FEATURES), nn.GELU()]
        self.body, self.head = nn.Sequential(*layers), nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """(B, 32): the last layer but one."""
        check_floats("Images", x)
        shape = (self.channels, self.size, self.size)
        if tuple(x.shape[1:]) != shape:
            raise ValueError(f"This classifier reads images of shape {shape}, got {tuple(x.shape[1:])}.")
        check_fits("images", x, x.shape[1:], self.head.weight)
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The cross entropy, a scalar, of images x (B, channels, size, size) and the classes y (B,) that they show."""
        check_samples("Images", x, rows=1)
        return F.cross_entropy(self(x), self._labels(x, y))

    @torch.no_grad()
    def accuracy(self, x: Tensor, y: Tensor) -> float:
        """Share of the images x (B, channels, size, size) that are read as y (B,)."""
        check_samples("Images", x, rows=1)
        y = self._labels(x, y)
        return (torch.cat([self(rows).argmax(1) for rows in x.split(500)]) == y).double().mean().item()

    def _labels(self, x: Tensor, y: Tensor) -> Tensor:
        y = check_labels(y, len(x), self.classes).to(x.device)
        if (y == NO_LABEL).any():
            raise ValueError(f"Every image shows a class from 0 to {self.classes - 1}: no label is no answer.")
        return y
