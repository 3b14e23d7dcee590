r"""mend the restart

Mend `restore(saved)`. A checkpoint has three parts, `saved["net"]`, `saved["average"]` and `saved["adam"]`. Say what
the net, its average and Adam go on with, in this order. The checker stops a small training in the middle, and
compares its end with that of one that was never stopped.

Hint: Three things changed in every step of the training. Where was each of them when it stopped?
"""

import copy

import torch
from torch import Tensor, nn

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def restore(saved):
    """What to load into the net, the average, and Adam."""
    return saved["average"], saved["average"], saved["adam"]


# --- solution
# The net that is trained, the average that follows it, and Adam's two moments are three things with three
# histories. The average is what one samples from; the training has never been there.
def solution(saved):
    return saved["net"], saved["average"], saved["adam"]


# --- checker
DECAY, HALF = 0.95, 12


def begun() -> tuple:
    """A net, its average, and Adam, all at the start."""
    net = nn.Linear(3, 2).double()
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(torch.linspace(-1, 1, p.numel()).reshape(p.shape) + i)
    return net, copy.deepcopy(net), torch.optim.Adam(net.parameters(), lr=0.05)


def go_on(net: nn.Module, average: nn.Module, adam: torch.optim.Optimizer, data: Tensor) -> None:
    """A step for each batch of `data` (steps, n, 3)."""
    for x in data:
        adam.zero_grad()
        (net(x) - x[:, :2].sin()).square().mean().backward()
        adam.step()
        with torch.no_grad():
            for mine, newest in zip(average.parameters(), net.parameters()):
                mine.lerp_(newest, 1 - DECAY)


def run(restore, data: Tensor) -> dict:
    """The weights at the end of a run that was stopped half way, and those of their average."""
    net, average, adam = begun()
    go_on(net, average, adam, data[:HALF])
    parts = {"net": net, "average": average, "adam": adam}
    states = restore({name: copy.deepcopy(part.state_dict()) for name, part in parts.items()})
    parts = begun()
    for part, state in zip(parts, states, strict=True):
        if state:  # nothing to load: it starts anew
            part.load_state_dict(copy.deepcopy(state))
    go_on(*parts, data[HALF:])
    return {
        name: torch.cat([p.detach().flatten() for p in part.parameters()])
        for name, part in zip(("net", "average"), parts)
    }


check = Repair(
    solution,
    lambda g: [(torch.randn(2 * HALF, 8, 3, generator=g, dtype=torch.float64),) for _ in range(2)],
    broken=restore,
    run=run,
    see="12_image_runs: A run, killed and resumed",
    mistakes={
        "Adam starts anew": Mistake(
            lambda saved: (saved["net"], saved["average"], {}),
            "Its two averages of the gradient are gone, and its first steps are as large as at the very start: "
            "the loss jumps, too.",
        ),
        "the average starts from the weights": Mistake(
            lambda saved: (saved["net"], saved["net"], saved["adam"]),
            "The training goes on as it should. What one samples from has lost its memory: it is one set of noisy weights.",
            "09_training_craft: The average of the weights",
        ),
        "the average starts anew": Mistake(
            lambda saved: (saved["net"], {}, saved["adam"]),
            "It begins at random weights again, and has them in it for a memory's length.",
            "09_training_craft: The average of the weights",
        ),
        "the two exchanged": Mistake(
            lambda saved: (saved["average"], saved["net"], saved["adam"]),
            "Each goes on from where the other was. The order is: the net, its average, Adam.",
        ),
    },
)
