"""One solver for every target: estimate(output, x_t, row, coeffs) -> (x0, eps), each (B, d).

row: (a, b), target = a x + b eps. coeffs: alpha and sigma of x_t. Whatever the target, two equations and two unknowns.
"""

from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.flow_matching import CosinePath, LinearPath
from lib.prediction import Coeffs, target_row
from lib.seeding import rand, randn

SEE = "03_what_the_net_predicts: Two equations, two unknowns"


def answer(output: Tensor, x_t: Tensor, row: tuple, coeffs: Coeffs) -> tuple[Tensor, Tensor]:
    """Cramer's rule."""
    (a, b), alpha, sigma = row, coeffs.alpha, coeffs.sigma
    det = alpha * b - sigma * a
    return (b * x_t - sigma * output) / det, (alpha * output - a * x_t) / det


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
    answer,
    _cases,
    run=run,
    mistakes=[
        Mistake(
            "a plus in the determinant",
            _with(_x0, _eps, lambda a, b, alpha, sigma: alpha * b + sigma * a),
            "The determinant of the rows (alpha, sigma) and (a, b) is alpha b - sigma a.",
            SEE,
        ),
        Mistake(
            "the determinant turned round",
            _with(_x0, _eps, lambda a, b, alpha, sigma: sigma * a - alpha * b),
            "Exchanging the rows changes the sign. With x_t = alpha x + sigma eps first, it is alpha b - sigma a.",
            SEE,
        ),
        Mistake(
            "not divided by the determinant",
            _with(_x0, _eps, lambda a, b, alpha, sigma: 1.0),
            "This is right for v on a VP path, whose determinant is 1, and for nothing else.",
            "03_what_the_net_predicts: Where each determinant vanishes",
        ),
        Mistake(
            "the two unknowns exchanged",
            lambda output, x_t, row, coeffs: answer(output, x_t, row, coeffs)[::-1],
            "The first unknown is the data: replace the first column, (alpha, a), by (x_t, output).",
            SEE,
        ),
        Mistake(
            "the row read backwards",
            lambda output, x_t, row, coeffs: answer(output, x_t, row[::-1], coeffs),
            "The row is (a, b): a counts the data and b the noise.",
            SEE,
        ),
    ],
)
