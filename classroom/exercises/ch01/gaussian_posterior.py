r"""the best guess by hand

On a line, $x$ is drawn from $N(1, 4)$ and noised with $\alpha = 0.6$ and $\sigma = 0.8$. You see $x_t = 2$. What is
$\mathbb E[x \mid x_t]$?

Hint: How large is the variance of $x_t$, and how far is 2 from its mean?
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# tau = 0.36 * 4 + 0.64 = 2.08; the gain is 0.6 * 4 / 2.08; the surprise is 2 - 0.6 * 1.
solution = 1 + 0.6 * 4 / 2.08 * (2 - 0.6)


# --- checker
def mean(variance=4.0, alpha2=0.36, sigma2=0.64, centre=0.6) -> float:
    """The mean, with its parts as knobs."""
    return 1 + 0.6 * variance / (alpha2 * variance + sigma2) * (2 - centre)


check = Exercise(
    solution,
    rtol=2e-3,
    see="01_two_moons: One component: conditioning a Gaussian",
    mistakes={
        "no prior": Mistake(
            2 / 0.6, "x_t / alpha takes all of x_t for data. Part of it is noise; the prior says how much to believe."
        ),
        "a centre that did not shrink": Mistake(
            mean(centre=1), "The state x_t has the mean alpha m, so its surprise is x_t - alpha m."
        ),
        "the deviation for the variance": Mistake(
            mean(variance=2.0), "N(1, 4) has the variance 4. The formula wants variances, s squared."
        ),
        "sigma without its square": Mistake(
            mean(sigma2=0.8), "The noise adds the variance sigma squared to that of the state."
        ),
        "alpha without its square": Mistake(mean(alpha2=0.6), "Scaling by alpha scales the variance by alpha squared."),
        "the noise for the data": Mistake(
            0.8 / 2.08 * 1.4, "That is the mean of eps given x_t. The gain of the data is alpha s^2 / tau."
        ),
    },
)
