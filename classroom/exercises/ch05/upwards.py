"""Encode: encode(model, x, grid) -> the codes (B, 2) of clean samples x (B, 2). grid: integer times from -1 up to T - 1."""

from itertools import pairwise

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from classroom.exercises.chain import oracle
from lib.data import two_moons
from lib.seeding import seeded

SEE = "05_ddim_and_the_probability_flow: From data to noise and back"


def answer(model, x: Tensor, grid: Tensor) -> Tensor:
    """DDIM without noise, upwards."""
    return _encode(model, x, list(pairwise(grid.tolist())))


def _encode(model, x, moves, asked=0, kept=None):
    """Walk along `moves`, asking the model at entry `asked` of each; `kept` stays for the clean sample in every step."""
    for t, s in moves:
        estimate = model.estimate(x, s if asked else t)
        c = model.path.coeffs(s)
        x = c.alpha * (estimate.x0 if kept is None else kept) + c.sigma * estimate.eps
    return x


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
    answer,
    lambda g: [(8,), (25,)],
    run=run,
    mistakes=[
        Mistake(
            "one step short",
            lambda model, x, grid: _encode(model, x, list(pairwise(grid))[:-1]),
            "K steps have K + 1 grid points, and K moves between them. The last one leads to T - 1.",
            SEE,
        ),
        Mistake(
            "the grid walked downwards",
            lambda model, x, grid: _encode(model, x, list(pairwise(grid.flip(0)))),
            "That takes a clean sample for noise and denoises it. Here the grid begins at -1, the clean end: keep its order.",
            SEE,
        ),
        Mistake(
            "asked at the other end",
            lambda model, x, grid: _encode(model, x, list(pairwise(grid)), asked=1),
            "Asked at s, the two halves add up to x again: nothing moves. x is a state of time t: ask there.",
            SEE,
        ),
        Mistake(
            "the clean sample kept",
            lambda model, x, grid: _encode(model, x, list(pairwise(grid)), kept=x),
            "The step mixes the two halves of one estimate. The original with the model's noise is another walk.",
            SEE,
        ),
        Mistake(
            "the signal not shrunk",
            _euler,
            "On the way up alpha falls: x_s = alpha_s x0 + sigma_s eps. Noise added to an unshrunk state is another path.",
            "05_ddim_and_the_probability_flow: A family of steps",
        ),
    ],
)
