r"""mend the curve

Mend `bars(T)`, so that it is $\bar\alpha$ of the cosine schedule at the steps $1, \dots, T$, without clipping.

Hint: Is a cosine an amplitude or a variance? The law above is $\cos^2 + \sin^2 = 1$ in disguise.
"""

import math

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def bars(T, s=0.008):
    u = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((u + s) / (1 + s) * math.pi / 2)
    return (f / f[0])[1:]


# --- solution
# The cosine is the amplitude of the signal, alpha = sqrt(alpha-bar), and a sine that of the noise.
def solution(T, s=0.008):
    u = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2
    return (f / f[0])[1:]


# --- checker
def inside(T: int) -> torch.Tensor:
    """The angle squared."""
    f = torch.cos(((torch.arange(T + 1) / T + 0.008) / 1.008 * math.pi / 2) ** 2)
    return f[1:] / f[0]


check = Repair(
    solution,
    lambda g: [(1000,), (50,)],
    broken=bars,
    see="02_noise_schedules: Every detail of the cosine schedule",
    mistakes={
        "squared twice": Mistake(
            lambda T: solution(T) ** 2,
            "One square is enough: the cosine is the amplitude of the signal, its square "
            "the variance. With two squares, half of the signal is gone a third of the way.",
        ),
        "the root instead of the square": Mistake(
            lambda T: bars(T).clamp(min=0) ** 0.5,
            "The direction is turned round. The code took alpha-bar for "
            "its root; to get from the root to alpha-bar, square.",
        ),
        "the square inside the cosine": Mistake(
            inside,
            "The angle was squared, not its cosine. At the end that angle exceeds a right one, and alpha-bar is negative.",
        ),
    },
)
