"""Other units: best(mixture, x_t, alpha, sigma, b, c) -> E[b + c x | x_t], (B, D), for x_t = alpha (b + c x) + sigma eps.

mixture: that of x, a lib.GaussianMixture. b, c: floats. Only mixture.estimate(x_t, Coeffs(alpha, sigma)).x0 is needed.
"""

from classroom.exercises import Exercise, Mistake
from lib.data import two_moons_mixture
from lib.prediction import Coeffs
from lib.seeding import randn

SEE = "01_two_moons: Standardisation: forget it, and trace the bug"


def x0(mixture, x_t, alpha, sigma):
    """What the mixture of x says."""
    return mixture.estimate(x_t, Coeffs(alpha, sigma)).x0


check = Exercise(
    lambda mixture, x_t, alpha, sigma, b, c: b + c * x0(mixture, x_t - alpha * b, alpha * c, sigma),
    lambda g: [
        (alpha * (b + c * randn((6, 2), generator=g).double()), alpha, sigma, b, c)
        for alpha, sigma, b, c in ((0.6, 0.8, 1.5, 0.4), (0.8, 0.6, -1.0, 3.0))
    ],
    run=lambda best, x_t, alpha, sigma, b, c: best(two_moons_mixture(), x_t, alpha, sigma, b, c),
    mistakes=[
        Mistake("standardisation forgotten", lambda mixture, x_t, alpha, sigma, b, c: x0(mixture, x_t, alpha, sigma),
                "The model of x is asked about another quantity. It takes the shift for data and misjudges the noise.", SEE),
        Mistake("the noisy state standardised",
                lambda mixture, x_t, alpha, sigma, b, c: b + c * x0(mixture, (x_t - b) / c, alpha, sigma),
                "Data are standardised before they are noised. Afterwards the noise is divided by c too, and b had shrunk.", SEE),
        Mistake("a shift that did not shrink",
                lambda mixture, x_t, alpha, sigma, b, c: b + c * x0(mixture, x_t - b, alpha * c, sigma),
                "In x_t the shift stands as alpha b: take off that.", SEE),
        Mistake("not put back", lambda mixture, x_t, alpha, sigma, b, c: x0(mixture, x_t - alpha * b, alpha * c, sigma),
                "That is the mean of x. Asked for is the mean of b + c x.", SEE),
        Mistake("the scale upside down",
                lambda mixture, x_t, alpha, sigma, b, c: b + c * x0(mixture, x_t - alpha * b, alpha / c, sigma),
                "alpha (c x) is (alpha c) x: larger data raise the signal.", SEE),
    ],
)  # fmt: skip
