r"""what a step loses

A step that replaces the clean sample by its mean is too tight. Write the variance that $x_s$ lacks, given $x_t$, on
one axis. All arguments are floats, with $\alpha^2 + \sigma^2 = 1$ at both times; `variance` is
$\operatorname{Var}[x \mid x_t]$.

Hint: First $\rho$, then the share $c$ of the old noise that is kept at this $\eta$.
"""

import math

from classroom.exercises import Exercise, Mistake


# --- stub
def lost(alpha_t, sigma_t, alpha_s, sigma_s, eta, variance):
    """The missing variance, a number."""
    return ...


# --- solution
def solution(alpha_t, sigma_t, alpha_s, sigma_s, eta, variance):
    rho = (alpha_t / sigma_t) / (alpha_s / sigma_s)
    c = math.sqrt(1 - eta**2 * (1 - rho**2))
    # x enters x_s directly, with alpha_s, and through the old noise, with -c rho alpha_s.
    return (alpha_s * (1 - c * rho)) ** 2 * variance


# --- checker
RHO = "05_ddim_and_the_probability_flow: One member is DDPM"


def _lost(alpha_t, sigma_t, alpha_s, sigma_s, eta, variance, power=1, square=2):
    """With the power of rho and that of the bracket to choose."""
    rho = (alpha_t * sigma_s / (alpha_s * sigma_t)) ** power
    c = math.sqrt(max(1 - eta**2 * (1 - rho**2), 0))
    return alpha_s**2 * (1 - c * rho) ** square * variance


check = Exercise(
    solution,
    lambda g: [(0.6, 0.8, 0.8, 0.6, eta, 0.3) for eta in (0.0, 0.5, 1.0)] + [(0.28, 0.96, 0.6, 0.8, 0.7, 0.5)],
    see="05_ddim_and_the_probability_flow: What a finite step loses",
    mistakes={
        "the missing square": Mistake(
            lambda *case: _lost(*case, square=1),
            "The factor of the clean sample in x_s is alpha_s (1 - c rho). A variance takes its square.",
        ),
        "the knob not turned": Mistake(
            lambda a_t, s_t, a_s, s_s, eta, variance: _lost(a_t, s_t, a_s, s_s, 0.0, variance),
            "1 - rho is right without noise, c = 1. With noise the step keeps less of what it knows: c depends on eta.",
            RHO,
        ),
        "the ratio of SNRs": Mistake(
            lambda *case: _lost(*case, power=2),
            "rho is a correlation: the root of the ratio of the two SNRs, (alpha_t / sigma_t) / (alpha_s / sigma_s).",
            RHO,
        ),
        "c alone": Mistake(
            lambda a_t, s_t, a_s, s_s, eta, variance: (
                a_s**2 * (1 - math.sqrt(1 - eta**2 * (1 - (a_t * s_s / (a_s * s_t)) ** 2))) ** 2 * variance
            ),
            "At eta = 0 nothing would be lost. But a long deterministic "
            "step is off too: the old noise contains the unknown x.",
        ),
        "the signal scale forgotten": Mistake(
            lambda a_t, s_t, a_s, s_s, eta, variance: _lost(a_t, s_t, a_s, s_s, eta, variance) / a_s**2,
            "In x_s the clean sample is scaled by alpha_s, and so is what is not known of it.",
        ),
    },
)
