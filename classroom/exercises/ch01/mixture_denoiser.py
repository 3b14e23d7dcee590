r"""the best denoiser

Write, from memory, $\mathbb E[x \mid x_t]$ for a mixture on a line. `x_t` is $(B,)$; `alpha` and `sigma` are floats; `w`, `m` and
`s2`, the weights, means and variances of the components, are $(M,)$. Return $(B,)$. The components of the checker
differ in weight and in width, so every part of the formula counts.

Hint: First the table of logits, $(B, M)$. Which factors of the normal density depend on $k$?
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def denoise(x_t, alpha, sigma, w, m, s2):
    """Noisy points (B,) -> the means of the data given them (B,)."""
    return ...


# --- solution
# Responsibilities by Bayes' rule, then the average of the components' answers.
def solution(x_t, alpha, sigma, w, m, s2):
    tau = alpha**2 * s2 + sigma**2
    d = x_t[:, None] - alpha * m  # (B, M)
    r = (w.log() - 0.5 * (d**2 / tau + tau.log())).softmax(1)
    return (r * (m + alpha * s2 / tau * d)).sum(1)


# --- checker
ONE = "01_two_moons: One component: conditioning a Gaussian"


def _denoise(x_t, alpha, sigma, w, m, s2, *, width=1, shrink=True, learn=1, seen=1, prior=True):
    """The denoiser, with its parts as knobs."""
    tau = alpha**2 * s2 + sigma**2
    d = x_t[:, None] - (alpha if shrink else 1) * m
    logits = prior * w.log() - 0.5 * (seen * d**2 / tau + width * tau.log())
    return (logits.softmax(1) * (m + learn * alpha * s2 / tau * d)).sum(1)


def _like(**knobs):
    return lambda *arguments: _denoise(*arguments, **knobs)


def _cases(g):
    w, m = torch.tensor([0.6, 0.3, 0.1]).double(), torch.tensor([-1.5, 0.5, 2.0]).double()
    s2 = torch.tensor([0.04, 0.5, 1.5]).double()
    return [(2 * randn((9,), generator=g).double(), a, s, w, m, s2) for a, s in ((0.8, 0.6), (0.5, 0.9))]


check = Exercise(
    solution,
    _cases,
    run=lambda f, x_t, alpha, sigma, w, m, s2: f(x_t, alpha, sigma, w, m, s2),
    see="01_two_moons: All components: responsibilities",
    mistakes={
        "the weights of the data": Mistake(
            _like(seen=0, width=0),
            "Having seen x_t, a component that lies near it is more probable than its weight w: use Bayes' rule.",
        ),
        "the weights forgotten": Mistake(
            _like(prior=False), "Bayes' rule multiplies each density by the weight of its component."
        ),
        "densities without their height": Mistake(
            _like(width=0),
            "A wide Gaussian is lower: its density is divided by the root of tau. The components differ in width here.",
        ),
        "the centres as the answer": Mistake(
            _like(learn=0),
            "Within a component x_t still tells something: the answer moves by alpha s^2 / tau times the surprise.",
            ONE,
        ),
        "centres that did not shrink": Mistake(
            _like(shrink=False), "The noisy component lies at alpha m_k, not at m_k.", ONE
        ),
    },
)
