r"""one solver for every target

Extend the toolbox: one function that turns *any* answer into the estimate. The target is $a x + b \varepsilon$ with
the given row $(a, b)$; `coeffs.alpha` and `coeffs.sigma` belong to $x_t$. The checker uses it for four targets on two
paths. Add a target of your own afterwards: only its row is new.

Hint: Two equations in two unknowns. Cramer's rule divides by the determinant, whose sign must fit the numerators.
"""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.flow_matching import CosinePath, LinearPath
from lib.prediction import target_row
from lib.seeding import rand, randn


# --- stub
def estimate(output, x_t, row, coeffs):
    """output, x_t: (B, d). The pair (x0, eps), each (B, d)."""
    a, b = row
    return ...


# --- solution
def solution(output, x_t, row, coeffs):
    a, b = row
    det = coeffs.alpha * b - coeffs.sigma * a
    x0 = (b * x_t - coeffs.sigma * output) / det
    eps = (coeffs.alpha * output - a * x_t) / det
    return x0, eps


# --- checker
def run(estimate, target: str, path, x_t: Tensor, output: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The estimate for one target on one path."""
    coeffs = path.coeffs(t, like=x_t)
    return estimate(output, x_t, target_row(target, coeffs), coeffs)


def _cases(g) -> list[tuple]:
    return [
        (target, path, *(randn((12, 2), generator=g) for _ in "xo"), 0.1 + 0.8 * rand(12, generator=g))
        for path in (CosinePath(), LinearPath())
        for target in ("eps", "x0", "v", "u")
    ]


def _with(x0, eps, det):
    """An answer with other numerators or another determinant; each takes a, b, alpha, sigma (and output, x_t)."""

    def estimate(output, x_t, row, coeffs):
        (a, b), alpha, sigma = row, coeffs.alpha, coeffs.sigma
        d = det(a, b, alpha, sigma)
        return x0(a, b, alpha, sigma, output, x_t) / d, eps(a, b, alpha, sigma, output, x_t) / d

    return estimate


def _x0(a, b, alpha, sigma, output, x_t):
    return b * x_t - sigma * output


def _eps(a, b, alpha, sigma, output, x_t):
    return alpha * output - a * x_t


check = Exercise(
    solution,
    _cases,
    run=run,
    see="03_what_the_net_predicts: Two equations, two unknowns",
    mistakes={
        "a plus in the determinant": Mistake(
            _with(_x0, _eps, lambda a, b, alpha, sigma: alpha * b + sigma * a),
            "The determinant of the rows (alpha, sigma) and (a, b) is alpha b - sigma a.",
        ),
        "the determinant turned round": Mistake(
            _with(_x0, _eps, lambda a, b, alpha, sigma: sigma * a - alpha * b),
            "Exchanging the rows changes the sign. With x_t = alpha x + sigma eps first, it is alpha b - sigma a.",
        ),
        "not divided by the determinant": Mistake(
            _with(_x0, _eps, lambda a, b, alpha, sigma: 1.0),
            "This is right for v on a VP path, whose determinant is 1, and for nothing else.",
            "03_what_the_net_predicts: Where each determinant vanishes",
        ),
        "the two unknowns exchanged": Mistake(
            lambda output, x_t, row, coeffs: solution(output, x_t, row, coeffs)[::-1],
            "The first unknown is the data: replace the first column, (alpha, a), by (x_t, output).",
        ),
        "the row read backwards": Mistake(
            lambda output, x_t, row, coeffs: solution(output, x_t, row[::-1], coeffs),
            "The row is (a, b): a counts the data and b the noise.",
        ),
    },
)
