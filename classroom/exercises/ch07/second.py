"""Heun's method: integrate(velocity, x, K) -> x at time 1. velocity(x, t) -> like x; x: (B, d) at time 0; K equal steps."""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn

SEE = "07_solvers_and_the_k_budget: Five solvers on one page"


def answer(velocity: Callable, x: Tensor, K: int) -> Tensor:
    """The mean of the velocities at both ends of each step."""
    return _walk(lambda x, t, h, u, k1: (k1 + u(x + h * k1, t + h)) / 2)(velocity, x, K)


def _walk(slope: Callable, steps: Callable = lambda K: K) -> Callable:
    """A method from the slope it follows: slope(x, t, h, velocity, velocity at (x, t))."""

    def integrate(velocity, x, K):
        h = 1 / steps(K)
        for i in range(steps(K)):
            x = x + h * slope(x, i * h, h, velocity, velocity(x, i * h))
        return x

    return integrate


def run(integrate, K: int, x: Tensor) -> tuple[Tensor, int]:
    """Where a curved field leads, and how often it was asked."""
    calls = []

    def velocity(x, t):
        calls.append(t)
        return torch.stack([x[:, 1] * (1 + t), -x[:, 0] + t**2], 1)

    return integrate(velocity, x, K), len(calls)


check = Exercise(
    answer,
    lambda g: [(K, randn((8, 2), generator=g).double()) for K in (1, 4, 9)],
    run=run,
    rtol=1e-5,
    mistakes=[
        Mistake(
            "Euler's method",
            _walk(lambda x, t, h, u, k1: k1),
            "One velocity a step, that of its beginning, is first order. Heun asks at the end of the step as well.",
            SEE,
        ),
        Mistake(
            "the second velocity at the old point",
            _walk(lambda x, t, h, u, k1: (k1 + u(x, t + h)) / 2),
            "The end of the step is at another time and at another point: first go there by Euler's rule.",
            SEE,
        ),
        Mistake(
            "the second velocity at the old time",
            _walk(lambda x, t, h, u, k1: (k1 + u(x + h * k1, t)) / 2),
            "The velocity changes with the time as well: ask at t + h.",
            SEE,
        ),
        Mistake(
            "the sum for the mean",
            _walk(lambda x, t, h, u, k1: k1 + u(x + h * k1, t + h)),
            "Two velocities are averaged. Their sum walks twice as far.",
            SEE,
        ),
        Mistake(
            "the midpoint rule",
            _walk(lambda x, t, h, u, k1: u(x + h / 2 * k1, t + h / 2)),
            "Asking in the middle of the step is of second order too, for two calls. It is another rule than Heun's.",
            SEE,
        ),
        Mistake(
            "one step too few",
            _walk(lambda x, t, h, u, k1: (k1 + u(x + h * k1, t + h)) / 2, lambda K: max(K - 1, 1)),
            "K + 1 grid points make K steps. A grid of K points makes K - 1.",
            "07_solvers_and_the_k_budget: What a sampler is given",
        ),
    ],
)
