r"""the cheapest pairs

On a line the noise is $\mathcal N(0, 1)$ and the data are $\mathcal N(3, 4)$: mean 3, variance 4. Pair each noise with a
data point, by any coupling. What is the smallest possible mean square distance of a pair?

Hint: In one dimension the optimal coupling keeps the order: the noise at a quantile gets the data point at the same
quantile. For two normal distributions that is a straight line, $x = 3 + 2\varepsilon$.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# x - eps = 3 + 2 eps - eps = 3 + eps, whose mean square is 3^2 + 1.
solution = 3**2 + (2 - 1) ** 2

# --- checker
MEAN, SD = 3.0, 2.0

check = Exercise(
    solution,
    see="06b_who_is_paired_with_whom: Optimal pairs within a batch",
    mistakes={
        "independent pairs": Mistake(
            MEAN**2 + SD**2 + 1,
            "That is the cost of independent pairs: the variances add. Under the best coupling each noise knows its partner.",
        ),
        "the means alone": Mistake(
            MEAN**2,
            "The clouds have different widths as well, so even the best pairs are apart once the means are moved together.",
        ),
        "the variances subtracted": Mistake(
            MEAN**2 + SD**2 - 1,
            "The difference 3 + (2 - 1) eps has the variance (2 - 1)^2. Standard deviations are subtracted, not variances.",
        ),
        "the order turned round": Mistake(
            MEAN**2 + (SD + 1) ** 2,
            "With x = 3 - 2 eps the largest noise gets the smallest data point: these pairs cost the most.",
        ),
        "the root taken": Mistake(
            (MEAN**2 + (SD - 1) ** 2) ** 0.5,
            "That is the Wasserstein distance. Its square is the mean square distance that was asked for.",
        ),
    },
)
