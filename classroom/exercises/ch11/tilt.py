"""The tilted distribution of Gaussians: tilted(a, b, w) -> the variance of p(x)^(1-w) p(x | c)^w, normalised.

The class is N(0, a) and all data together N(0, b), with b > a.
"""

from classroom.exercises import Exercise, Mistake

SEE = "11_conditioning_and_guidance: What guidance samples: a case with an answer"


def answer(a: float, b: float, w: float) -> float:
    """Logarithms are added, so precisions are: w / a + (1 - w) / b."""
    return 1 / (w / a + (1 - w) / b)


check = Exercise(
    answer,
    lambda g: [(1.0, 2.0, 1.0), (1.0, 2.0, 3.0), (0.5, 4.0, 1.5)],
    mistakes=[
        Mistake(
            "variances mixed, not precisions",
            lambda a, b, w: w * a + (1 - w) * b,
            "A power of a Gaussian density multiplies its exponent -x^2 / (2 a): precisions are mixed, 1 / a and 1 / b.",
            SEE,
        ),
        Mistake(
            "w for 1 + w",
            lambda a, b, w: 1 / ((1 + w) / a - w / b),
            "That is the tilt by Ho and Salimans' weight. Here w = 1 leaves the class as it is: variance a.",
            "11_conditioning_and_guidance: Three conventions for one weight",
        ),
        Mistake(
            "the class sharpened alone",
            lambda a, b, w: a / w,
            "p(x | c)^w forgets the factor p(x)^(1 - w), which divides by the density of all data.",
            SEE,
        ),
        Mistake(
            "what DDIM samples",
            lambda a, b, w: a**w * b ** (1 - w),
            "Guided DDIM ends at a^w b^(1-w), for b = 2 a this chapter's 2^(1-w) a: sharper than the tilted distribution.",
            SEE,
        ),
        Mistake(
            "the deviation",
            lambda a, b, w: (w / a + (1 - w) / b) ** -0.5,
            "That is the standard deviation; the variance was asked for.",
            SEE,
        ),
    ],
)
