"""For exercises on jumps: a small smooth net that is told two times, draws to try it on, and what training would do with it."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lib.seeding import randn, seeded


class SmallNet(nn.Module):
    """net(x, s, t): x (B, 2) and two times (B,) -> an average velocity (B, 2). In float64, its weights always the same."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(4, 8).double(), nn.Linear(8, 2).double()
        g = seeded(7)
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(randn(weight.shape, like=weight, generator=g) / 2)

    def forward(self, x: Tensor, s: Tensor, t: Tensor) -> Tensor:
        return self.outer(self.inner(torch.cat([x, s[:, None], t[:, None]], 1)).tanh())


@contextmanager
def quiet() -> Iterator[None]:
    """Torch translates its own formulas at the first forward derivative, by a means that it calls deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.script", category=DeprecationWarning)
        yield


def draws(g: torch.Generator, B: int = 12) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Points x (B, 2), times s <= t (B,), velocities (B, 2)."""
    x, u = randn((2, B, 2), like=torch.zeros(0, dtype=torch.float64), generator=g)
    s, t = torch.rand(2, B, generator=g, dtype=torch.float64).sort(dim=0).values
    return x, s, t, u


def gradient(loss: Tensor, net: nn.Module) -> Tensor:
    """What a loss asks of all weights, as one vector; zeros where it asks nothing."""
    weights = list(net.parameters())
    if not loss.requires_grad:
        return torch.zeros(sum(weight.numel() for weight in weights), dtype=loss.dtype)
    found = torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)
    return torch.cat([part.flatten() for part in found])


def trains(loss_of: Callable, *inputs: Tensor) -> dict:
    """The value of loss_of(net, *inputs), and its gradient."""
    net = SmallNet()
    with quiet():
        loss = loss_of(net, *inputs)
    return {"loss": loss.detach(), "its gradient": gradient(loss, net)}
