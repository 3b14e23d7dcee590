r"""mend the schedule

Mend `betas(T)`, so that it is still a straight line, agrees with DDPM's at $T = 1000$, and adds the same noise in all
at any $T$ of 50 or more.

Hint: For small betas, $\log\bar\alpha_T \approx -\sum_t \beta_t$. What keeps the sum of $T$ numbers on a line?
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def betas(T):
    return torch.linspace(1e-4, 0.02, T, dtype=torch.float64)


# --- solution
# The sum of T even numbers is T times the mean of the ends. To keep it, both ends get 1000 / T.
def solution(T):
    return torch.linspace(1e-4, 0.02, T, dtype=torch.float64) * 1000 / T


# --- checker
check = Repair(
    solution,
    lambda g: [(50,), (100,), (1000,)],
    broken=betas,
    see="02_noise_schedules: A different number of steps",
    mistakes={
        "only the end scaled": Mistake(
            lambda T: torch.linspace(1e-4, 20 / T, T, dtype=torch.float64),
            "The first step has too little noise: at T = 50 twenty times "
            "too little. Both ends are amounts for one of a thousand steps.",
        ),
        "scaled the wrong way round": Mistake(
            lambda T: betas(T) * T / 1000,
            "Fewer steps must each do more, not less. The factor is 1000 / T.",
        ),
        "the thousand betas thinned out": Mistake(
            lambda T: betas(1000)[:: 1000 // T],
            "To keep every tenth beta leaves the noise of the other nine "
            "out. What may be thinned out is alpha-bar, not the betas.",
        ),
    },
)
