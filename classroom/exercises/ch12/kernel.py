"""A metric whose floor is zero: kernel_distance(a, b) -> a number, for features a (N, d) and b (M, d) in float64.

The squared maximum mean discrepancy of Gretton et al. (2012, eq. 3), unbiased, with the kernel (x . y / d + 1)^3 of Binkowski
et al. (2018, section 4): the "kernel inception distance" when the features are Inception's.
"""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "12_image_runs: What perfect scores"
HERE = "12_image_runs: Practice"


def kernel(a: Tensor, b: Tensor, power: int = 3, divide: bool = True) -> Tensor:
    """(x . y / d + 1)^power for all pairs, (N, M)."""
    return (a @ b.T / (a.shape[1] if divide else 1) + 1) ** power


def _mean(k: Tensor, unbiased: bool) -> Tensor:
    """The mean over pairs, without those of a point and itself when unbiased."""
    n = len(k)
    return (k.sum() - k.trace()) / (n * (n - 1)) if unbiased else k.mean()


def distance(a: Tensor, b: Tensor, cross: float = 2, unbiased: bool = True, **of_kernel) -> Tensor:
    """E k(x, x') + E k(y, y') - 2 E k(x, y)."""
    own = _mean(kernel(a, a, **of_kernel), unbiased) + _mean(kernel(b, b, **of_kernel), unbiased)
    return own - cross * kernel(a, b, **of_kernel).mean()


def answer(a: Tensor, b: Tensor) -> Tensor:
    """The unbiased estimate."""
    return distance(a, b)


check = Exercise(
    answer,
    lambda g: [
        tuple(randn((n, d), generator=g).double() + shift for n, shift in ((40, 0.0), (30, s)))
        for d, s in ((3, 0.5), (8, 0.0))
    ],
    mistakes=[
        Mistake(
            "a point paired with itself",
            lambda a, b: distance(a, b, unbiased=False),
            "k(x, x) is large, and each of the n^2 pairs of a point with itself pushes the value up: the floor is back.",
            SEE,
        ),
        Mistake(
            "the cross term once",
            lambda a, b: distance(a, b, cross=1),
            "|mean of a - mean of b|^2 in the kernel's space: the product of the two means comes twice.",
            HERE,
        ),
        Mistake(
            "the product not divided by d",
            lambda a, b: distance(a, b, divide=False),
            "Products of d features grow with d. Divided by d the kernel is about as large for 32 features as for 2,048.",
            HERE,
        ),
        Mistake(
            "the means compared and nothing else",
            lambda a, b: distance(a, b, power=1),
            "With the power 1 the kernel sees the means only. The cube compares second and third moments as well.",
            HERE,
        ),
        Mistake(
            "the root of it",
            lambda a, b: distance(a, b).abs().sqrt(),
            "An unbiased square may be negative, by chance. Its root would not be unbiased, and does not always exist.",
            SEE,
        ),
    ],
)
