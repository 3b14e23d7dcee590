r"""the mean of a step, from the noise

Write the mean of $q(x_{t-1} \mid x_t, x)$ in terms of $x_t$ and its noise. `x_t` and `eps` have the shape (B, D);
`t` holds one time per sample, shape (B,), on the code's clock $0, \dots, T-1$; `betas` has the shape (T,). A sampler
calls this line with the network's guess for `eps`.

Hint: A row of `x_t` needs *its* $\beta_t$ and $\bar\alpha_t$, as columns of the shape (B, 1).
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import linear_betas
from lib.seeding import randn


# --- stub
def mean_from_noise(x_t, eps, t, betas):
    """The posterior mean, shape (B, D)."""
    return ...


# --- solution
def solution(x_t, eps, t, betas):
    beta = betas[t, None]  # of this one step
    bar = torch.cumprod(1 - betas, 0)[t, None]  # of all steps so far
    return (x_t - beta / (1 - bar).sqrt() * eps) / (1 - beta).sqrt()


# --- checker
LETTERS = "04_ddpm: Two chains"


def _parts(t: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
    """beta and alpha-bar at t, as columns."""
    return betas[t, None], torch.cumprod(1 - betas, 0)[t, None]


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
    solution,
    _cases,
    see="04_ddpm: From the mean to the noise",
    mistakes={
        "sigma squared for sigma": Mistake(
            _sigma_squared,
            "The noise is taken away with beta / sigma, sigma = sqrt(1 - alpha-bar). Yours divides by the variance.",
        ),
        "alpha-bar for 1 - beta": Mistake(
            _alpha_bar,
            "One step shrinks by sqrt(1 - beta). sqrt(alpha-bar) undoes the shrinking of all steps at once, and explodes.",
            LETTERS,
        ),
        "the clean estimate": Mistake(
            _clean,
            "That is the clean estimate: all the way to the data in one go. The mean of x_(t-1) goes a single step.",
        ),
        "the noise of one step only": Mistake(
            _last_step,
            "eps is the noise of all steps so far. The step to be undone "
            "has only the share beta / sigma of it, not sqrt(beta).",
        ),
        "the other sign": Mistake(
            lambda x_t, eps, t, betas: solution(x_t, -eps, t, betas),
            "eps points away from the data. A step towards the data takes it away.",
        ),
        "not stretched": Mistake(
            lambda x_t, eps, t, betas: solution(x_t, eps, t, betas) * (1 - betas[t, None]).sqrt(),
            "The noising step has multiplied by sqrt(1 - beta). Undo it: divide.",
        ),
    },
)
