r"""the clock of scaled latents

Somebody forgot the scale factor: the latents have the standard deviation $s$. On the straight path, which time of
*unit* latents has the signal-to-noise ratio that these have at time $t$? The checker tries $s$ above and below 1.

Hint: What is multiplied by $s$ is the ratio of amplitudes $\alpha/\sigma$. Then solve for the time that has the new
ratio.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake


# --- stub
def shifted(t, s):
    """t: times in (0, 1), shape (B,). s: a number. The times t', shape (B,)."""
    return ...


# --- solution
def solution(t, s):
    ratio = s * t / (1 - t)  # alpha' / sigma', with alpha' + sigma' = 1
    return ratio / (1 + ratio)  # the same as s t / (1 + (s - 1) t)


# --- checker
def _by_odds(t: Tensor, factor: float) -> Tensor:
    odds = factor * t / (1 - t)
    return odds / (1 + odds)


check = Exercise(
    solution,
    lambda g: [(torch.linspace(0.02, 0.98, 25), s) for s in (1 / 0.18215, 0.5, 3.0)],
    see="13_latent_diffusion: The scale factor",
    mistakes={
        "the shift in the other direction": Mistake(
            lambda t, s: _by_odds(t, 1 / s),
            "Larger latents stand out of the noise earlier, so they look like a later time, nearer to the data.",
        ),
        "log s in the place of 2 log s": Mistake(
            lambda t, s: _by_odds(t, s**0.5),
            "The log-SNR is 2 log(alpha / sigma): it moves by 2 log s when the amplitude is multiplied by s.",
        ),
        "the SNR taken for the ratio": Mistake(
            lambda t, s: _by_odds(t, s**2),
            "The SNR is multiplied by s^2, and t / (1 - t) is its root, the ratio of amplitudes: that is multiplied by s.",
        ),
        "the time multiplied": Mistake(
            lambda t, s: s * t,
            "s t leaves the interval. What is multiplied by s is the ratio alpha / sigma = t / (1 - t), not t.",
        ),
        "sigma left as it was": Mistake(
            lambda t, s: s * t / (s * t + 1),
            "The noise is sigma = 1 - t, not 1. alpha' / sigma' = s t / (1 - t), and alpha' + sigma' = 1.",
        ),
    },
)
