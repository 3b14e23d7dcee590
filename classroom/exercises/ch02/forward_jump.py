"""the jump to any noise level

Write Eq. (★) for a batch in which every sample has its own time. `t` holds integers from 0 to $T-1$, as in the code
of this book: `t = 0` is the state after the first step. `x` may be points of shape $(B, 2)$ or images of shape
$(B, C, H, W)$.

Hint: One product over the steps. Then make the $(B,)$ numbers broadcast over whatever shape follows.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import cosine_betas, linear_betas
from lib.seeding import randn


# --- stub
def jump(x, eps, t, betas):
    """x, eps: (B, ...). t: (B,). betas: (T,). The noisy states, like x."""
    return ...


# --- solution
def solution(x, eps, t, betas):
    alpha_bar = torch.cumprod(1 - betas, 0)[t].to(x)
    alpha_bar = alpha_bar.reshape(-1, *[1] * (x.ndim - 1))  # (B, 1, ...): one number a sample
    return alpha_bar.sqrt() * x + (1 - alpha_bar).sqrt() * eps


# --- checker
def mix(x: Tensor, eps: Tensor, alpha_bar: Tensor, signal: float = 0.5, noise: float = 0.5) -> Tensor:
    """The two parts with powers of alpha-bar and of the rest."""
    alpha_bar = alpha_bar.reshape(-1, *[1] * (x.ndim - 1)).to(x)
    return alpha_bar**signal * x + (1 - alpha_bar) ** noise * eps


def _cases(g: torch.Generator) -> list[tuple]:
    shapes = ((6, 2), (4, 1, 3, 3))
    return [
        (randn(shape, generator=g), randn(shape, generator=g), torch.randint(5, 90, shape[:1], generator=g), betas)
        for shape, betas in zip(shapes, (linear_betas(100), cosine_betas(100)))
    ]


check = Exercise(
    solution,
    _cases,
    see="02_noise_schedules: Eq. (★): the closed-form marginal",
    mistakes={
        "alpha-bar without its root": Mistake(
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t], signal=1),
            "alpha-bar is a variance. The data is multiplied by its root.",
        ),
        "the noise's variance without its root": Mistake(
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t], noise=1),
            "1 - alpha-bar is the variance of the noise; it is multiplied by the standard deviation.",
        ),
        "alpha for alpha-bar": Mistake(
            lambda x, eps, t, betas: mix(x, eps, (1 - betas)[t]),
            "1 - beta_t is the factor of one step. The state at t has passed all steps up to t: take the product.",
        ),
        "signal and noise exchanged": Mistake(
            lambda x, eps, t, betas: mix(eps, x, torch.cumprod(1 - betas, 0)[t]),
            "The root of alpha-bar, near 1 at the first steps, belongs to the data: a few steps hardly change it.",
        ),
        "one time for all samples": Mistake(
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t[:1]]),
            "The first sample is right. The others have times of their own: index alpha-bar with the whole of t.",
        ),
        "one step too few": Mistake(
            lambda x, eps, t, betas: mix(x, eps, torch.cumprod(1 - betas, 0)[t - 1]),
            "In the code t = 0 is the state after the first step, so the entry of t is number t. Clean data is at -1.",
            "02_noise_schedules: A thousand small steps",
        ),
        "the sum of the betas": Mistake(
            lambda x, eps, t, betas: mix(x, eps, (1 - torch.cumsum(betas, 0)[t]).clamp(0, 1)),
            "Each step shrinks what the steps before have left: factors are multiplied, not added.",
        ),
    },
)
