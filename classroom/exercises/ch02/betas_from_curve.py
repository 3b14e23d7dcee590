r"""betas from a curve

Turn any decreasing curve of $\bar\alpha$ into betas, and let none of them exceed <!--given-->0.999<!--/given-->.

Hint: One step multiplies what the steps before have left. What came before the first?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.ch02.cosine_schedule import solution as cosine


# --- stub
def betas_of(alpha_bars):
    """alpha_bars: (T,), of the steps 1, ..., T. The betas (T,)."""
    return ...


# --- solution
def solution(alpha_bars):
    before = torch.cat([alpha_bars.new_ones(1), alpha_bars[:-1]])  # clean data: 1
    return (1 - alpha_bars / before).clamp(max=0.999)


# --- checker
def unclipped(alpha_bars: Tensor) -> Tensor:
    """The betas before clipping."""
    return 1 - alpha_bars / torch.cat([alpha_bars.new_ones(1), alpha_bars[:-1]])


check = Exercise(
    solution,
    lambda g: [(cosine(1000),), (cosine(20),), (torch.linspace(0.9, 0.01, 12, dtype=torch.float64),)],
    see="02_noise_schedules: Every detail of the cosine schedule",
    mistakes={
        "no clip": Mistake(
            unclipped,
            "Cosine's last beta is so near to 1 that the step would divide by nearly nothing. The paper clips at 0.999.",
        ),
        "the rest of alpha-bar": Mistake(
            lambda alpha_bars: (1 - alpha_bars).clamp(max=0.999),
            "1 - alpha-bar is the noise of all steps together. One step has the ratio of two neighbours.",
        ),
        "the first step lost": Mistake(
            lambda alpha_bars: torch.cat([alpha_bars.new_zeros(1), solution(alpha_bars)[1:]]),
            "The first beta leads from clean data, alpha-bar 1, to the first entry. It is small and not 0.",
        ),
        "ratios of amplitudes": Mistake(
            lambda alpha_bars: (1 - (1 - unclipped(alpha_bars)).sqrt()).clamp(max=0.999),
            "1 - beta is a ratio of variances. With roots the noise of each step comes out about half as large.",
            "02_noise_schedules: A thousand small steps",
        ),
        "differences for ratios": Mistake(
            lambda alpha_bars: (torch.cat([alpha_bars.new_ones(1), alpha_bars[:-1]]) - alpha_bars).clamp(max=0.999),
            "A step removes a share of what is left, so differences must be divided by the alpha-bar before.",
        ),
    },
)
