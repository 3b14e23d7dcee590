"""Heun by hand

Integrate a velocity from $t = 0$ to $t = 1$ in $K$ equal steps of Heun's rule. The checker gives you curved fields
that change with the time, and counts how often you ask.

Hint: A guess by Euler's rule, then the mean of two velocities. Where and when is the second one?
"""

from collections.abc import Callable

import torch
from torch import Tensor

from classroom.exercises import Exercise, Mistake
from lib.seeding import randn


# --- stub
def integrate(velocity, x, K):
    """velocity(x, t) -> like x, for a number t. x: (B, d) at time 0. x at time 1."""
    return ...


# --- solution
def solution(velocity, x, K):
    h = 1 / K
    for i in range(K):
        first = velocity(x, i * h)
        last = velocity(x + h * first, (i + 1) * h)  # at the end that Euler's rule would reach
        x = x + h * (first + last) / 2
    return x


# --- checker
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
    solution,
    lambda g: [(K, randn((8, 2), generator=g).double()) for K in (1, 4, 9)],
    run=run,
    rtol=1e-5,
    see="07_solvers_and_the_k_budget: Five solvers on one page",
    mistakes={
        "Euler's method": Mistake(
            _walk(lambda x, t, h, u, k1: k1),
            "One velocity a step, that of its beginning, is first order. Heun asks at the end of the step as well.",
        ),
        "the second velocity at the old point": Mistake(
            _walk(lambda x, t, h, u, k1: (k1 + u(x, t + h)) / 2),
            "The end of the step is at another time and at another point: first go there by Euler's rule.",
        ),
        "the second velocity at the old time": Mistake(
            _walk(lambda x, t, h, u, k1: (k1 + u(x + h * k1, t)) / 2),
            "The velocity changes with the time as well: ask at t + h.",
        ),
        "the sum for the mean": Mistake(
            _walk(lambda x, t, h, u, k1: k1 + u(x + h * k1, t + h)),
            "Two velocities are averaged. Their sum walks twice as far.",
        ),
        "the midpoint rule": Mistake(
            _walk(lambda x, t, h, u, k1: u(x + h / 2 * k1, t + h / 2)),
            "Asking in the middle of the step is of second order too, for two calls. It is another rule than Heun's.",
        ),
        "one step too few": Mistake(
            _walk(lambda x, t, h, u, k1: (k1 + u(x + h * k1, t + h)) / 2, lambda K: max(K - 1, 1)),
            "K + 1 grid points make K steps. A grid of K points makes K - 1.",
            "07_solvers_and_the_k_budget: What a sampler is given",
        ),
    },
)
