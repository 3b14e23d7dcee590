"""up the path and back

The third row of the lab moves blended latents up the path to time $t$ and lets the model walk back to the data. Write
that step: noise `z` with the given `eps`, then take exactly `calls` network calls of Euler's rule from $t$ to the
data. `model` is on the straight path; you may use `sample` and its argument `grid`, or ask `model.estimate(x_t, t)`
yourself.

Hint: A walk may begin anywhere: it is only told where by its grid. How many points has a grid of `calls` steps?
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.counting import Counting
from lib.oracle import Oracle
from lib.samplers import euler, sample
from lib.seeding import randn


# --- stub
def up_and_back(model, z, eps, t, calls):
    """z, eps: (B, d). t: a number in (0, 1). Latents (B, d) at time 1."""
    return ...


# --- solution
def solution(model, z, eps, t, calls):
    x_t = t * z + (1 - t) * eps
    return sample(model, x_t, calls, euler, grid=torch.linspace(t, 1, calls + 1))


# --- checker
PATH = "06_flow_matching: Path and velocity"


def run(remix, t: float, calls: int, z: Tensor, eps: Tensor) -> tuple[Tensor, int]:
    """The latents, and how often the model was asked."""
    model = Counting()
    return remix(model, z, eps, t, calls), model.calls


def _walk(model: Oracle, x: Tensor, first: float, calls: int) -> Tensor:
    return sample(model, x, calls, euler, grid=torch.linspace(first, 1, calls + 1))


check = Exercise(
    solution,
    lambda g: [(t, K, randn((60, 2), generator=g), randn((60, 2), generator=g)) for t, K in ((0.5, 4), (0.8, 3))],
    run=run,
    rtol=1e-3,
    see="13_latent_diffusion: Lab: from one digit to another",
    mistakes={
        "the walk begun at pure noise": Mistake(
            lambda model, z, eps, t, K: _walk(model, t * z + (1 - t) * eps, 0.0, K),
            "x_t has the noise of time t. Told that it is time 0, the "
            "model takes the whole of it for noise, and z is forgotten.",
        ),
        "the clock turned round": Mistake(
            lambda model, z, eps, t, K: _walk(model, (1 - t) * z + t * eps, t, K),
            "On this book's straight path t = 1 is data: alpha = t, sigma = 1 - t. Half of the literature turns it round.",
            PATH,
        ),
        "noise added, data not shrunk": Mistake(
            lambda model, z, eps, t, K: _walk(model, z + (1 - t) * eps, t, K),
            "x_t = alpha z + sigma eps: the data shrink to alpha = t as "
            "well. The model has never seen an x_t as large as this.",
            PATH,
        ),
        "no noise at all": Mistake(
            lambda model, z, eps, t, K: _walk(model, t * z, t, K),
            "Without its noise a state lies where no x_t is likely, and the model's answer there is of no use.",
        ),
        "one grid point short": Mistake(
            lambda model, z, eps, t, K: sample(
                model, t * z + (1 - t) * eps, K - 1, euler, grid=torch.linspace(t, 1, K)
            ),
            "K steps visit K + 1 grid points. With K points there are K - 1 steps.",
            "07_solvers_and_the_k_budget: What a sampler is given",
        ),
    },
)
