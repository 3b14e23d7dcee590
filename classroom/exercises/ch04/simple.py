"""The simplified loss by hand: loss(net, x_data, t, eps, alpha_bars) -> a number. x_data, eps: (B, D); t: (B,); alpha_bars: (T,).

net(x_t, t) -> (B, D) guesses the noise.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import linear_betas
from lib.seeding import randn

SEE = "04_ddpm: Every line and its equation"
ALPHA = "04_ddpm: Traps, by number"


def answer(net, x_data: Tensor, t: Tensor, eps: Tensor, alpha_bars: Tensor) -> Tensor:
    """Noise with (★), guess, compare; the mean over samples and coordinates."""
    return (net(_noisy(x_data, t, eps, alpha_bars), t) - eps).square().mean()


def _noisy(x_data, t, eps, alpha_bars):
    bar = alpha_bars[t, None]
    return bar.sqrt() * x_data + (1 - bar).sqrt() * eps


def _on(path):
    """The loss on other noisy states, path(x_data, eps, bar)."""

    def loss(net, x_data, t, eps, alpha_bars):
        return (net(path(x_data, eps, alpha_bars[t, None]), t) - eps).square().mean()

    return loss


def _clean_target(net, x_data, t, eps, alpha_bars):
    return (net(_noisy(x_data, t, eps, alpha_bars), t) - x_data).square().mean()


def net(x_t: Tensor, t: Tensor) -> Tensor:
    """No trained network, but it looks at both of its inputs and is not linear."""
    return torch.tanh(1.3 * x_t + 0.4) + 0.02 * t[:, None]


def _cases(g: torch.Generator) -> list[tuple]:
    times = torch.tensor([0, 4, 9, 15, 24, 30])
    bars = torch.cumprod(1 - linear_betas(31), 0)
    return [
        (net, randn((6, D), generator=g).double(), times, randn((6, D), generator=g).double(), bars) for D in (2, 5)
    ]


check = Exercise(
    answer,
    _cases,
    mistakes=[
        Mistake(
            "alpha-bar for its root",
            _on(lambda x, eps, bar: bar * x + (1 - bar).sqrt() * eps),
            "The signal is scaled by sqrt(alpha-bar). Without the root the net learns another path, and samples wrongly.",
            ALPHA,
        ),
        Mistake(
            "the variance for its root",
            _on(lambda x, eps, bar: bar.sqrt() * x + (1 - bar) * eps),
            "1 - alpha-bar is the variance of the noise; the noise is multiplied by its root. The loss would look healthy.",
            ALPHA,
        ),
        Mistake(
            "the net sees the clean sample",
            _on(lambda x, eps, bar: x),
            "The net is given x_t, data and noise mixed. From x_0 alone nothing can be learned about eps.",
            SEE,
        ),
        Mistake(
            "the clean sample as the target",
            _clean_target,
            "This net is asked for the noise. Its answer is compared with eps.",
            "04_ddpm: From the mean to the noise",
        ),
        Mistake(
            "the sum over coordinates",
            lambda net, x_data, t, eps, alpha_bars: x_data.shape[1] * answer(net, x_data, t, eps, alpha_bars),
            "The losses of this book are means over samples and coordinates. Yours is D times as large.",
            SEE,
        ),
        Mistake(
            "the sum over samples and coordinates",
            lambda net, x_data, t, eps, alpha_bars: x_data.numel() * answer(net, x_data, t, eps, alpha_bars),
            "The losses of this book are means over samples and coordinates. A sum grows with the batch, and the learning rate "
            "would have to follow.",
            SEE,
        ),
        Mistake(
            "the mean before the square",
            lambda net, x_data, t, eps, alpha_bars: (net(_noisy(x_data, t, eps, alpha_bars), t) - eps).mean().square(),
            "Errors of opposite signs cancel in the mean. Square each of them first.",
            SEE,
        ),
    ],
)
