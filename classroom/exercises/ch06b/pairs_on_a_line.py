"""optimal pairs on a line

In one dimension nobody needs an assignment solver: the optimal coupling keeps the order. `x` and `eps` are $(B,)$. Return
`eps` in another order, so that row $i$ is the noise for data point $i$, and the total square distance is smallest. Do not
call `linear_sum_assignment`; sorting is enough.

Hint: `x.argsort()` says which data point is the smallest, which the next, and so on. Where must the smallest noise go?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def paired(x, eps):
    """-> eps (B,), permuted."""
    return ...


# --- solution
def solution(x, eps):
    result = torch.empty_like(eps)
    # the smallest noise into the row of the smallest data point, and so on
    result[x.argsort()] = eps.sort().values
    return result


# --- checker
def backwards(x: Tensor, eps: Tensor) -> Tensor:
    """The smallest noise for the largest data point."""
    return eps.sort(descending=True).values[x.argsort().argsort()]


def _cases(g: torch.Generator) -> list[tuple]:
    return [(1 + 2 * randn((n,), generator=g), randn((n,), generator=g)) for n in (9, 40)]


check = Exercise(
    solution,
    _cases,
    see="06b_who_is_paired_with_whom: Optimal pairs within a batch",
    mistakes={
        "the noise sorted, the data not": Mistake(
            lambda x, eps: eps.sort().values,
            "The smallest noise now stands in row 0, and the smallest data point somewhere else. The rows have to match.",
        ),
        "the data's order for the noise": Mistake(
            lambda x, eps: eps[x.argsort()],
            "x.argsort() holds places in x. Used on eps it takes the noise from these places, whatever its size.",
        ),
        "ranks of unsorted noise": Mistake(
            lambda x, eps: eps[x.argsort().argsort()],
            "The rank of each data point is right. It picks the noise of that rank only if the noise is sorted first.",
        ),
        "both orders, in the wrong place": Mistake(
            lambda x, eps: eps.sort().values[x.argsort()],
            "Taking the rows x.argsort() is not the same as writing into them: this is the inverse permutation.",
        ),
        "the order turned round": Mistake(
            backwards,
            "The largest data point got the smallest noise. These pairs cost the most.",
        ),
        "the nearest noise for everybody": Mistake(
            lambda x, eps: eps[(x[:, None] - eps).abs().argmin(1)],
            "Some noise is used twice and some never, so the noise is no longer N(0, 1). A permutation keeps it.",
        ),
    },
)
