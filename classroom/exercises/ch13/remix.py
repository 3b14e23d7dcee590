"""Half way up and back: remix(model, z, eps, t, calls) -> latents like z that the model finds likely, by Euler's rule.

model: on the straight path. z, eps: (B, d). t: the time to go back to, in (0, 1). calls: network calls from t to the data.
"""

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.counting import Counting
from lib.oracle import Oracle
from lib.samplers import euler, sample
from lib.seeding import randn

SEE = "13_latent_diffusion: Lab: from one digit to another"
PATH = "06_flow_matching: Path and velocity"


def answer(model: Oracle, z: Tensor, eps: Tensor, t: float, calls: int) -> Tensor:
    """Noise z up to time t, then walk from t to 1."""
    grid = torch.linspace(t, 1, calls + 1)
    return sample(model, t * z + (1 - t) * eps, calls, euler, grid=grid)


def run(remix, t: float, calls: int, z: Tensor, eps: Tensor) -> tuple[Tensor, int]:
    """The latents, and how often the model was asked."""
    model = Counting()
    return remix(model, z, eps, t, calls), model.calls


def _walk(model: Oracle, x: Tensor, first: float, calls: int) -> Tensor:
    return sample(model, x, calls, euler, grid=torch.linspace(first, 1, calls + 1))


check = Exercise(
    answer,
    lambda g: [(t, K, randn((60, 2), generator=g), randn((60, 2), generator=g)) for t, K in ((0.5, 4), (0.8, 3))],
    run=run,
    rtol=1e-3,
    mistakes=[
        Mistake(
            "the walk begun at pure noise",
            lambda model, z, eps, t, K: _walk(model, t * z + (1 - t) * eps, 0.0, K),
            "x_t has the noise of time t. Told that it is time 0, the model takes the whole of it for noise, and z is forgotten.",
            SEE,
        ),
        Mistake(
            "the clock turned round",
            lambda model, z, eps, t, K: _walk(model, (1 - t) * z + t * eps, t, K),
            "On this book's straight path t = 1 is data: alpha = t, sigma = 1 - t. Half of the literature turns it round.",
            PATH,
        ),
        Mistake(
            "noise added, data not shrunk",
            lambda model, z, eps, t, K: _walk(model, z + (1 - t) * eps, t, K),
            "x_t = alpha z + sigma eps: the data shrink to alpha = t as well. The model has never seen an x_t as large as this.",
            PATH,
        ),
        Mistake(
            "no noise at all",
            lambda model, z, eps, t, K: _walk(model, t * z, t, K),
            "Without its noise a state lies where no x_t is likely, and the model's answer there is of no use.",
            SEE,
        ),
        Mistake(
            "one grid point short",
            lambda model, z, eps, t, K: sample(
                model, t * z + (1 - t) * eps, K - 1, euler, grid=torch.linspace(t, 1, K)
            ),
            "K steps visit K + 1 grid points. With K points there are K - 1 steps.",
            "07_solvers_and_the_k_budget: What a sampler is given",
        ),
    ],
)
