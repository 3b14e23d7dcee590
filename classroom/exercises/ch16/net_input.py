r"""mend the loss

Mend `loss(net, x, eps, t)`: the mean square error of the net against the conditional velocity, for data `x` and noise
`eps` of shape `(B, 2)` and times `t` of shape `(B,)`; `t = 1` is data.

Hint: Which variables of the function are never used? And how large is the error of a net that sees $x$ and must say
$x - \varepsilon$?
"""

import torch
import torch.nn.functional as F

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def loss(net, x, eps, t):
    x_t = torch.lerp(eps, x, t[:, None])
    return F.mse_loss(net(x, t), x - eps)


# --- solution
# In sampling the net is asked at x_t, so that is what it must see in training. Given x it subtracts
# it and is left with the variance of eps, 1 a coordinate, whatever the data.
def solution(net, x, eps, t):
    x_t = torch.lerp(eps, x, t[:, None])
    return F.mse_loss(net(x_t, t), x - eps)


# --- checker
def a_net(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Any function of both inputs that favours no coordinate by accident."""
    return torch.sin(2 * x) + x.flip(1) * t[:, None] - 0.3


def cases(g: torch.Generator) -> list[tuple]:
    """Two batches; the data is away from 0, so that data and noise cannot be confused."""
    batches = [torch.randn(2, n, 2, generator=g, dtype=torch.float64) for n in (64, 7)]
    return [(a_net, 2 + 0.5 * x, eps, torch.rand(len(x), generator=g, dtype=torch.float64)) for x, eps in batches]


check = Repair(
    solution,
    cases,
    broken=loss,
    see="06_flow_matching: The theorem that makes it trainable",
    mistakes={
        "the noise fed": Mistake(
            lambda net, x, eps, t: (net(eps, t) - (x - eps)).square().mean(),
            "Now the net sees the start instead of the end. It must see "
            "the point between them, where a sampler will ask it.",
        ),
        "the clock backwards": Mistake(
            lambda net, x, eps, t: (net(torch.lerp(x, eps, t[:, None]), t) - (x - eps)).square().mean(),
            "This point is data at t = 0, and the target still leads from noise to data. In this book t = 0 is noise.",
        ),
        "the target turned round": Mistake(
            lambda net, x, eps, t: (net(torch.lerp(eps, x, t[:, None]), t) - (eps - x)).square().mean(),
            "The input is right. The target now leads from the data to "
            "the noise, and a sampler would walk away from the data.",
        ),
    },
)
