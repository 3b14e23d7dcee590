"""A number: E[x | x_t = 2] for x from N(1, 4) at alpha = 0.6, sigma = 0.8."""

from classroom.exercises import Exercise, Mistake

SEE = "01_two_moons: One component: conditioning a Gaussian"


def mean(variance=4.0, alpha2=0.36, sigma2=0.64, centre=0.6) -> float:
    """The mean, with its parts as knobs."""
    return 1 + 0.6 * variance / (alpha2 * variance + sigma2) * (2 - centre)


check = Exercise(
    mean(),
    rtol=2e-3,
    mistakes=[
        Mistake("no prior", 2 / 0.6,
                "x_t / alpha takes all of x_t for data. Part of it is noise; the prior says how much to believe.", SEE),
        Mistake("a centre that did not shrink", mean(centre=1),
                "The state x_t has the mean alpha m, so its surprise is x_t - alpha m.", SEE),
        Mistake("the deviation for the variance", mean(variance=2.0),
                "N(1, 4) has the variance 4. The formula wants variances, s squared.", SEE),
        Mistake("sigma without its square", mean(sigma2=0.8),
                "The noise adds the variance sigma squared to that of the state.", SEE),
        Mistake("alpha without its square", mean(alpha2=0.6),
                "Scaling by alpha scales the variance by alpha squared.", SEE),
        Mistake("the noise for the data", 0.8 / 2.08 * 1.4,
                "That is the mean of eps given x_t. The gain of the data is alpha s^2 / tau.", SEE),
    ],
)  # fmt: skip
