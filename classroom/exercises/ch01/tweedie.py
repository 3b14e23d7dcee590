"""From a denoiser to the score: slope(x_t, x0, alpha, sigma) -> (B, D). x0: E[x_data | x_t]; alpha, sigma: floats."""

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "01_two_moons: The score is the noise in disguise"

check = Exercise(
    lambda x_t, x0, alpha, sigma: (alpha * x0 - x_t) / sigma**2,
    lambda g: [(*randn((2, 6, 2), generator=g), alpha, sigma) for alpha, sigma in ((0.8, 0.6), (0.3, 0.7))],
    mistakes=[
        Mistake("the noise itself", lambda x_t, x0, alpha, sigma: (x_t - alpha * x0) / sigma,
                "That is the mean of eps. The score is minus that, divided by sigma.", SEE),
        Mistake("the other sign", lambda x_t, x0, alpha, sigma: (x_t - alpha * x0) / sigma**2,
                "The score climbs the density, away from the noise: minus the mean of eps over sigma.", SEE),
        Mistake("sigma without its square", lambda x_t, x0, alpha, sigma: (alpha * x0 - x_t) / sigma,
                "One sigma turns the difference into eps, a second one turns eps into the score.", SEE),
        Mistake("data that did not shrink", lambda x_t, x0, alpha, sigma: (x0 - x_t) / sigma**2,
                "x_t = alpha x + sigma eps: the data enter with alpha.", SEE),
    ],
)  # fmt: skip
