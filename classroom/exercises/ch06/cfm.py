"""The loss of conditional flow matching on the straight path: cfm(net, x_data, eps, t) -> a scalar.

net: (x_t (B, d), t (B,)) -> (B, d). x_data, eps: (B, d). t: (B,), 0 noise and 1 data. The mean over samples and coordinates.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

METHOD = "06_flow_matching: The whole method"
PATH = "06_flow_matching: Path and velocity"


def net(x: Tensor, t: Tensor) -> Tensor:
    """Any function of both."""
    return (2 * x).sin() + x * t[:, None] + t[:, None].exp()


def compared(net: Callable, x_data: Tensor, eps: Tensor, t: Tensor, seen: Tensor, target: Tensor) -> Tensor:
    """The square errors of what the net says of `seen`, (B, d)."""
    return (net(seen, t) - target).square()


def answer(net: Callable, x_data: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """Mean square error of the velocity of each pair."""
    return compared(net, x_data, eps, t, mixed(x_data, eps, t), x_data - eps).mean()


def mixed(x_data: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """x_t."""
    return t[:, None] * x_data + (1 - t)[:, None] * eps


def _slip(seen: Callable, target: Callable) -> Callable:
    """The loss with another input or another target, both functions of (x_data, eps, t)."""

    def loss(net, x_data, eps, t):
        draws = (x_data, eps, t)
        return compared(net, *draws, seen(*draws), target(*draws)).mean()

    return loss


check = Exercise(
    answer,
    lambda g: [(*randn((2, B, d), generator=g), torch.rand(B, generator=g)) for B, d in ((64, 2), (50, 3))],
    run=lambda cfm, x_data, eps, t: cfm(net, x_data, eps, t),
    mistakes=[
        Mistake(
            "the velocity with a plus",
            _slip(mixed, lambda x, eps, t: x + eps),
            "sigma = 1 - t falls, so its derivative is -1: the velocity is x_data - eps. Another formula circulates.",
            PATH,
        ),
        Mistake(
            "the velocity of the other clock",
            _slip(mixed, lambda x, eps, t: eps - x),
            "Where t = 1 is data the velocity points to the data, x_data - eps. The other sign belongs to the other clock.",
            PATH,
        ),
        Mistake(
            "the net fed with data",
            _slip(lambda x, eps, t: x, lambda x, eps, t: x - eps),
            "The net must see x_t, not x_data. Fed with data, it reaches a lower loss and learns a field that multiplies by e.",
            PATH,
        ),
        Mistake(
            "the mixture turned round",
            _slip(lambda x, eps, t: mixed(eps, x, t), lambda x, eps, t: x - eps),
            "At t = 1 the net must see data: t multiplies x_data, and 1 - t the noise.",
            METHOD,
        ),
        Mistake(
            "the net told the other clock",
            lambda net, x, eps, t: (net(mixed(x, eps, t), 1 - t) - (x - eps)).square().mean(),
            "The net must be told the time at which x_t was made. A sampler on this clock would ask it at the wrong end.",
            PATH,
        ),
        Mistake(
            "a sum over the coordinates",
            lambda net, x, eps, t: compared(net, x, eps, t, mixed(x, eps, t), x - eps).sum(1).mean(),
            "The book takes the mean over coordinates too, so that losses of different dimensions can be compared.",
            METHOD,
        ),
        Mistake(
            "the absolute error",
            lambda net, x, eps, t: (net(mixed(x, eps, t), t) - (x - eps)).abs().mean(),
            "The theorem needs the square: its minimiser is the mean velocity. That of the absolute error is a median.",
            "06_flow_matching: The theorem that makes it trainable",
        ),
    ],
)
