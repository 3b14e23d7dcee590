r"""the tilted distribution, for Gaussians

The class is distributed as $\mathcal N(0, a)$ and all data together as $\mathcal N(0, b)$, with $b > a$. The tilted
distribution $p(x)^{1-w}\, p(x \mid c)^w$ is, once normalised, a Gaussian too. Which variance has it?

Hint: Write down the exponent. What is added there?
"""

from classroom.exercises import Exercise, Mistake


# --- stub
def tilted(a, b, w):
    """The variance: a number."""
    return ...


# --- solution
def solution(a, b, w):
    # -x^2 / 2 times (w / a + (1 - w) / b): precisions are mixed, not variances.
    return 1 / (w / a + (1 - w) / b)


# --- checker
check = Exercise(
    solution,
    lambda g: [(1.0, 2.0, 1.0), (1.0, 2.0, 3.0), (0.5, 4.0, 1.5)],
    see="11_conditioning_and_guidance: What guidance samples: a case with an answer",
    mistakes={
        "variances mixed, not precisions": Mistake(
            lambda a, b, w: w * a + (1 - w) * b,
            "A power of a Gaussian density multiplies its exponent -x^2 / (2 a): precisions are mixed, 1 / a and 1 / b.",
        ),
        "w for 1 + w": Mistake(
            lambda a, b, w: 1 / ((1 + w) / a - w / b),
            "That is the tilt by Ho and Salimans' weight. Here w = 1 leaves the class as it is: variance a.",
            "11_conditioning_and_guidance: Three conventions for one weight",
        ),
        "the class sharpened alone": Mistake(
            lambda a, b, w: a / w,
            "p(x | c)^w forgets the factor p(x)^(1 - w), which divides by the density of all data.",
        ),
        "what DDIM samples": Mistake(
            lambda a, b, w: a**w * b ** (1 - w),
            "Guided DDIM ends at a^w b^(1-w), for b = 2 a this chapter's 2^(1-w) a: sharper than the tilted distribution.",
        ),
        "the deviation": Mistake(
            lambda a, b, w: (w / a + (1 - w) / b) ** -0.5,
            "That is the standard deviation; the variance was asked for.",
        ),
    },
)
