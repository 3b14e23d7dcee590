"""Answers to the exercises of chapter 07."""

from itertools import pairwise

import numpy as np
import torch

from tests.exercises.answers import Answers


def heun_by_hand(velocity, x, K):
    grid = torch.linspace(0, 1, K + 1, dtype=torch.float64).tolist()
    for t, s in pairwise(grid):
        first = velocity(x, t)
        guess = x + (s - t) * first
        x = x + 0.5 * (s - t) * first + 0.5 * (s - t) * velocity(guess, s)
    return x


def heun_by_recursion(velocity, x, K, t=0.0, left=None):
    left = K if left is None else left
    if left == 0:
        return x
    there = x + velocity(x, t) / K
    mean = (there - x) * K / 2 + velocity(there, t + 1 / K) / 2
    return heun_by_recursion(velocity, x + mean / K, K, t + 1 / K, left - 1)


def integrate(step, fewer=0):
    """One step: step(velocity, x, t, h) -> x."""

    def method(velocity, x, K):
        K = max(K - fewer, 1)
        for i in range(K):
            x = step(velocity, x, i / K, 1 / K)
        return x

    return method


def heun_step(u, x, t, h):
    a = u(x, t)
    return x + h * (a + u(x + h * a, t + h)) / 2


def heun_on(times, length, clock=1):
    """Steps from given times, each `length` long for the state, and that times `clock` for the clock."""

    def method(velocity, x, K):
        for t in times(K).tolist():
            h = length(K)
            guess = x + h * velocity(x, t)
            x = (x + guess + h * velocity(guess, t + clock * h)) / 2
        return x

    return method


def heun_from_the_start(velocity, x, K):
    y = x
    for i in range(K):
        a = velocity(x, i / K)
        y = y + 0.5 / K * (a + velocity(y + a / K, (i + 1) / K))
    return y


def heun_by_index(velocity, x, K):
    for i in range(K):
        guess = x + velocity(x, i) / K
        x = (x + guess + velocity(guess, i + 1) / K) / 2
    return x


def order_by_polyfit(steps, errors):
    return -np.polyfit(np.log(steps.numpy()), np.log(errors.numpy()), 1)[0]


def order_by_covariance(steps, errors):
    table = torch.stack([steps.log2(), errors.log2()]).cov()
    return -table[0, 1] / table[0, 0]


def midpoint_by_model(step):
    middle = (step.t + step.s) / 2
    x = step.x + (step.s - step.t) / 2 * step.estimate.velocity(step.c_t)
    there = step.model.estimate(x, middle, step.y)
    return step.x + step.h * (there.x0 - there.eps)


def midpoint(reach=0.5, time=0.5, begin=0.0, length=1.0):
    """By hand, with how far the first half goes, the time asked at, where the step begins and how far it goes."""

    def rule(step):
        u = step.estimate.x0 - step.estimate.eps
        t = step.t + time * step.h
        return step.x + begin * step.h * u + length * step.h * step.slope(step.x + reach * step.h * u, t)

    return rule


def euler_by_hand(step):
    return step.x + step.h * (step.estimate.x0 - step.estimate.eps)


def heun_rule_by_hand(step):
    u = step.estimate.x0 - step.estimate.eps
    return step.x + step.h * 0.5 * (u + step.slope(step.x + step.h * u, step.s))


ANSWERS = {
    "heun_calls": Answers(
        right=[35, 2 * 17 + 1.0],
        wrong={
            "the last step counted as the others": 36,
            "steps for calls": 18,
            "grid points for steps": 37,
            "one call shared by neighbours": 19,
        },
    ),
    "heun_steps": Answers(
        right=[heun_by_hand, heun_by_recursion],
        wrong={
            "Euler's method": integrate(lambda u, x, t, h: x + h * u(x, t)),
            "the second velocity at the old point": integrate(
                lambda u, x, t, h: x + h / 2 * u(x, t) + h / 2 * u(x, t + h)
            ),
            "the second velocity at the old time": integrate(
                lambda u, x, t, h: heun_step(lambda y, _: u(y, t), x, t, h)
            ),
            "the sum for the mean": integrate(lambda u, x, t, h: 2 * heun_step(u, x, t, h) - x),
            "the midpoint rule": integrate(lambda u, x, t, h: x + h * u(x + 0.5 * h * u(x, t), t + 0.5 * h)),
            "one step too few": integrate(heun_step, fewer=1),
            "steps of 1 / (K - 1)": heun_on(lambda K: np.arange(K) / (K - 1), lambda K: 1 / (K - 1)),
            "times and steps of different grids": heun_on(lambda K: np.linspace(0, 1, K), lambda K: 1 / K),
            "the clock run backwards": heun_on(lambda K: np.linspace(1, 0, K + 1)[:-1], lambda K: 1 / K, clock=-1),
            "from data to noise": heun_on(lambda K: np.linspace(1, 0, K + 1)[:-1], lambda K: -1 / K),
            "against the velocity": integrate(lambda u, x, t, h: heun_step(lambda y, s: -u(y, s), x, t, h)),
            "the first state in every step": heun_from_the_start,
            "one step whatever K": lambda u, x, K: heun_step(u, x, 0.0, 1.0),
            "stopped after the first step": lambda u, x, K: heun_step(u, x, 0.0, 1 / K),
            "the index for the time": heun_by_index,
        },
    ),
    "measured_order": Answers(
        right=[order_by_polyfit, order_by_covariance],
        wrong={
            "the sign of the slope": lambda steps, errors: -order_by_polyfit(steps, errors),
            "steps without their logarithm": lambda steps, errors: (
                -np.polyfit(steps.numpy(), np.log(errors.numpy()), 1)[0]
            ),
            "the line through the origin": lambda steps, errors: (
                -np.linalg.lstsq(steps.log()[:, None].numpy(), errors.log().numpy())[0][0]
            ),
            "the axes exchanged": lambda steps, errors: order_by_polyfit(errors, steps),
            "the ends alone": lambda steps, errors: order_by_polyfit(steps[[0, -1]], errors[[0, -1]]),
        },
    ),
    "dpm_solver_2m": Answers(
        right=[
            lambda now, before, a, b, c: (1 + (c - b) / (b - a) / 2) * now - (c - b) / (b - a) / 2 * before,
            lambda now, before, a, b, c: torch.lerp(before, now, ((b + c) / 2 - a) / (b - a)),
        ],
        wrong={
            "to the end of the step": lambda now, before, a, b, c: torch.lerp(before, now, (c - a) / (b - a)),
            "the ratio upside down": lambda now, before, a, b, c: now + (now - before) * (b - a) / (c - b) / 2,
            "equal steps taken for granted": lambda now, before, a, b, c: 1.5 * now - 0.5 * before,
            "back instead of ahead": lambda now, before, a, b, c: now + (before - now) * (c - b) / (b - a) / 2,
            "no memory": lambda now, before, a, b, c: now + 0 * before,
        },
    ),
    "midpoint": Answers(
        right=[midpoint_by_model, midpoint()],
        wrong={
            "Euler's rule": euler_by_hand,
            "Heun's rule": heun_rule_by_hand,
            "the time of the beginning": midpoint(time=0.0),
            "a whole step to the middle": midpoint(reach=1.0),
            "begun in the middle": midpoint(begin=0.5),
            "half a step": midpoint(length=0.5),
        },
    ),
}
