"""Optimal pairs within each class: couple(x_data, y, eps) -> eps, reordered.

x_data, eps: (B, d). y: (B,), labels. The noise in the rows of a class stays in the rows of that class.
"""

from collections.abc import Callable

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "06_flow_matching: Choosing who is paired with whom"
FAILS = "06_flow_matching: When it fails"


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
    within(best),
    _cases,
    run=lambda couple, x_data, y, eps: couple(x_data, y, eps),
    mistakes=[
        Mistake(
            "paired across the classes",
            lambda x, y, eps: eps[best(x, eps)],
            "Each class now draws its noise from its own side. Given the label the noise is no longer N(0, I), but a sampler "
            "starts there all the same.",
            FAILS,
        ),
        Mistake(
            "the order turned round",
            within(lambda x, eps: best(x, eps).argsort()),
            "The assignment says which noise each data point gets. This is its inverse: which data point each noise gets.",
            SEE,
        ),
        Mistake(
            "the distance without its square",
            within(lambda x, eps: best(x, eps, power=1)),
            "The cost is the square distance, which is what a velocity's mean square counts. Without it other pairs win.",
            SEE,
        ),
        Mistake(
            "the nearest noise for everybody",
            within(lambda x, eps: torch.cdist(x, eps).argmin(1)),
            "Some noise is used twice and some never, so the net's noise is no longer N(0, I). A permutation keeps it.",
            SEE,
        ),
        Mistake(
            "the classes one after the other",
            lambda x, y, eps: torch.cat([eps[y == k][best(x[y == k], eps[y == k])] for k in y.unique()]),
            "The rows come sorted by class, while the data are not. Put each class back into its own rows.",
            SEE,
        ),
        Mistake(
            "the dearest pairs",
            within(lambda x, eps: best(x, eps, maximize=True)),
            "This assignment makes the total distance as large as it can be. The cost has to be smallest.",
            SEE,
        ),
    ],
)
