r"""the simplified loss, by heart

Write $L_{\text{simple}}$ for given times and noise, as the mean over samples and coordinates. `x_data` and `eps` have
the shape (B, D), `t` (B,), `alpha_bars` (T,), and `net(x_t, t)` guesses the noise. The checker brings a network of
its own; it has learned nothing, which does not matter for a loss.

Hint: Three lines: noise the data, ask the network, compare. Which two roots does (★) take?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.diffusion import linear_betas
from lib.seeding import randn


# --- stub
def simple_loss(net, x_data, t, eps, alpha_bars):
    """The mean square error of the guessed noise, a scalar tensor."""
    return ...


# --- solution
def solution(net, x_data, t, eps, alpha_bars):
    bar = alpha_bars[t, None]
    x_t = bar.sqrt() * x_data + (1 - bar).sqrt() * eps
    return (net(x_t, t) - eps).square().mean()


# --- checker
ALPHA = "04_ddpm: Traps"


def _noisy(x_data, t, eps, alpha_bars):
    bar = alpha_bars[t, None]
    return bar.sqrt() * x_data + (1 - bar).sqrt() * eps


def _on(path):
    """The loss on other noisy states, path(x_data, eps, bar)."""

    def loss(net, x_data, t, eps, alpha_bars):
        return (net(path(x_data, eps, alpha_bars[t, None]), t) - eps).square().mean()

    return loss


def _aimed(target):
    """The loss against another target, target(x_data, eps)."""

    def loss(net, x_data, t, eps, alpha_bars):
        return (net(_noisy(x_data, t, eps, alpha_bars), t) - target(x_data, eps)).square().mean()

    return loss


def _own_noise(net, x_data, t, eps, alpha_bars):
    return solution(net, x_data, t, torch.randn_like(x_data), alpha_bars)


def net(x_t: Tensor, t: Tensor) -> Tensor:
    """No trained network, but it looks at both of its inputs and is not linear."""
    return torch.tanh(1.3 * x_t + 0.4) + 0.02 * t[:, None]


def _cases(g: torch.Generator) -> list[tuple]:
    times = torch.tensor([0, 4, 9, 15, 24, 30])
    bars = torch.cumprod(1 - linear_betas(31), 0)
    return [(net, randn((6, D), generator=g), times, randn((6, D), generator=g), bars) for D in (2, 5)]


check = Exercise(
    solution,
    _cases,
    see="04_ddpm: Second reading: Every line and its equation",
    mistakes={
        "alpha-bar for its root": Mistake(
            _on(lambda x, eps, bar: bar * x + (1 - bar).sqrt() * eps),
            "The signal is scaled by sqrt(alpha-bar). Without the root the net learns another path, and samples wrongly.",
            ALPHA,
        ),
        "the variance for its root": Mistake(
            _on(lambda x, eps, bar: bar.sqrt() * x + (1 - bar) * eps),
            "1 - alpha-bar is the variance of the noise; the noise is multiplied by its root. The loss would look healthy.",
            ALPHA,
        ),
        "the net sees the clean sample": Mistake(
            _on(lambda x, eps, bar: x),
            "The net is given x_t, data and noise mixed. From x alone nothing can be learned about eps.",
        ),
        "the clean sample as the target": Mistake(
            _aimed(lambda x_data, eps: x_data),
            "This net is asked for the noise. Its answer is compared with eps.",
            "04_ddpm: From the mean to the noise",
        ),
        "the sum over coordinates": Mistake(
            lambda net, x_data, t, eps, alpha_bars: x_data.shape[1] * solution(net, x_data, t, eps, alpha_bars),
            "The losses of this book are means over samples and coordinates. Yours is D times as large.",
        ),
        "the sum over samples and coordinates": Mistake(
            lambda net, x_data, t, eps, alpha_bars: x_data.numel() * solution(net, x_data, t, eps, alpha_bars),
            "The losses of this book are means over samples and coordinates. A sum "
            "grows with the batch, and the learning rate would have to follow.",
        ),
        "the mean before the square": Mistake(
            lambda net, x_data, t, eps, alpha_bars: (net(_noisy(x_data, t, eps, alpha_bars), t) - eps).mean().square(),
            "Errors of opposite signs cancel in the mean. Square each of them first.",
        ),
        "the time divided by T": Mistake(
            lambda net, x_data, t, eps, alpha_bars: solution(
                lambda x_t, t: net(x_t, t / len(alpha_bars)), x_data, t, eps, alpha_bars
            ),
            "This net's clock counts 0 ... T - 1. On t / T its embedding hardly moves, and a sampler that "
            "hands it t asks far outside of what it has seen.",
            "08_time_scale: Three bugs that do damage",
        ),
        "alpha-bar a step early": Mistake(
            lambda net, x_data, t, eps, alpha_bars: solution(
                lambda x_t, s: net(x_t, t), x_data, t - 1, eps, alpha_bars
            ),
            "Here t counts from 0, so alpha_bars[t] is its own. The index t - 1 belongs to codes that count from 1; "
            "at t = 0 it takes the last entry, pure noise, in the place of the first.",
        ),
        "signal and noise exchanged": Mistake(
            _on(lambda x, eps, bar: (1 - bar).sqrt() * x + bar.sqrt() * eps),
            "alpha-bar is what is left of the data: its root multiplies x_data. This path runs from noise to data.",
        ),
        "fresh noise as the target": Mistake(
            _aimed(lambda x_data, eps: torch.randn_like(eps)),
            "The net is asked for the noise that is in x_t. Of other noise it can know nothing: it learns to answer 0, "
            "at a loss of 1.",
            "04_ddpm: From the mean to the noise",
        ),
        "noise of your own": Mistake(
            _own_noise,
            "The loss of a training loop is right like this. Here eps is an argument: with it the loss can be compared.",
        ),
    },
)
