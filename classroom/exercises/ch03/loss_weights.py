r"""what a loss weighs

On a VP path, the plain square error of $\varepsilon$ equals a weight times the square error of the data estimate. So
does that of $v$. Give both weights, as functions of $\alpha$ and $\sigma$.

Hint: Take the table of gains, read from $x_0$, and remember that a loss is a square.
"""

import torch

from classroom.exercises import Exercise, Mistake


# --- stub
def of_two_losses(alpha, sigma):
    """alpha, sigma: (B,). The weights of eps-loss and v-loss, each (B,)."""
    return ...


# --- solution
def solution(alpha, sigma):
    snr = (alpha / sigma) ** 2
    return snr, 1 + snr  # 1 / sigma^2 = (alpha^2 + sigma^2) / sigma^2


# --- checker
check = Exercise(
    solution,
    lambda g: [(torch.linspace(1.4, 0.15, 30).cos(), torch.linspace(1.4, 0.15, 30).sin())],
    see="03_what_the_net_predicts: What the loss measures",
    mistakes={
        "gains not squared": Mistake(
            lambda alpha, sigma: (alpha / sigma, 1 / sigma),
            "These are the factors of an error. A loss is its square, and so is its weight.",
        ),
        "the weight upside down": Mistake(
            lambda alpha, sigma: ((sigma / alpha) ** 2, sigma**2),
            "An eps-error is the x0-error times alpha / sigma: the weight is SNR, small at the noisy end.",
        ),
        "in units of eps": Mistake(
            lambda alpha, sigma: (torch.ones_like(alpha), 1 / alpha**2),
            "These weights multiply the square error of eps. The question asks for that of x0.",
        ),
        "v weighted as eps": Mistake(
            lambda alpha, sigma: ((alpha / sigma) ** 2, (alpha / sigma) ** 2),
            "v = alpha eps - sigma x holds both errors: |dv|^2 = |dx0|^2 / sigma^2 = (1 + SNR) |dx0|^2.",
        ),
        "the truncated SNR": Mistake(
            lambda alpha, sigma: ((alpha / sigma) ** 2, (alpha / sigma).clamp(min=1) ** 2),
            "max(SNR, 1) is another weighting in Salimans and Ho's list. The plain error of v is SNR + 1.",
        ),
    },
)
