"""The posterior mean from the noise: mean(x_t, eps, t, betas) -> (B, D). x_t, eps: (B, D); t: (B,) in 0 ... T-1; betas: (T,)."""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import linear_betas
from lib.seeding import randn

SEE = "04_ddpm: From the mean to the noise"
LETTERS = "04_ddpm: Two chains"


def _parts(t: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
    """beta and alpha-bar at t, as columns."""
    return betas[t, None], torch.cumprod(1 - betas, 0)[t, None]


def answer(x_t: Tensor, eps: Tensor, t: Tensor, betas: Tensor) -> Tensor:
    """Eq. 11 of Ho et al. 2020."""
    beta, bar = _parts(t, betas)
    return (x_t - beta / (1 - bar).sqrt() * eps) / (1 - beta).sqrt()


def _sigma_squared(x_t, eps, t, betas):
    beta, bar = _parts(t, betas)
    return (x_t - beta / (1 - bar) * eps) / (1 - beta).sqrt()


def _alpha_bar(x_t, eps, t, betas):
    beta, bar = _parts(t, betas)
    return (x_t - beta / (1 - bar).sqrt() * eps) / bar.sqrt()


def _clean(x_t, eps, t, betas):
    _, bar = _parts(t, betas)
    return (x_t - (1 - bar).sqrt() * eps) / bar.sqrt()


def _last_step(x_t, eps, t, betas):
    beta, _ = _parts(t, betas)
    return (x_t - beta.sqrt() * eps) / (1 - beta).sqrt()


def _cases(g: torch.Generator) -> list[tuple]:
    """Few steps, so that each beta is large and every mistake shows."""
    noise = [randn((6, 2), generator=g).double() for _ in range(4)]
    times = torch.tensor([0, 3, 11, 19, 24, 24])
    return [(noise[0], noise[1], times, linear_betas(25)), (noise[2], noise[3], times.flip(0), linear_betas(40))]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "sigma squared for sigma",
            _sigma_squared,
            "The noise is taken away with beta / sigma, sigma = sqrt(1 - alpha-bar). Yours divides by the variance.",
            SEE,
        ),
        Mistake(
            "alpha-bar for 1 - beta",
            _alpha_bar,
            "One step shrinks by sqrt(1 - beta). sqrt(alpha-bar) undoes the shrinking of all steps at once, and explodes.",
            LETTERS,
        ),
        Mistake(
            "the clean estimate",
            _clean,
            "That is x_0: all the way to the data in one go. The mean of x_(t-1) goes a single step.",
            SEE,
        ),
        Mistake(
            "the noise of one step only",
            _last_step,
            "eps is the noise of all steps so far. The step to be undone has only the share beta / sigma of it, not sqrt(beta).",
            SEE,
        ),
        Mistake(
            "the other sign",
            lambda x_t, eps, t, betas: answer(x_t, -eps, t, betas),
            "eps points away from the data. A step towards the data takes it away.",
            SEE,
        ),
        Mistake(
            "not stretched",
            lambda x_t, eps, t, betas: answer(x_t, eps, t, betas) * (1 - betas[t, None]).sqrt(),
            "The noising step has multiplied by sqrt(1 - beta). Undo it: divide.",
            SEE,
        ),
    ],
)
