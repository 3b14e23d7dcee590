"""The best denoiser of a mixture on a line: denoise(x_t, alpha, sigma, w, m, s2) -> E[x | x_t], (B,).

x_t: (B,). alpha, sigma: floats. w, m, s2: (M,), weights, means and variances of the components.
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

ALL = "01_two_moons: All components: responsibilities"
ONE = "01_two_moons: One component: conditioning a Gaussian"


def denoise(x_t, alpha, sigma, w, m, s2, *, width=1, shrink=True, learn=1, seen=1, prior=True):
    """The denoiser, with its parts as knobs."""
    tau = alpha**2 * s2 + sigma**2
    d = x_t[:, None] - (alpha if shrink else 1) * m
    logits = prior * w.log() - 0.5 * (seen * d**2 / tau + width * tau.log())
    return (logits.softmax(1) * (m + learn * alpha * s2 / tau * d)).sum(1)


def _like(**knobs):
    return lambda *arguments: denoise(*arguments, **knobs)


def _cases(g):
    w, m = torch.tensor([0.6, 0.3, 0.1]).double(), torch.tensor([-1.5, 0.5, 2.0]).double()
    s2 = torch.tensor([0.04, 0.5, 1.5]).double()
    return [(2 * randn((9,), generator=g).double(), a, s, w, m, s2) for a, s in ((0.8, 0.6), (0.5, 0.9))]


check = Exercise(
    lambda *arguments: denoise(*arguments),
    _cases,
    run=lambda f, x_t, alpha, sigma, w, m, s2: f(x_t, alpha, sigma, w, m, s2),
    mistakes=[
        Mistake("the weights of the data", _like(seen=0, width=0),
                "Having seen x_t, a component that lies near it is more probable than its weight w: use Bayes' rule.", ALL),
        Mistake("the weights forgotten", _like(prior=False),
                "Bayes' rule multiplies each density by the weight of its component.", ALL),
        Mistake("densities without their height", _like(width=0),
                "A wide Gaussian is lower: its density is divided by the root of tau. The components differ in width here.", ALL),
        Mistake("the centres as the answer", _like(learn=0),
                "Within a component x_t still tells something: the answer moves by alpha s^2 / tau times the surprise.", ONE),
        Mistake("centres that did not shrink", _like(shrink=False),
                "The noisy component lies at alpha m_k, not at m_k.", ONE),
    ],
)  # fmt: skip
