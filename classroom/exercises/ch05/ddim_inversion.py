r"""from data to code

Walk DDIM, $\eta = 0$, the other way: from clean samples `x` (B, 2) up to their codes. `grid` holds integer times,
from $-1$ to $T - 1$. `model.estimate(x, t)` gives `x0` and `eps` at the time `t`, a number, and
`model.path.coeffs(s)` gives `alpha` and `sigma` at `s`. The checker brings the oracle, as `model`.

Hint: The step never asked which of its two times is nearer the data. `itertools.pairwise` gives each move once.
"""

from itertools import pairwise

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.chain import oracle
from lib.data import two_moons
from lib.seeding import seeded


# --- stub
def encode(model, x, grid):
    """The codes, shape (B, 2)."""
    return ...


# --- solution
def solution(model, x, grid):
    for t, s in pairwise(grid.tolist()):
        x0, eps = model.estimate(x, t)  # asked where x is
        c = model.path.coeffs(s)
        x = c.alpha * x0 + c.sigma * eps
    return x


# --- checker
def _encode(model, x, moves, asked=0, kept=None):
    """Walk along `moves`, asking the model at entry `asked` of each; `kept` stays for the clean sample in every step."""
    for t, s in moves:
        estimate = model.estimate(x, s if asked else t)
        c = model.path.coeffs(s)
        x = c.alpha * (estimate.x0 if kept is None else kept) + c.sigma * estimate.eps
    return x


def _asked_at(time):
    """The noise asked at time(i, s) in move i to s; the moves themselves are right."""

    def encode(model, x, grid):
        for i, (t, s) in enumerate(pairwise(grid.tolist())):
            here, there = model.path.coeffs(t), model.path.coeffs(s)
            eps = model.estimate(x, time(i, s)).eps
            x = there.alpha * (x - here.sigma * eps) / here.alpha + there.sigma * eps
        return x

    return encode


def _euler(model, x, grid):
    """As if each step began at the clean sample's scale: the shrinking forgotten."""
    for t, s in pairwise(grid.tolist()):
        x = x + (model.path.coeffs(s).sigma - model.path.coeffs(t).sigma) * model.estimate(x, t).eps
    return x


def run(encode, steps: int) -> Tensor:
    """The codes of ten clean samples."""
    x = two_moons(10, generator=seeded(3), dtype=torch.float64)[0]
    return encode(oracle(), x, oracle().path.grid(steps).flip(0))


check = Exercise(
    solution,
    lambda g: [(8,), (25,)],
    run=run,
    see="05_ddim_and_the_probability_flow: From data to noise and back",
    mistakes={
        "one step short": Mistake(
            lambda model, x, grid: _encode(model, x, list(pairwise(grid))[:-1]),
            "K steps have K + 1 grid points, and K moves between them. The last one leads to T - 1.",
        ),
        "the grid walked downwards": Mistake(
            lambda model, x, grid: _encode(model, x, list(pairwise(grid.flip(0)))),
            "That takes a clean sample for noise and denoises it. Here "
            "the grid begins at -1, the clean end: keep its order.",
        ),
        "asked at the other end": Mistake(
            lambda model, x, grid: _encode(model, x, list(pairwise(grid)), asked=1),
            "Asked at s, the two halves add up to x again: nothing moves. x is a state of time t: ask there.",
        ),
        "the clean sample kept": Mistake(
            lambda model, x, grid: _encode(model, x, list(pairwise(grid)), kept=x),
            "The step mixes the two halves of one estimate. The original with the model's noise is another walk.",
        ),
        "the signal not shrunk": Mistake(
            _euler,
            "On the way up alpha falls: x_s = alpha_s x0 + sigma_s eps. Noise added to an unshrunk state is another path.",
            "05_ddim_and_the_probability_flow: A family of steps",
        ),
        "the noise of the other end": Mistake(
            _asked_at(lambda i, s: s),
            "x is a state of time t, and the net is asked as if it were one of time s. Two public codes do it, and the "
            "way back closes even better so; but the step is not DDIM's, which asks where x is.",
        ),
        "the index for the time": Mistake(
            _asked_at(lambda i, s: i),
            "The net is asked at the number of the step, 0, 1, 2, ..., in the place of its time grid[i]: all of "
            "the walk seems to take place next to the data. A much-used sampler has had this line.",
        ),
        "one jump": Mistake(
            lambda model, x, grid: _encode(model, x, [(int(grid[0]), int(grid[-1]))]),
            "One step asks the model once, on clean data, which say nothing about the noise. Walk along the grid.",
        ),
        "noised, not encoded": Mistake(
            lambda model, x, grid: model.path.coeffs(int(grid[-1])).add_noise(x, torch.randn_like(x)),
            "That is a sample of q(x_T | x), another one each time. The code is the one point that DDIM leads back to x.",
        ),
    },
)
