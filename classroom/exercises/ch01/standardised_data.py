r"""the forgotten standardisation, repaired

You own an exact model of standardised data $x$: a `GaussianMixture`, whose
`mixture.estimate(x_t, Coeffs(alpha, sigma)).x0` is $\mathbb E[x \mid x_t]$ at a noise level. Somebody noised the data
in other units, $x_t = \alpha\,(b + c\,x) + \sigma\,\varepsilon$. Use the model to write
$\mathbb E[b + c\,x \mid x_t]$. `x_t` is $(B, 2)$; all other arguments are floats.

Hint: Bring $x_t$ into the form (a number times $x$) plus (a number times $\varepsilon$). Which noise level is that?
"""

from classroom.exercises import Exercise, Mistake
from lib.data import two_moons_mixture
from lib.prediction import Coeffs
from lib.seeding import randn


# --- stub
def best(mixture, x_t, alpha, sigma, b, c):
    """The mean of b + c x given x_t (B, 2), from the mixture of x."""
    return ...


# --- solution
# x_t - alpha b = (alpha c) x + sigma eps: a known shift, and another noise level.
# So forgetting c is a shift of the log-SNR by 2 log c, and forgetting b a shift of the state.
def solution(mixture, x_t, alpha, sigma, b, c):
    level = Coeffs(alpha * c, sigma)
    return b + c * mixture.estimate(x_t - alpha * b, level).x0


# --- checker
def x0(mixture, x_t, alpha, sigma):
    """What the mixture of x says."""
    return mixture.estimate(x_t, Coeffs(alpha, sigma)).x0


check = Exercise(
    solution,
    lambda g: [
        (alpha * (b + c * randn((6, 2), generator=g).double()), alpha, sigma, b, c)
        for alpha, sigma, b, c in ((0.6, 0.8, 1.5, 0.4), (0.8, 0.6, -1.0, 3.0))
    ],
    run=lambda best, x_t, alpha, sigma, b, c: best(two_moons_mixture(), x_t, alpha, sigma, b, c),
    see="01_two_moons: Standardise the data",
    mistakes={
        "standardisation forgotten": Mistake(
            lambda mixture, x_t, alpha, sigma, b, c: x0(mixture, x_t, alpha, sigma),
            "The model of x is asked about another quantity. It takes the shift for data and misjudges the noise.",
        ),
        "the noisy state standardised": Mistake(
            lambda mixture, x_t, alpha, sigma, b, c: b + c * x0(mixture, (x_t - b) / c, alpha, sigma),
            "Data are standardised before they are noised. Afterwards the noise is divided by c too, and b had shrunk.",
        ),
        "a shift that did not shrink": Mistake(
            lambda mixture, x_t, alpha, sigma, b, c: b + c * x0(mixture, x_t - b, alpha * c, sigma),
            "In x_t the shift stands as alpha b: take off that.",
        ),
        "not put back": Mistake(
            lambda mixture, x_t, alpha, sigma, b, c: x0(mixture, x_t - alpha * b, alpha * c, sigma),
            "That is the mean of x. Asked for is the mean of b + c x.",
        ),
        "the scale upside down": Mistake(
            lambda mixture, x_t, alpha, sigma, b, c: b + c * x0(mixture, x_t - alpha * b, alpha / c, sigma),
            "alpha (c x) is (alpha c) x: larger data raise the signal.",
        ),
    },
)
