r"""every member of the family

Write, from memory, the DDIM step with its knob $\eta$. `x0`, `eps` and the fresh noise `z` have the shape (B, 2); `bar_t` and
`bar_s` are $\bar\alpha_t$ and $\bar\alpha_s$, tensors without axes, and `bar_s` is 1 in the last step. The checker
makes it a step rule of `lib.sample` and walks the oracle with $\eta = 0$, <!--given-->0.5<!--/given--> and 1.

Hint: The variance of the fresh noise is taken away from that of the old one, so that both together are
$\sigma_s^2 = 1 - \bar\alpha_s$.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.chain import oracle
from lib.samplers import Step, sample
from lib.seeding import randn, seeded


# --- stub
def ddim_step(x0, eps, bar_t, bar_s, eta, z):
    """x_s, shape (B, 2)."""
    return ...


# --- solution
def solution(x0, eps, bar_t, bar_s, eta, z):
    std = eta * ((1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)).sqrt()
    return bar_s.sqrt() * x0 + (1 - bar_s - std**2).sqrt() * eps + std * z


# --- checker
FAMILY = "05_ddim_and_the_probability_flow: A family of steps"


def std_of(bar_t: Tensor, bar_s: Tensor, eta: float) -> Tensor:
    """Song et al. (2021), eq. 16."""
    return eta * ((1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)).sqrt()


def _home_made(x0, eps, bar_t, bar_s, eta, z):
    std = eta * (1 - bar_t).sqrt()
    return bar_s.sqrt() * x0 + (1 - bar_s - std**2).clamp(min=0).sqrt() * eps + std * z


def unpaid(x0, eps, bar_t, bar_s, eta, z):
    """Nothing is taken from eps."""
    return bar_s.sqrt() * x0 + (1 - bar_s).sqrt() * eps + std_of(bar_t, bar_s, eta) * z


def _signal(x0, eps, bar_t, bar_s, eta, z):
    return solution(x0, eps, bar_t, bar_s, eta, z) + (bar_s - bar_s.sqrt()) * x0


def squared(x0, eps, bar_t, bar_s, eta, z):
    """A variance for a standard deviation."""
    std = std_of(bar_t, bar_s, eta)
    return bar_s.sqrt() * x0 + (1 - bar_s - std**2).clamp(min=0).sqrt() * eps + std**2 * z


def _clipped(x0, eps, bar_t, bar_s, eta, z):
    return solution(x0.clamp(-1, 1), eps, bar_t, bar_s, eta, z)


def _kept(rest):
    """The step with another root in front of eps: rest(bar_t, bar_s, std) under it, not below 0."""

    def step(x0, eps, bar_t, bar_s, eta, z):
        std = std_of(bar_t, bar_s, eta)
        return bar_s.sqrt() * x0 + rest(bar_t, bar_s, std).clamp(min=0).sqrt() * eps + std * z

    return step


def _larger(x0, eps, bar_t, bar_s, eta, z):
    std = eta * (1 - bar_t / bar_s).sqrt()
    return bar_s.sqrt() * x0 + (1 - bar_s - std**2).clamp(min=0).sqrt() * eps + std * z


def run(step, calls: int, eta: float) -> Tensor:
    """20 samples of lib's walk with this step as its rule; a seed fixes the start and the noise of every step."""

    def rule(s: Step) -> Tensor:
        bars = (torch.tensor(c.alpha**2, dtype=torch.float64) for c in (s.c_t, s.c_s))
        return step(s.estimate.x0, s.estimate.eps, *bars, eta, s.noise())

    start = randn((20, 2), generator=seeded(4)).double()
    return sample(oracle(), start, calls, rule, generator=seeded(5))


check = Exercise(
    solution,
    lambda g: [(6, 0.0), (6, 0.5), (4, 1.0)],
    run=run,
    see="05_ddim_and_the_probability_flow: One member is DDPM",
    mistakes={
        "the noise level that is left": Mistake(
            _home_made,
            "eta sigma_t is more noise than the new level has room for. The root turns negative, and a clamp hides it.",
        ),
        "noise on top of a full step": Mistake(
            unpaid,
            "sigma_s eps is all the noise that x_s may have. What comes fresh must leave the old: sqrt(sigma_s^2 - std^2).",
            FAMILY,
        ),
        "the variance for its root": Mistake(
            squared,
            "z is multiplied by the standard deviation. With its square the state is too tight after every step.",
            FAMILY,
        ),
        "alpha-bar for its root": Mistake(
            _signal,
            "alpha_s = sqrt(alpha-bar_s) multiplies the data.",
            FAMILY,
        ),
        "the square of eta": Mistake(
            lambda x0, eps, bar_t, bar_s, eta, z: solution(x0, eps, bar_t, bar_s, eta**2, z),
            "eta multiplies the standard deviation. The variance has eta squared, and z is not multiplied by a variance.",
        ),
        "the signal that is left": Mistake(
            lambda x0, eps, bar_t, bar_s, eta, z: (
                solution(x0, eps, bar_t, bar_s, eta, z) + (bar_t.sqrt() - bar_s.sqrt()) * x0
            ),
            "x_s is a state at s: its data has the factor alpha_s. With "
            "alpha_t the samples stay as small as the start's signal.",
            FAMILY,
        ),
        "always DDIM": Mistake(
            lambda x0, eps, bar_t, bar_s, eta, z: solution(x0, eps, bar_t, bar_s, 0.0, z),
            "Right at eta = 0, where no noise is added. Here eta is a knob.",
        ),
        "always DDPM": Mistake(
            lambda x0, eps, bar_t, bar_s, eta, z: solution(x0, eps, bar_t, bar_s, 1.0, z),
            "Right at eta = 1. At eta = 0 no fresh noise may come in.",
        ),
        "x0 clipped, eps as it was": Mistake(
            _clipped,
            "alpha x0 + sigma eps must give x_t. Whoever moves x0 computes eps anew, (x_t - alpha x0) / sigma; "
            "with the old one the step leaves the path. Nor do moons end at 1: these reach 2.",
            FAMILY,
        ),
        "a deviation among variances": Mistake(
            _kept(lambda bar_t, bar_s, std: 1 - bar_s - std),
            "Under the root stand variances: std must be squared there.",
            FAMILY,
        ),
        "more noise, not less": Mistake(
            _kept(lambda bar_t, bar_s, std: 1 - bar_s + std**2),
            "The fresh noise is paid for by the old: its variance is subtracted.",
            FAMILY,
        ),
        "the direction at the time it leaves": Mistake(
            _kept(lambda bar_t, bar_s, std: 1 - bar_t - std**2),
            "x_s has the noise of s. With 1 - alpha-bar_t under the root the noise of t stays, to the last step.",
            FAMILY,
        ),
        "beta for beta-tilde": Mistake(
            _larger,
            "sqrt(1 - bar_t / bar_s) is the deviation of the noising step. It exceeds what there is at the new "
            "level, and in the last step it leaves noise on clean data.",
        ),
    },
)
