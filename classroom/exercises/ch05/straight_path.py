r"""onto the straight path

Carry a state of any path over to the straight one,
$\tilde x = \tilde t\, x_{\text{data}} + (1 - \tilde t)\, \varepsilon$, with the same data and the same noise in it.
`x` has the shape (B, 2), `alpha` and `sigma` (B,). Give both, the state there and its time. The checker tries a path
with $\alpha^2 + \sigma^2 = 1$ and one with $\alpha = 1$.

Hint: By which number must $\alpha$ and $\sigma$ be divided for them to sum to 1?
"""

import torch

from classroom.exercises import Exercise, Mistake
from lib.seeding import rand, randn


# --- stub
def straight(x, alpha, sigma):
    """The state, shape (B, 2), and the time, shape (B,)."""
    return ..., ...


# --- solution
def solution(x, alpha, sigma):
    total = alpha + sigma
    return x / total[:, None], alpha / total


# --- checker
def _cases(g: torch.Generator) -> list[tuple]:
    """States of a variance-preserving path, and of a path of another kind."""
    angle = 1.5 * rand(6, generator=g)
    return [
        (randn((6, 2), generator=g), angle.sin(), angle.cos()),
        (randn((4, 2), generator=g), torch.ones(4), 10 * rand(4, generator=g) + 0.1),
    ]


check = Exercise(
    solution,
    _cases,
    see="05_ddim_and_the_probability_flow: DDIM does not know the clock",
    mistakes={
        "the state left as it was": Mistake(
            lambda x, alpha, sigma: (x, alpha / (alpha + sigma)),
            "On the straight path the two factors sum to 1. If the time is alpha / (alpha + sigma), x is divided as well.",
        ),
        "the clock turned round": Mistake(
            lambda x, alpha, sigma: (x / (alpha + sigma)[:, None], sigma / (alpha + sigma)),
            "The straight path has its data at time 1: its time is the factor of the data.",
        ),
        "divided by alpha": Mistake(
            lambda x, alpha, sigma: (x / alpha[:, None], 1 / (1 + sigma / alpha)),
            "x / alpha is the state in which DDIM is Euler's rule on the "
            "clock sigma / alpha. There the data keeps the factor 1.",
            "05_ddim_and_the_probability_flow: The limit of small steps",
        ),
        "alpha taken for the time": Mistake(
            lambda x, alpha, sigma: (x / (alpha + sigma)[:, None], alpha),
            "alpha and 1 - alpha would have to sum to alpha + sigma. Divide alpha too.",
        ),
        "the root of the squares": Mistake(
            lambda x, alpha, sigma: tuple(
                part / (alpha**2 + sigma**2).sqrt().reshape(-1, *[1] * (part.ndim - 1)) for part in (x, alpha)
            ),
            "That leads to the variance-preserving path, alpha^2 + sigma^2 = 1. On the straight one alpha + sigma = 1.",
        ),
    },
)
