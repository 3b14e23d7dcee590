"""A DDIM step with its noise: step(x0, eps, z, bar_t, bar_s, eta) -> x_s, with alpha-bar at the two times as 0-dim "
"tensors."""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair

SEE = "05_ddim_and_the_probability_flow: A family of steps"


def cases(g: torch.Generator) -> list[tuple]:
    """Random points, early and late steps, three eta."""
    points = torch.randn(3, 6, 2, generator=g, dtype=torch.float64)
    times = torch.tensor([[0.01, 0.05], [0.3, 0.5], [0.9, 0.99]], dtype=torch.float64)
    return [(tuple(points), bar_t, bar_s, eta) for bar_t, bar_s in times for eta in (0.0, 0.5, 1.0)]


def variance(bar_t, bar_s, eta):
    """Eq. 16 of Song et al. (2021), squared."""
    return eta**2 * (1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)


def step(x0, eps, z, bar_s, kept, std):
    """What all forms share: kept is the variance left for eps."""
    return bar_s.sqrt() * x0 + kept.clamp(min=0).sqrt() * eps + std * z


def answer(x0, eps, z, bar_t, bar_s, eta):
    """The noise z has the posterior's standard deviation times eta, and eps gives up exactly that variance."""
    var = variance(bar_t, bar_s, eta)
    return step(x0, eps, z, bar_s, 1 - bar_s - var, var.sqrt())


def found(x0, eps, z, bar_t, bar_s, eta):
    """The noise level of the time it leaves."""
    return step(x0, eps, z, bar_s, 1 - bar_s - eta**2 * (1 - bar_t), eta * (1 - bar_t).sqrt())


def on_top(x0, eps, z, bar_t, bar_s, eta):
    """Nothing is taken from eps."""
    return step(x0, eps, z, bar_s, 1 - bar_s, variance(bar_t, bar_s, eta).sqrt())


def once(x0, eps, z, bar_t, bar_s, eta):
    """A lost square."""
    return step(x0, eps, z, bar_s, 1 - bar_s - eta * variance(bar_t, bar_s, 1), variance(bar_t, bar_s, eta).sqrt())


def unrooted(x0, eps, z, bar_t, bar_s, eta):
    """A variance for a standard deviation."""
    var = variance(bar_t, bar_s, eta)
    return step(x0, eps, z, bar_s, 1 - bar_s - var, var)


check = Repair(
    answer,
    cases,
    broken=found,
    run=lambda step, points, bar_t, bar_s, eta: step(*points, bar_t, bar_s, eta),
    mistakes=[
        Mistake(
            "fresh noise on top",
            on_top,
            "The fresh noise is right, and nothing was taken from eps for it: together they have more variance than "
            "the time s allows.",
            SEE,
        ),
        Mistake(
            "eta without its square",
            once,
            "Under the root stand variances, so eta must be squared there. At 0 and at 1 this form is right, which "
            "hides it. A public "
            "code has been asked about this very slip.",
            SEE,
        ),
        Mistake(
            "a variance for a standard deviation",
            unrooted,
            "The noise is multiplied by the variance instead of its root. Since the variance is below 1, there is too "
            "little noise.",
            SEE,
        ),
    ],
)
