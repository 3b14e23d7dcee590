"""A number: alpha-bar at the end of 50 steps with DDPM's linear betas, 1e-4 to 0.02, left as they are. By hand, to 1 %."""

import torch

from classroom.exercises import Exercise, Mistake

BETAS = torch.linspace(1e-4, 0.02, 50, dtype=torch.float64)
SEE = "02_noise_schedules: A different number of steps"

check = Exercise(
    torch.cumprod(1 - BETAS, 0)[-1].item(),
    rtol=0.01,  # the sum of the betas is near enough
    mistakes=[
        Mistake(
            "the sum for the exponential",
            1 - BETAS.sum().item(),
            "Factors 1 - beta are multiplied. Their product is about exp(-sum of betas), not 1 minus that sum.",
            SEE,
        ),
        Mistake(
            "the amplitude",
            torch.cumprod(1 - BETAS, 0)[-1].sqrt().item(),
            "That is sqrt(alpha-bar), the factor of the data. alpha-bar is its square.",
            "02_noise_schedules: Eq. (★): the closed-form marginal",
        ),
        Mistake(
            "the variance of the noise",
            1 - torch.cumprod(1 - BETAS, 0)[-1].item(),
            "1 - alpha-bar is what the noise has got. alpha-bar is what is left of the data.",
            "02_noise_schedules: Eq. (★): the closed-form marginal",
        ),
        Mistake(
            "as if there were a thousand steps",
            4.04e-5,
            "This is where a thousand steps end. Fifty of them add a twentieth of the noise, unless the betas grow by 1000 / 50.",
            SEE,
        ),
        Mistake(
            "the last step alone",
            1 - 0.02,
            "1 - beta_T is the factor of the last step. The signal has passed all fifty.",
            SEE,
        ),
    ],
)
