"""a distance by hand

One feature. Real images have mean 0 and variance 1/4 in it, generated ones mean 1 and variance 9. What is the Fréchet
distance, as everybody reports it?

Hint: In one dimension the best way to draw $X$ and $Y$ together is to stretch one into the other.
"""

from classroom.exercises import Exercise, Mistake

# --- stub
answer = ...

# --- solution
# (m_a - m_b)^2 + (s_a - s_b)^2 with the standard deviations 3 and 1/2
solution = 1 + (3 - 0.5) ** 2

# --- checker
check = Exercise(
    solution,
    rtol=1e-3,
    see="12_image_runs: The Fréchet distance",
    mistakes={
        "the variances subtracted": Mistake(
            1 + (9 - 0.25) ** 2,
            "In one dimension the standard deviations are subtracted, 3 and 1/2: transport moves points, not their squares.",
        ),
        "the overlap forgotten": Mistake(
            1 + 9 + 0.25,
            "X and Y may be drawn together. The best way has the covariance 3 times 1/2, which is subtracted twice.",
        ),
        "the overlap once": Mistake(
            1 + 9 + 0.25 - 3 * 0.5,
            "Multiplying out |X - Y|^2 gives the covariance twice.",
        ),
        "the root taken": Mistake(
            (1 + (3 - 0.5) ** 2) ** 0.5,
            "That is the distance itself. What is reported as Fréchet distance or FID is its square.",
        ),
        "no root of the product": Mistake(
            1 + 9 + 0.25 - 2 * 9 * 0.25,
            "The overlap is the root of the product of the variances, the product of the standard deviations.",
        ),
    },
)
