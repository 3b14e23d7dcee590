"""A number: the variance of q(x_1 | x_2, x_0) with beta_1 = 0.1 and beta_2 = 0.2."""

from classroom.exercises import Exercise, Mistake

SEE = "04_ddpm: The posterior of one step"

check = Exercise(
    (1 - 0.9) / (1 - 0.9 * 0.8) * 0.2,
    rtol=0.005,
    mistakes=[
        Mistake(
            "beta for beta-tilde",
            0.2,
            "That is the variance of the noising step. Knowing x_0 leaves less room: multiply by sigma_1^2 / sigma_2^2.",
            SEE,
        ),
        Mistake(
            "the fraction upside down",
            (1 - 0.9 * 0.8) / (1 - 0.9) * 0.2,
            "beta-tilde lies below beta, and at the first step it is 0: the variance nearer the data stands above.",
            SEE,
        ),
        Mistake(
            "the signal for the noise",
            0.9 / (0.9 * 0.8) * 0.2,
            "The fraction is one of noise variances, 1 - alpha-bar. Yours has alpha-bar itself.",
            SEE,
        ),
        Mistake(
            "beta for the accumulated variance",
            0.1 / 0.2 * 0.2,
            "sigma_2^2 is what both steps have added, 1 - (1 - beta_1)(1 - beta_2), and not beta_2 alone.",
            SEE,
        ),
        Mistake(
            "variances added",
            (1 - 0.9) / (0.1 + 0.2) * 0.2,
            "The second step shrinks the noise of the first before it adds its own: 1 - 0.9 x 0.8 = 0.28, and not 0.3.",
            SEE,
        ),
        Mistake(
            "the standard deviation",
            ((1 - 0.9) / (1 - 0.9 * 0.8) * 0.2) ** 0.5,
            "A variance is asked for. Its root is what multiplies z in a step.",
            "04_ddpm: Traps, by number",
        ),
    ],
)
