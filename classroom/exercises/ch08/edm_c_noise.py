r"""the number that EDM shows its net

A net of EDM's kind is told $c_{\text{noise}} = \tfrac14 \log \sigma_{\text{EDM}}$, where its states are
$x + \sigma_{\text{EDM}}\, \varepsilon$. Give this number for a state $\alpha x + \sigma \varepsilon$ of any path. The
checker tries the straight path and the cosine path.

Hint: What must be done to $\alpha x + \sigma \varepsilon$ so that the data stands there as it is?
"""

import torch

from classroom.exercises import Exercise, Mistake


# --- stub
def quarter_log(alpha, sigma):
    """alpha, sigma: (B,). The numbers (B,)."""
    return ...


# --- solution
def solution(alpha, sigma):
    return torch.log(sigma / alpha) / 4  # of x_t / alpha = x + (sigma / alpha) eps


# --- checker
def _cases(g: torch.Generator) -> list[tuple]:
    t, angle = torch.linspace(0.03, 0.97, 25), torch.linspace(0.05, 1.5, 25)
    return [(t, 1 - t), (angle.cos(), angle.sin())]


check = Exercise(
    solution,
    _cases,
    see="08_time_scale: Other ways to show the time",
    mistakes={
        "this path's sigma for EDM's": Mistake(
            lambda alpha, sigma: sigma.log() / 4,
            "EDM does not shrink the data. Divide the state by alpha to compare: its noise is sigma / alpha.",
        ),
        "the sign of the log-SNR": Mistake(
            lambda alpha, sigma: (alpha / sigma).log() / 4,
            "lambda / 8 grows towards the data; c_noise grows with the noise: -lambda / 8.",
        ),
        "a quarter of the log-SNR": Mistake(
            lambda alpha, sigma: (sigma / alpha).log() / 2,
            "The log-SNR is 2 log(alpha / sigma), so log(sigma / alpha) / 4 is an eighth of it.",
            "02_noise_schedules: One number per step: the log-SNR",
        ),
        "the quarter forgotten": Mistake(
            lambda alpha, sigma: (sigma / alpha).log(),
            "The quarter keeps the number within a few units, as a net likes its inputs.",
        ),
        "a logarithm to base ten": Mistake(
            lambda alpha, sigma: (sigma / alpha).log10() / 4,
            "The logarithm is the natural one, as in the log-SNR.",
        ),
    },
)
