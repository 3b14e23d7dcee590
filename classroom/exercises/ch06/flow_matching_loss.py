"""the loss from memory

Write the loss of conditional flow matching on the straight path, 0 noise and 1 data. `net` takes $x_t$, of shape
$(B, d)$, and $t$, of shape $(B,)$, and answers a velocity $(B, d)$. The data, the noise and the times are given, so
that the result can be compared exactly. Return a scalar: the mean square over samples and coordinates.

Hint: `t` has one dimension and the data have two. Everything else is the picture of a line: where does it start,
where does it end, how fast does one go?
"""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def cfm_loss(net, x_data, eps, t):
    """x_data, eps (B, d); t (B,) in [0, 1] -> scalar."""
    return ...


# --- solution
# From eps at t = 0 to x_data at t = 1 in one unit of time: the velocity is their difference.
# The net sees the point on the line and the time, and nothing of the pair.
def solution(net, x_data, eps, t):
    x_t = t[:, None] * x_data + (1 - t[:, None]) * eps
    return (net(x_t, t) - (x_data - eps)).square().mean()


# --- checker
METHOD = "06_flow_matching: The whole method"


def net(x: Tensor, t: Tensor) -> Tensor:
    """Any function of both."""
    return (2 * x).sin() + x * t[:, None] + t[:, None].exp()


def compared(net: Callable, x_data: Tensor, eps: Tensor, t: Tensor, seen: Tensor, target: Tensor) -> Tensor:
    """The square errors of what the net says of `seen`, (B, d)."""
    return (net(seen, t) - target).square()


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
    solution,
    lambda g: [(*randn((2, B, d), generator=g), torch.rand(B, generator=g)) for B, d in ((64, 2), (50, 3))],
    run=lambda cfm, x_data, eps, t: cfm(net, x_data, eps, t),
    see="06_flow_matching: Path and velocity",
    mistakes={
        "the velocity with a plus": Mistake(
            _slip(mixed, lambda x, eps, t: x + eps),
            "sigma = 1 - t falls, so its derivative is -1: the velocity is x_data - eps. Another formula circulates.",
        ),
        "the velocity of the other clock": Mistake(
            _slip(mixed, lambda x, eps, t: eps - x),
            "Where t = 1 is data the velocity points to the data, x_data - eps. The other sign belongs to the other clock.",
        ),
        "the net fed with data": Mistake(
            _slip(lambda x, eps, t: x, lambda x, eps, t: x - eps),
            "The net must see x_t, not x_data. Fed with data, it reaches "
            "a lower loss and learns a field that multiplies by e.",
        ),
        "the mixture turned round": Mistake(
            _slip(lambda x, eps, t: mixed(eps, x, t), lambda x, eps, t: x - eps),
            "At t = 1 the net must see data: t multiplies x_data, and 1 - t the noise.",
            METHOD,
        ),
        "the net told the other clock": Mistake(
            lambda net, x, eps, t: (net(mixed(x, eps, t), 1 - t) - (x - eps)).square().mean(),
            "The net must be told the time at which x_t was made. A sampler on this clock would ask it at the wrong end.",
        ),
        "a sum over the coordinates": Mistake(
            lambda net, x, eps, t: compared(net, x, eps, t, mixed(x, eps, t), x - eps).sum(1).mean(),
            "The book takes the mean over coordinates too, so that losses of different dimensions can be compared.",
            METHOD,
        ),
        "the absolute error": Mistake(
            lambda net, x, eps, t: (net(mixed(x, eps, t), t) - (x - eps)).abs().mean(),
            "The theorem needs the square: its minimiser is the mean velocity. That of the absolute error is a median.",
            "06_flow_matching: The theorem that makes it trainable",
        ),
        "the mean before the square": Mistake(
            lambda net, x, eps, t: (net(mixed(x, eps, t), t) - (x - eps)).mean().square(),
            "Errors of opposite signs cancel in the mean. Square each of them first.",
            METHOD,
        ),
        "the data as the target": Mistake(
            _slip(mixed, lambda x, eps, t: x),
            "A net for x0 is asked for the data, and samplers then divide by 1 - t. This one is asked for the velocity.",
        ),
        "the noise as the target": Mistake(
            _slip(mixed, lambda x, eps, t: eps),
            "That is the loss of DDPM. The derivative of x_t has both ends in it: x_data - eps.",
        ),
        "fresh noise as the target": Mistake(
            _slip(mixed, lambda x, eps, t: x - torch.randn_like(x)),
            "The line through x_t leads from *its* noise to the data. With another draw the velocity is not "
            "that line's, and the net learns what it can know of it: x, and nothing of eps.",
            "09_training_craft: Bugs that look healthy",
        ),
        "noise of your own": Mistake(
            lambda net, x, eps, t: solution(net, x, torch.randn_like(x), t),
            "The loss of a training loop is right like this. Here eps is an argument: with it the loss can be compared.",
            METHOD,
        ),
        "the net fed with noise": Mistake(
            _slip(lambda x, eps, t: eps, lambda x, eps, t: x - eps),
            "The net must see the point between the two ends, where a sampler will ask it, and not the start.",
        ),
        "the roots of another path": Mistake(
            _slip(lambda x, eps, t: t[:, None].sqrt() * x + (1 - t[:, None]).sqrt() * eps, lambda x, eps, t: x - eps),
            "Roots of t and 1 - t keep the variance, and belong to DDPM's kind of path. Along them the velocity "
            "is another; x_data - eps is that of the straight line.",
            "06_flow_matching: Three paths",
        ),
        "the time multiplied outside": Mistake(
            lambda net, x, eps, t: (net(mixed(x, eps, t), 1000 * t) - (x - eps)).square().mean(),
            "The factor of 1,000 stands inside the nets of this book, once. A net that gets 1000 t multiplies again.",
            "08_time_scale: Three bugs that do damage",
        ),
    },
)
