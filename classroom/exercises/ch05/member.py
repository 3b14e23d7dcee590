"""The DDIM step: step(x0, eps, bar_t, bar_s, eta, z) -> x_s (B, 2). x0, eps, z: (B, 2); the alpha-bars: tensors without axes."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.chain import oracle
from lib.samplers import Step, sample
from lib.seeding import randn, seeded

FAMILY = "05_ddim_and_the_probability_flow: A family of steps"
SEE = "05_ddim_and_the_probability_flow: One member is DDPM"


def _std(bar_t: Tensor, bar_s: Tensor, eta: float) -> Tensor:
    return eta * ((1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)).sqrt()


def answer(x0: Tensor, eps: Tensor, bar_t: Tensor, bar_s: Tensor, eta: float, z: Tensor) -> Tensor:
    """Song et al. 2021 (DDIM), eq. 12 and 16."""
    std = _std(bar_t, bar_s, eta)
    return bar_s.sqrt() * x0 + (1 - bar_s - std**2).clamp(min=0).sqrt() * eps + std * z


def _home_made(x0, eps, bar_t, bar_s, eta, z):
    std = eta * (1 - bar_t).sqrt()
    return bar_s.sqrt() * x0 + (1 - bar_s - std**2).clamp(min=0).sqrt() * eps + std * z


def _unpaid(x0, eps, bar_t, bar_s, eta, z):
    return bar_s.sqrt() * x0 + (1 - bar_s).sqrt() * eps + _std(bar_t, bar_s, eta) * z


def _signal(x0, eps, bar_t, bar_s, eta, z):
    return answer(x0, eps, bar_t, bar_s, eta, z) + (bar_s - bar_s.sqrt()) * x0


def _squared(x0, eps, bar_t, bar_s, eta, z):
    std = _std(bar_t, bar_s, eta)
    return bar_s.sqrt() * x0 + (1 - bar_s - std**2).clamp(min=0).sqrt() * eps + std**2 * z


def run(step, calls: int, eta: float) -> Tensor:
    """20 samples of lib's walk with this step as its rule; a seed fixes the start and the noise of every step."""

    def rule(s: Step) -> Tensor:
        bars = (torch.tensor(c.alpha**2, dtype=torch.float64) for c in (s.c_t, s.c_s))
        return step(s.estimate.x0, s.estimate.eps, *bars, eta, s.noise())

    start = randn((20, 2), generator=seeded(4)).double()
    return sample(oracle(), start, calls, rule, generator=seeded(5))


check = Exercise(
    answer,
    lambda g: [(6, 0.0), (6, 0.5), (4, 1.0)],
    run=run,
    mistakes=[
        Mistake(
            "the noise level that is left",
            _home_made,
            "eta sigma_t is more noise than the new level has room for. The root turns negative, and a clamp hides it.",
            SEE,
        ),
        Mistake(
            "noise on top of a full step",
            _unpaid,
            "sigma_s eps is all the noise that x_s may have. What comes fresh must leave the old: sqrt(sigma_s^2 - std^2).",
            FAMILY,
        ),
        Mistake(
            "the variance for its root",
            _squared,
            "z is multiplied by the standard deviation. With its square the state is too tight after every step.",
            FAMILY,
        ),
        Mistake(
            "alpha-bar for its root",
            _signal,
            "alpha_s = sqrt(alpha-bar_s) multiplies the data.",
            FAMILY,
        ),
        Mistake(
            "the square of eta",
            lambda x0, eps, bar_t, bar_s, eta, z: answer(x0, eps, bar_t, bar_s, eta**2, z),
            "eta multiplies the standard deviation. The variance has eta squared, and z is not multiplied by a variance.",
            SEE,
        ),
        Mistake(
            "the signal that is left",
            lambda x0, eps, bar_t, bar_s, eta, z: (
                answer(x0, eps, bar_t, bar_s, eta, z) + (bar_t.sqrt() - bar_s.sqrt()) * x0
            ),
            "x_s is a state at s: its data has the factor alpha_s. With alpha_t the samples stay as small as the start's signal.",
            FAMILY,
        ),
        Mistake(
            "always DDIM",
            lambda x0, eps, bar_t, bar_s, eta, z: answer(x0, eps, bar_t, bar_s, 0.0, z),
            "Right at eta = 0, where no noise is added. Here eta is a knob.",
            SEE,
        ),
        Mistake(
            "always DDPM",
            lambda x0, eps, bar_t, bar_s, eta, z: answer(x0, eps, bar_t, bar_s, 1.0, z),
            "Right at eta = 1. At eta = 0 no fresh noise may come in.",
            SEE,
        ),
    ],
)
