r"""a metric whose floor is zero

The floor of the Fréchet distance is a bias: perfect samples score above zero. Extend the toolbox by a metric without
one. With a kernel $k$ the squared *maximum mean discrepancy* is
$\mathbb E\, k(x, x') + \mathbb E\, k(y, y') - 2\, \mathbb E\, k(x, y)$ {cite:p}`gretton2012`, where $x \ne x'$ are
two features of one set and $y \ne y'$ of the other. {cite:t}`binkowski2018` take $k(x, y) = (x \cdot y / d + 1)^3$.
Estimate it without bias. (Perfect samples then score zero on average, and half of them less than zero.)

Hint: The means are over *pairs*. Which entries of the $N \times N$ matrix of a set with itself are no pairs of two
draws?
"""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def kernel_distance(a, b):
    """a (N, d), b (M, d): a number."""
    return ...


# --- solution
def solution(a, b):
    def k(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x):
        return (k(x, x).sum() - k(x, x).trace()) / (len(x) * (len(x) - 1))  # no point meets itself

    return within(a) + within(b) - 2 * k(a, b).mean()


# --- checker
SEE = "12_image_runs: What perfect scores"


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


check = Exercise(
    solution,
    lambda g: [
        tuple(randn((n, d), generator=g).double() + shift for n, shift in ((40, 0.0), (30, s)))
        for d, s in ((3, 0.5), (8, 0.0))
    ],
    see="12_image_runs: Practice",
    mistakes={
        "a point paired with itself": Mistake(
            lambda a, b: distance(a, b, unbiased=False),
            "k(x, x) is large, and each of the n^2 pairs of a point with itself pushes the value up: the floor is back.",
            SEE,
        ),
        "the cross term once": Mistake(
            lambda a, b: distance(a, b, cross=1),
            "|mean of a - mean of b|^2 in the kernel's space: the product of the two means comes twice.",
        ),
        "the product not divided by d": Mistake(
            lambda a, b: distance(a, b, divide=False),
            "Products of d features grow with d. Divided by d the kernel is about as large for 32 features as for 2,048.",
        ),
        "the means compared and nothing else": Mistake(
            lambda a, b: distance(a, b, power=1),
            "With the power 1 the kernel sees the means only. The cube compares second and third moments as well.",
        ),
        "the root of it": Mistake(
            lambda a, b: distance(a, b).abs().sqrt(),
            "An unbiased square may be negative, by chance. Its root would not be unbiased, and does not always exist.",
            SEE,
        ),
    },
)
