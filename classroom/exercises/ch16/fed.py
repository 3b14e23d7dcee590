"""The loss of flow matching: loss(net, x, eps, t) -> scalar, with x, eps (B, 2), t (B,), 0 noise and 1 data."""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair

SEE = "06_flow_matching: The theorem that makes it trainable"


def a_net(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Any function of both inputs that favours no coordinate by accident."""
    return torch.sin(2 * x) + x.flip(1) * t[:, None] - 0.3


def cases(g: torch.Generator) -> list[tuple]:
    """Two batches; the data is away from 0, so that data and noise cannot be confused."""
    batches = [torch.randn(2, n, 2, generator=g, dtype=torch.float64) for n in (64, 7)]
    return [(a_net, 2 + 0.5 * x, eps, torch.rand(len(x), generator=g, dtype=torch.float64)) for x, eps in batches]


def loss(net, x, eps, t, fed="between", turned=False, sign=1):
    """The loss with its details as knobs."""
    t1 = t[:, None]
    x_t = {"between": t1 * x + (1 - t1) * eps, "data": x, "noise": eps, "backwards": (1 - t1) * x + t1 * eps}[fed]
    return (net(x_t, t) - sign * (x - eps)).square().mean()


check = Repair(
    loss,
    cases,
    broken=lambda net, x, eps, t: loss(net, x, eps, t, "data"),
    mistakes=[
        Mistake(
            "the noise fed",
            lambda net, x, eps, t: loss(net, x, eps, t, "noise"),
            "Now the net sees the start instead of the end. It must see the point between them, where a sampler will "
            "ask it.",
            SEE,
        ),
        Mistake(
            "the clock backwards",
            lambda net, x, eps, t: loss(net, x, eps, t, "backwards"),
            "This point is data at t = 0, and the target still leads from noise to data. In this book t = 0 is noise.",
            SEE,
        ),
        Mistake(
            "the target turned round",
            lambda net, x, eps, t: loss(net, x, eps, t, sign=-1),
            "The input is right. The target now leads from the data to the noise, and a sampler would walk away from "
            "the data.",
            SEE,
        ),
    ],
)
