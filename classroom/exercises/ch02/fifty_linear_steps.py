r"""fifty steps by hand

Somebody sets $T = 50$ and leaves the linear betas as they are, from $10^{-4}$ to $0.02$. Where does $\bar\alpha$ end?
Work it out on paper, to one per cent.

Hint: The logarithm of a product of factors near 1, and the sum of evenly spaced numbers.
"""

import math

import torch

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# log alpha_bar = sum of log(1 - beta) is about -(sum of betas) = -50 * (1e-4 + 0.02) / 2
solution = math.exp(-50 * (1e-4 + 0.02) / 2)

# --- checker
BETAS = torch.linspace(1e-4, 0.02, 50, dtype=torch.float64)

check = Exercise(
    solution,
    rtol=0.01,  # the sum of the betas is near enough
    see="02_noise_schedules: A different number of steps",
    mistakes={
        "the sum for the exponential": Mistake(
            1 - BETAS.sum().item(),
            "Factors 1 - beta are multiplied. Their product is about exp(-sum of betas), not 1 minus that sum.",
        ),
        "the amplitude": Mistake(
            torch.cumprod(1 - BETAS, 0)[-1].sqrt().item(),
            "That is sqrt(alpha-bar), the factor of the data. alpha-bar is its square.",
            "02_noise_schedules: Eq. (★): the closed-form marginal",
        ),
        "the variance of the noise": Mistake(
            1 - torch.cumprod(1 - BETAS, 0)[-1].item(),
            "1 - alpha-bar is what the noise has got. alpha-bar is what is left of the data.",
            "02_noise_schedules: Eq. (★): the closed-form marginal",
        ),
        "as if there were a thousand steps": Mistake(
            4.04e-5,
            "This is where a thousand steps end. Fifty of them add a "
            "twentieth of the noise, unless the betas grow by 1000 / 50.",
        ),
        "the last step alone": Mistake(
            1 - 0.02,
            "1 - beta_T is the factor of the last step. The signal has passed all fifty.",
        ),
    },
)
