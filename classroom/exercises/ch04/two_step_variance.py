r"""how much room is left

Two noising steps, $\beta_1 = 0.1$ and $\beta_2 = 0.2$ in the papers' counting. You know $x_2$ and the clean sample.
What is the variance of $x_1$? By hand, to three digits.

Hint: First $\bar\alpha_1$ and $\bar\alpha_2$. The answer must lie below $\beta_2$: why?
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# alpha-bar_1 = 0.9 and alpha-bar_2 = 0.9 * 0.8 = 0.72, so sigma_1^2 = 0.1 and sigma_2^2 = 0.28.
# The precisions add, (1 - beta_2) / beta_2 + 1 / sigma_1^2 = 4 + 10, and 1 / 14 is the same number.
solution = 0.1 / 0.28 * 0.2

# --- checker
check = Exercise(
    solution,
    rtol=0.005,
    see="04_ddpm: The posterior of one step",
    mistakes={
        "beta for beta-tilde": Mistake(
            0.2,
            "That is the variance of the noising step. Knowing x leaves less room: multiply by sigma_1^2 / sigma_2^2.",
        ),
        "the fraction upside down": Mistake(
            (1 - 0.9 * 0.8) / (1 - 0.9) * 0.2,
            "beta-tilde lies below beta, and at the first step it is 0: the variance nearer the data stands above.",
        ),
        "the signal for the noise": Mistake(
            0.9 / (0.9 * 0.8) * 0.2,
            "The fraction is one of noise variances, 1 - alpha-bar. Yours has alpha-bar itself.",
        ),
        "beta for the accumulated variance": Mistake(
            0.1 / 0.2 * 0.2,
            "sigma_2^2 is what both steps have added, 1 - (1 - beta_1)(1 - beta_2), and not beta_2 alone.",
        ),
        "variances added": Mistake(
            (1 - 0.9) / (0.1 + 0.2) * 0.2,
            "The second step shrinks the noise of the first before it adds its own: 1 - 0.9 x 0.8 = 0.28, and not 0.3.",
        ),
        "the standard deviation": Mistake(
            ((1 - 0.9) / (1 - 0.9 * 0.8) * 0.2) ** 0.5,
            "A variance is asked for. Its root is what multiplies z in a step.",
            "04_ddpm: Traps",
        ),
    },
)
