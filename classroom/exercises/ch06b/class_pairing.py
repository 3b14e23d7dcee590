"""pairs that respect the label

Write optimal pairing for a net that is told the label. `x_data` and `eps` are $(B, d)$, `y` holds the labels $(B,)$.
Return `eps` in another order, row $i$ being the noise for data point $i$: within each class, the permutation with the
smallest total square distance. The noise in the rows of a class stays in the rows of that class.
`linear_sum_assignment` takes a matrix of costs and returns rows and, for each row, its column.

Hint: Solve it for one class first. A mask such as `y == label` picks the rows, and can be assigned to as well. Do not
change the `eps` you were given.
"""

from collections.abc import Callable

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def paired(x_data, y, eps):
    """-> eps (B, d) with its rows permuted within each class."""
    return ...


# --- solution
# A permutation inside each class leaves the noise given the label what it was, N(0, I).
def solution(x_data, y, eps):
    result = eps.clone()
    for label in y.unique():
        own = y == label
        cost = torch.cdist(x_data[own], eps[own]).square()
        _, order = linear_sum_assignment(cost.numpy())
        result[own] = eps[own][torch.from_numpy(order)]
    return result


# --- checker
FAILS = "06b_who_is_paired_with_whom: With labels"


def best(x: Tensor, eps: Tensor, power: int = 2, maximize: bool = False) -> Tensor:
    """Which row of eps each row of x gets."""
    _, order = linear_sum_assignment(torch.cdist(x, eps) ** power, maximize=maximize)
    return torch.from_numpy(order)


def within(choose: Callable) -> Callable:
    """Class by class, the rows of eps that `choose` chooses."""

    def couple(x_data: Tensor, y: Tensor, eps: Tensor) -> Tensor:
        paired = eps.clone()
        for label in y.unique():
            own = y == label
            paired[own] = eps[own][choose(x_data[own], eps[own])]
        return paired

    return couple


def _cases(g: torch.Generator) -> list[tuple]:
    found = []
    for B, d, classes in ((60, 2, 2), (50, 3, 3)):
        y = torch.randint(classes, (B,), generator=g)
        found.append((randn((B, d), generator=g) + 2 * y[:, None], y, randn((B, d), generator=g)))
    return found


check = Exercise(
    solution,
    _cases,
    run=lambda couple, x_data, y, eps: couple(x_data, y, eps),
    see="06b_who_is_paired_with_whom: Optimal pairs within a batch",
    mistakes={
        "paired across the classes": Mistake(
            lambda x, y, eps: eps[best(x, eps)],
            "Each class now draws its noise from its own side. Given the label the "
            "noise is no longer N(0, I), but a sampler starts there all the same.",
            FAILS,
        ),
        "the order turned round": Mistake(
            within(lambda x, eps: best(x, eps).argsort()),
            "The assignment says which noise each data point gets. This is its inverse: which data point each noise gets.",
        ),
        "the distance without its square": Mistake(
            within(lambda x, eps: best(x, eps, power=1)),
            "The cost is the square distance, which is what a velocity's mean square counts. Without it other pairs win.",
        ),
        "the nearest noise for everybody": Mistake(
            within(lambda x, eps: torch.cdist(x, eps).argmin(1)),
            "Some noise is used twice and some never, so the net's noise is no longer N(0, I). A permutation keeps it.",
        ),
        "the classes one after the other": Mistake(
            lambda x, y, eps: torch.cat([eps[y == k][best(x[y == k], eps[y == k])] for k in y.unique()]),
            "The rows come sorted by class, while the data are not. Put each class back into its own rows.",
        ),
        "the dearest pairs": Mistake(
            within(lambda x, eps: best(x, eps, maximize=True)),
            "This assignment makes the total distance as large as it can be. The cost has to be smallest.",
        ),
    },
)
