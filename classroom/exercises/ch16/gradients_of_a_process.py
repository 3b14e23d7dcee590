r"""mend the call

Mend `jump_loss(ddp, x, s, t, u)`, the loss of one process. `ddp` is the net in the wrapper that keeps the processes together;
`ddp.module` is the net, `v(x, s, t)`. After the backward pass each process should hold the gradient of the whole batch. As for a
net with buffers, the wrapper has no forward derivative: `torch.func.jvp(ddp, ...)` stops.

Hint: What does the wrapper do that the net does not, and when does it get to do it?
"""

import torch
import torch.autograd.forward_ad as fwAD
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.jumps import SmallNet, draws, quiet
from classroom.exercises.repair import Repair


# --- stub
def jump_loss(ddp, x, s, t, u):
    along = (u, torch.ones_like(s), torch.zeros_like(t))
    now, change = torch.func.jvp(ddp.module, (x, s, t), along)
    target = u + (t - s)[:, None] * change
    return (now - target.detach()).square().mean()


# --- solution
# The wrapper prepares the averaging of gradients when it is called. What goes backwards has to go through it; the derivative,
# which is only a number in the target, need not.
def solution(ddp, x, s, t, u):
    along = (u, torch.ones_like(s), torch.zeros_like(t))
    with torch.no_grad():
        _, change = torch.func.jvp(ddp.module, (x, s, t), along)
    target = u + (t - s)[:, None] * change
    return (ddp(x, s, t) - target).square().mean()


# --- checker
class Wrapped:
    """Torch's DistributedDataParallel in small, for the processes of `gradients`: a call that records gradients prepares their
    averaging in the next backward pass."""

    def __init__(self, net: torch.nn.Module) -> None:
        self.module, self.prepared = net, False

    def __call__(self, x: Tensor, *times: Tensor) -> Tensor:
        if fwAD.unpack_dual(x).tangent is not None:
            raise RuntimeError("The wrapper has no forward derivative.")
        self.prepared |= torch.is_grad_enabled()
        return self.module(x, *times)


def gradients(loss_of, draw: tuple, nets: list[torch.nn.Module]) -> list[list[Tensor]]:
    """What each process holds after its backward pass, a list for each. There is a copy of the net for each of them, and they
    share the rows of a batch."""
    each, prepared = [], []
    for net, *share in zip(nets, *(part.chunk(len(nets)) for part in draw)):
        ddp = Wrapped(net)
        with quiet():
            each.append(torch.autograd.grad(loss_of(ddp, *share), list(net.parameters())))
        prepared.append(ddp.prepared)
    mean = [sum(parts) / len(nets) for parts in zip(*each)]
    return [mean if all(prepared) else own for own in each]


def run(loss_of, *draw: Tensor) -> dict:
    """The gradients of two processes, each as one vector."""
    each = gradients(loss_of, draw, [SmallNet(), SmallNet()])
    return {f"process {rank}": torch.cat([part.flatten() for part in own]) for rank, own in enumerate(each)}


def _target(ddp, x, s, t, u, moves: float = 1.0) -> Tensor:
    """The right-hand side of the identity, through the net itself."""
    along = (moves * u, torch.ones_like(s), torch.zeros_like(t))
    return u + (t - s)[:, None] * torch.func.jvp(ddp.module, (x, s, t), along)[1]


check = Repair(
    solution,
    lambda g: [draws(g), draws(g, 6)],
    broken=jump_loss,
    run=run,
    see="12_image_runs: A run, killed and resumed",
    mistakes={
        "divided by the number of processes": Mistake(
            lambda *inputs: jump_loss(*inputs) / 2,
            "An average is a sum and a division. This is the division: each process still knows its own rows alone, and "
            "takes half a step for them.",
        ),
        "a target that moves": Mistake(
            lambda ddp, x, s, t, u: (ddp(x, s, t) - _target(ddp, x, s, t, u)).square().mean(),
            "The processes agree again. But the target has a gradient of its own now, which it had not when it was found.",
        ),
        "the path left out": Mistake(
            lambda ddp, x, s, t, u: (ddp(x, s, t) - _target(ddp, x, s, t, u, 0.0).detach()).square().mean(),
            "The processes agree again. The derivative has to go along the path, on which x moves with the velocity u.",
        ),
    },
)
