"""Whether generated pictures look like real ones, are as diverse, read as asked, and were not copied: metrics, fairly compared.

Frechet distance, precision, recall    of a classifier's features (lib/metrics.py)
agreement                              the share that the classifier reads as the class that was asked for
copies                                 the share nearer to a training picture than 95 % of held-out pictures are, in pixels

Fair means: as many pictures on both sides, and as many of each class. Against halves, the real pictures are halved class by
class; half A against half B is the floor; then A is replaced by generated pictures of A's classes, and all real pictures are
used. Held out means that they are compared with pictures on which neither the model nor the classifier was trained; for the
floor, training pictures take the place of generated ones.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lib.metrics import frechet_distance, precision_recall
from lib.nets.classifier import Classifier
from lib.seeding import seeded
from lib.trained.config import DATA
from lib.trained.images import load_classifier
from lib.trained.shipped import RESULTS

K = 3  # precision and recall reach to the K-th neighbour
COPIED = (
    0.05  # a share of the held-out pictures; whatever is nearer to a training picture than they are counts as a copy
)


class Reference(NamedTuple):
    """Features of real pictures, by what they are seen, and which of those pictures are held out."""

    classifier: nn.Module
    features: Tensor  # (N, d): training pictures first
    y: Tensor
    trained: int

    @property
    def held_out(self) -> tuple[Tensor, Tensor]:
        """Features and labels of those on which nothing was trained."""
        return self.features[self.trained :], self.y[self.trained :]


def classifier_file(data: str) -> Path:
    """Where the classifier for a data set is shipped. Raises ValueError, which says how to make it, where it is not."""
    path = RESULTS / f"{DATA[data].classifier}_classifier.safetensors"
    if not path.exists():
        raise ValueError(
            f"There is no classifier for {data} yet: `python -m tools.results.classifiers {DATA[data].classifier}` makes it, "
            f"as {path.name}, or name one with --classifier."
        )
    return path


def classifier_for(data: str, path: str | Path | None = None) -> Classifier:
    """The classifier in a file, or the shipped one. Raises ValueError for one of other pictures or classes."""
    path = path or classifier_file(data)
    classifier, there = load_classifier(path), DATA[data]
    reads = (classifier.channels, classifier.size, classifier.size), classifier.classes
    if reads != (there.shape, len(there.classes)):
        raise ValueError(
            f"{path} reads pictures of shape {reads[0]} in {reads[1]} classes, and those of {data} have {there.shape} in "
            f"{len(there.classes)}. Name another --classifier."
        )
    return classifier


@torch.no_grad()
def seen(classifier: Classifier, x: Tensor) -> Tensor:
    """The classifier's features (N, d) of pictures x (N, C, H, W) in [-1, 1], in float64."""
    return torch.cat([classifier.features(rows) for rows in x.split(500)]).double()


def agreement(classifier: Classifier, features: Tensor, y: Tensor) -> float:
    """The share of pictures, by their features (N, d), that are read as y (N,)."""
    with torch.no_grad():
        return (classifier.head(features.float()).argmax(1) == y).double().mean().item()


# ---- as many, and as many of each class --------------------------------------------------------------------------------------


def halves(y: Tensor, seed: int, most: int) -> tuple[Tensor, Tensor]:
    """Rows of two random halves with the same number of each class, at most `most` pictures of it."""
    order = torch.randperm(len(y), generator=seeded(seed))
    a, b = [], []
    for label in y.unique():
        rows = order[y[order] == label]
        n = min(len(rows) // 2, most)
        a, b = [*a, rows[:n]], [*b, rows[n : 2 * n]]
    return torch.cat(a), torch.cat(b)


def matching(labels: Tensor, y: Tensor) -> Tensor:
    """Rows of y with the classes of `labels`, the first ones of each class. ValueError where y has too few."""
    rows = []
    for label in labels.unique().tolist():
        found, n = (y == label).nonzero()[:, 0], int((labels == label).sum())
        if len(found) < n:
            raise ValueError(f"{n} images of class {label} are needed, and there are {len(found)}.")
        rows.append(found[:n])
    return torch.cat(rows)


def first(y: Tensor, most: int) -> Tensor:
    """The first `most` rows of each class."""
    return torch.cat([(y == label).nonzero()[:most, 0] for label in y.unique()])


# ---- the metrics ---------------------------------------------------------------------------------------------------------------


def against_halves(b: Reference, features: Tensor | None = None, y: Tensor | None = None, most: int = 100, *,
                   halvings: int = 20) -> list[float]:  # fmt: skip
    """Frechet distances to random halves of the real pictures, of the other half or of generated pictures of its classes."""
    found = []
    for seed in range(halvings):
        one, other = halves(b.y, seed, most)
        fake = b.features[one] if features is None else features[matching(b.y[one], y)]
        found.append(frechet_distance(fake, b.features[other]))
    return found


def against_held_out(b: Reference, features: Tensor, y: Tensor, most: int | None = None) -> dict[str, float]:
    """Frechet distance, precision and recall of as many pictures of the same classes, compared with the held-out ones.

    Where a class has more than `most` held-out pictures, the first ones are taken; by default as many as every class has in y.
    """
    most = int(y.unique(return_counts=True)[1].min()) if most is None else most
    real, y_real = b.held_out
    chosen = first(y_real, most)
    return of_held_out(real[chosen], features[matching(y_real[chosen], y)])


def of_held_out(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Frechet distance, precision and recall of features (N, d) beside as many of held-out pictures (N, d)."""
    precision, recall = precision_recall(real, fake, K)
    return {"frechet_held_out": frechet_distance(fake, real), "precision": precision, "recall": recall}


def nearest(x: Tensor, training: Tensor) -> Tensor:
    """The distance (N,) of each picture x (N, ...) to the nearest training picture: root mean square over its numbers."""
    points = training.flatten(1)
    distances = [torch.cdist(rows.flatten(1), points).min(1).values for rows in x.split(200)]
    return torch.cat(distances) / points.shape[1] ** 0.5


def copies(distances: Tensor, held_out: Tensor) -> float:
    """The share of distances (N,) below the one that COPIED of the held-out pictures (M,) fall below."""
    return (distances < held_out.quantile(COPIED)).double().mean().item()
