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
    """velocity(x, t) -> like x, t a number. x: (B, d) at time 0. At time 1."""
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
GRID = "07_solvers_and_the_k_budget: What a sampler is given"


def _walk(slope: Callable, steps: Callable = lambda K: K) -> Callable:
    """A method from the slope it follows: slope(x, t, h, velocity, velocity at (x, t))."""

    def integrate(velocity, x, K):
        h = 1 / steps(K)
        for i in range(steps(K)):
            x = x + h * slope(x, i * h, h, velocity, velocity(x, i * h))
        return x

    return integrate


def _heun(x, t, h, velocity):
    first = velocity(x, t)
    return x + h * (first + velocity(x + h * first, t + h)) / 2


def _marched(times: Callable, length: Callable, moves: Callable = lambda K: K) -> Callable:
    """Heun's steps from times(i, K), length(K) long, moves(K) of them."""

    def integrate(velocity, x, K):
        for i in range(moves(K)):
            x = _heun(x, times(i, K), length(K), velocity)
        return x

    return integrate


def _down(sign: float) -> Callable:
    """The clock from 1 to 0, the state moved along the velocity (+1) or against it (-1)."""

    def integrate(velocity, x, K):
        for i in range(K):
            t, h = 1 - i / K, sign / K
            first = velocity(x, t)
            x = x + h * (first + velocity(x + h * first, t - 1 / K)) / 2
        return x

    return integrate


def _first_kept(velocity, x, K):
    begin, h = x, 1 / K
    for i in range(K):
        first = velocity(begin, i * h)
        x = x + h * (first + velocity(x + h * first, (i + 1) * h)) / 2
    return x


def run(integrate, K: int, x: Tensor) -> tuple[Tensor, int]:
    """Where a curved field leads, and how often it was asked."""
    calls = []

    def velocity(x, t):
        calls.append(t)
        return torch.stack([x[:, 1] * (1 + t), -x[:, 0] + t**2], 1)

    return integrate(velocity, x, K), len(calls)


check = Exercise(
    solution,
    lambda g: [(K, randn((8, 2), generator=g).double()) for K in (2, 4, 9)],
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
            GRID,
        ),
        "steps of 1 / (K - 1)": Mistake(
            _marched(lambda i, K: i / (K - 1), lambda K: 1 / (K - 1)),
            "K steps of that length end beyond 1. K points have K - 1 gaps between them; K steps are 1 / K long.",
            GRID,
        ),
        "times and steps of different grids": Mistake(
            _marched(lambda i, K: i / (K - 1), lambda K: 1 / K),
            "linspace(0, 1, K) has gaps of 1 / (K - 1), and the state moves by 1 / K: "
            "from the second step on the velocity belongs to a later time than the state.",
            GRID,
        ),
        "the clock run backwards": Mistake(
            _down(1.0),
            "The state moves towards the data, and the velocity is asked at times that lead away from it. On "
            "this clock 0 is noise and 1 is data. A well-known minimal code had it.",
            GRID,
        ),
        "from data to noise": Mistake(
            _down(-1.0),
            "That walks from t = 1 to t = 0, the way of an inversion. Asked for is x at time 1, from x at time 0.",
            GRID,
        ),
        "against the velocity": Mistake(
            _walk(lambda x, t, h, u, k1: -(k1 + u(x - h * k1, t + h)) / 2),
            "On this clock the velocity points to the data: it is added. The minus belongs to a clock on which 1 is noise.",
        ),
        "the first state in every step": Mistake(
            _first_kept,
            "The velocity is asked at the point where the walk began, again and again. Feed the net what the last step gave.",
        ),
        "one step whatever K": Mistake(
            _marched(lambda i, K: 0.0, lambda K: 1.0, lambda K: 1),
            "Grid and step size say different things: one step of length 1 was made. K steps need K turns of the loop.",
            GRID,
        ),
        "stopped after the first step": Mistake(
            _marched(lambda i, K: 0.0, lambda K: 1 / K, lambda K: 1),
            "The loop makes one step of length 1 / K and ends: a `return` stands inside of it, or x is not handed on.",
        ),
        "the index for the time": Mistake(
            lambda velocity, x, K: solution(lambda x, t: velocity(x, K * t), x, K),
            "The velocity takes a time in [0, 1]. The number of the step, 0, 1, 2, ..., is h times too large.",
        ),
    },
)
