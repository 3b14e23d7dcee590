r"""mend the average

Mend `averaged(weights, decay)`: the average of a net's weights after a training. `weights` has the shape (n, D), in
bfloat16, a row for every step; the average begins at the first row.

Hint: bfloat16 keeps eight binary digits. How large must an update be, next to the number that it is added to, in
order not to be rounded away?
"""

import torch

from classroom.exercises import Mistake
from classroom.exercises.repair import Repair


# --- stub
def averaged(weights, decay):
    """The average, shape (D,)."""
    average = weights[0].clone()
    for newest in weights[1:]:
        average.lerp_(newest, 1 - decay)
    return average


# --- solution
# An update is 1 - decay times a difference. Below 1/512 of the average it is rounded to nothing, again and again.
# So the sum is kept in float32, whatever the net computes in.
def solution(weights, decay):
    average = weights[0].float()
    for newest in weights[1:]:
        average.lerp_(newest.float(), 1 - decay)
    return average


# --- checker
def cases(g: torch.Generator) -> list[tuple]:
    """Weights that travel and tremble, and weights that jump from 0 to 1."""
    way = torch.linspace(1, 3, 400)[:, None] * torch.tensor([1.0, -0.5, 0.2])
    travel = way + 0.05 * torch.randn(400, 3, generator=g)
    jump = torch.cat([torch.zeros(1, 2), torch.ones(1500, 2)])
    return [(travel.bfloat16(), 0.99), (jump.bfloat16(), 0.999)]


def _float16(weights, decay):
    average = weights[0].half()
    for newest in weights[1:]:
        average.lerp_(newest.half(), 1 - decay)
    return average


check = Repair(
    solution,
    cases,
    broken=averaged,
    rtol=1e-2,  # the result may be rounded to bfloat16, once
    see="09_training_craft: The average of the weights",
    mistakes={
        "float16 for bfloat16": Mistake(
            _float16,
            "Three more digits move the place where it stands still, to a decay a little nearer to 1.",
        ),
        "a shorter memory": Mistake(
            lambda weights, decay: solution(weights, min(decay, 0.9)),
            "With large updates nothing is rounded away. It is an average over ten steps, which was not asked for.",
        ),
        "the decay rounded as well": Mistake(
            lambda weights, decay: solution(weights, torch.tensor(decay).bfloat16().item()),
            "The sum is kept in float32, and the decay is not: below 1 bfloat16 has 0.9961 and then 1, which moves nothing.",
        ),
        "the mean of all steps": Mistake(
            lambda weights, decay: weights.float().mean(0),
            "All weights count alike there, the beginning of the training included. The decay was asked for.",
        ),
    },
)
