r"""mend the print

Mend `to_train_and_to_print(errors, p)`. `errors` (B,) are the mean square errors of the samples of a batch. Of the two results
the first goes backwards, and its gradient is what was wanted: leave it. The second is printed, and should say how large the
errors are: their mean.

Hint: What do both become for errors that are a hundred times as large?
"""

import torch
from torch import Tensor

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def to_train_and_to_print(errors, p):
    loss = (errors / (errors.detach() + 1e-3) ** p).mean()
    return loss, loss.detach()


# --- solution
# The gradient is that of the errors, each with its weight. The value is a
# quotient, which says nothing of their size: print the errors.
def solution(errors, p):
    loss = (errors / (errors.detach() + 1e-3) ** p).mean()
    return loss, errors.detach().mean()


# --- checker
def run(both, errors: Tensor, p: float) -> dict:
    """What is learned, and what is read."""
    errors = errors.clone().requires_grad_()
    loss, printed = both(errors, p)
    (asked,) = torch.autograd.grad(loss, errors)
    return {"gradient": asked, "printed": printed}


def _weighed(weight):
    """The mean of the errors divided by something, and the plain mean."""
    return lambda errors, p: ((errors / weight(errors, p)).mean(), errors.detach().mean())


check = Repair(
    solution,
    lambda g: [(torch.rand(20, generator=g, dtype=torch.float64) * size, p) for size in (0.1, 30) for p in (1.0, 0.5)],
    broken=to_train_and_to_print,
    run=run,
    see="09_training_craft: The floor under a loss",
    mistakes={
        "no weights at all": Mistake(
            _weighed(lambda errors, p: 1),
            "Now one reads the errors, and another training is run: the large errors have the say again. "
            "Only the print was to change.",
        ),
        "the weights not held fixed": Mistake(
            _weighed(lambda errors, p: (errors + 1e-3) ** p),
            "With p = 1 that is e / (e + c), whose derivative nearly vanishes: the net would learn next to nothing.",
        ),
        "the weight of the square": Mistake(
            _weighed(lambda errors, p: (errors.detach() ** 2 + 1e-3) ** p),
            "The errors are squares already. Squared once more, the weight has twice the power that was chosen.",
        ),
        "the root for the square": Mistake(
            lambda errors, p: (solution(errors, p)[0], errors.detach().sqrt().mean()),
            "That tells the errors' size as well, in another unit. The exact answer's loss, beside which "
            "it is read, is a mean square.",
        ),
    },
)
