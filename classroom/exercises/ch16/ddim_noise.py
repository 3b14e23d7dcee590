r"""mend the step

Mend `step`. It gets the estimates $\hat x$ and $\hat\varepsilon$ at time $t$, fresh noise $z$, $\bar\alpha$ at the
time $t$ it leaves and at the time $s$ it goes to, and $\eta$. At $\eta = 1$ the variance of the fresh noise must be
that of the posterior.

Hint: The posterior's variance is $\tfrac{1 - \bar\alpha_s}{1 - \bar\alpha_t}\,\big(1 -
\tfrac{\bar\alpha_t}{\bar\alpha_s}\big)$. Take the clamp away and see what happens.
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.ch05.ddim_family import squared, std_of, unpaid
from classroom.exercises.repair import Repair


# --- stub
def step(x0, eps, z, bar_t, bar_s, eta):
    kept = (1 - bar_s - eta**2 * (1 - bar_t)).clamp(min=0).sqrt()
    return bar_s.sqrt() * x0 + kept * eps + eta * (1 - bar_t).sqrt() * z


# --- solution
# z brings eta^2 times the posterior's variance, and eps keeps the rest of 1 - bar_s. The rest cannot
# be negative, since 1 - bar_t / bar_s <= 1 - bar_t: no clamp is needed.
def solution(x0, eps, z, bar_t, bar_s, eta):
    var = eta**2 * (1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)
    return bar_s.sqrt() * x0 + (1 - bar_s - var).sqrt() * eps + var.sqrt() * z


# --- checker
def cases(g: torch.Generator) -> list[tuple]:
    """Random points, early and late steps, three eta."""
    points = torch.randn(3, 6, 2, generator=g, dtype=torch.float64)
    times = torch.tensor([[0.01, 0.05], [0.3, 0.5], [0.9, 0.99]], dtype=torch.float64)
    return [(tuple(points), bar_t, bar_s, eta) for bar_t, bar_s in times for eta in (0.0, 0.5, 1.0)]


def turned(step):
    """A step of chapter 05, where the noise comes last."""
    return lambda x0, eps, z, *rest: step(x0, eps, *rest, z)


def once(x0, eps, z, bar_t, bar_s, eta):
    """A lost square."""
    std = std_of(bar_t, bar_s, 1)
    return bar_s.sqrt() * x0 + (1 - bar_s - eta * std**2).sqrt() * eps + eta * std * z


check = Repair(
    solution,
    cases,
    broken=step,
    run=lambda step, points, bar_t, bar_s, eta: step(*points, bar_t, bar_s, eta),
    see="05_ddim_and_the_probability_flow: A family of steps",
    mistakes={
        "fresh noise on top": Mistake(
            turned(unpaid),
            "The fresh noise is right, and nothing was taken from eps for "
            "it: together they have more variance than the time s allows.",
        ),
        "eta without its square": Mistake(
            once,
            "Under the root stand variances, so eta must be squared there. At 0 and at 1 this "
            "form is right, which hides it. A public code has been asked about this very slip.",
        ),
        "a variance for a standard deviation": Mistake(
            turned(squared),
            "The noise is multiplied by the variance instead of its root. "
            "Since the variance is below 1, there is too little noise.",
        ),
    },
)
