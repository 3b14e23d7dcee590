"""Answers to the exercises of chapter 06b."""

import math
from itertools import pairwise

import torch
from scipy.optimize import linear_sum_assignment

from tests.exercises.answers import Answers

# --- pairs on a line


def line_by_rank(x, eps):
    return torch.sort(eps)[0][torch.argsort(torch.argsort(x))]


def line_one_by_one(x, eps):
    rest, result = sorted(eps.tolist()), eps.clone()
    for row in sorted(range(len(x)), key=lambda i: x[i].item()):
        result[row] = rest.pop(0)
    return result


def line_backwards(x, eps):
    result = eps.clone()
    result[x.argsort()] = eps.sort().values.flip(0)
    return result


# --- straightness


def straight_by_loop(trail):
    K, total = trail.shape[0] - 1, 0.0
    chord = trail[K] - trail[0]
    for a, b in pairwise(trail):
        total = total + (((b - a) * K - chord) ** 2).sum()
    return total / (K * trail.shape[1])


def straight_expanded(trail):
    """Mean square of the velocity, less that of the chord: the velocity's mean over the clock is the chord."""
    K = len(trail) - 1
    v, chord = K * (trail[1:] - trail[:-1]), trail[-1] - trail[0]
    return v.pow(2).sum(-1).mean() - chord.pow(2).sum(-1).mean()


def straight(steps, measure):
    def wrong(trail):
        K = steps(trail)
        return measure((trail[1:] - trail[:-1]) / (1 / K) - trail[-1] + trail[0])

    return wrong


def squares(difference):
    return difference.pow(2).sum(dim=2).mean()


def gaps_of(trail):
    return trail.shape[0] - 1


def length_over_chord(trail):
    length = sum((b - a).norm(dim=1).sum() for a, b in pairwise(trail))
    return length / (trail[-1] - trail[0]).norm(dim=1).sum()


# --- couple


def couple_by_penalty(x_data, y, eps):
    """One assignment for all, in which no pair may cross the classes."""
    cost = (x_data[:, None] - eps).pow(2).sum(-1) + 1e6 * (y[:, None] != y)
    return eps[linear_sum_assignment(cost.numpy())[1]]


def couple_by_class(assign):
    def couple(x_data, y, eps):
        result = torch.zeros_like(eps)
        for k in set(y.tolist()):
            rows = (y == k).nonzero().flatten()
            a, b = x_data[rows], eps[rows]
            assign((a[:, None] - b).pow(2).sum(-1), rows, eps, result)
        return result

    return couple


def couple_straight(cost, rows, eps, result):
    i, j = linear_sum_assignment(cost)
    result[rows[i]] = eps[rows[j]]


def couple_inverse(cost, rows, eps, result):
    i, j = linear_sum_assignment(cost)
    result[rows[j]] = eps[rows[i]]


def couple_by_length(cost, rows, eps, result):
    couple_straight(cost.sqrt(), rows, eps, result)


def couple_nearest(cost, rows, eps, result):
    result[rows] = eps[rows[cost.min(1).indices]]


def couple_dearest(cost, rows, eps, result):
    couple_straight(-cost, rows, eps, result)


def couple_blind(x_data, y, eps):
    return eps[linear_sum_assignment((x_data[:, None] - eps).pow(2).sum(-1))[1]]


def couple_sorted(x_data, y, eps):
    order = y.argsort(stable=True)
    return couple_by_penalty(x_data, y, eps)[order]


ANSWERS = {
    "cost_of_optimal_pairs": Answers(
        right=[10, 3.0**2 + 1],
        wrong={
            "independent pairs": 14,
            "the means alone": 9,
            "the variances subtracted": 12,
            "the order turned round": 9 + (2 + 1) ** 2,
            "the root taken": math.sqrt(10),
        },
    ),
    "one_step_lands": Answers(
        right=[4.6, 1 + (0.8 * 2 + 3 - 1)],
        wrong={
            "independent pairs": 3,
            "optimal pairs": 5,
            "the correlation for the covariance": 3.8,
            "the variance for the deviation": 6.2,
            "the velocity": 3.6,
        },
    ),
    "pairs_on_a_line": Answers(
        right=[line_by_rank, line_one_by_one],
        wrong={
            "the noise sorted, the data not": lambda x, eps: torch.sort(eps)[0],
            "the data's order for the noise": lambda x, eps: eps[torch.argsort(x)],
            "ranks of unsorted noise": lambda x, eps: eps[torch.argsort(torch.argsort(x))],
            "both orders, in the wrong place": lambda x, eps: torch.sort(eps)[0][torch.argsort(x)],
            "the order turned round": line_backwards,
            "the nearest noise for everybody": lambda x, eps: eps[torch.cdist(x[:, None], eps[:, None]).min(1).indices],
        },
    ),
    "straightness": Answers(
        right=[straight_by_loop, straight_expanded],
        wrong={
            "a step for the velocity": straight(lambda trail: 1, squares),
            "as many steps as times": straight(lambda trail: trail.shape[0], squares),
            "a mean over the coordinates": straight(gaps_of, lambda d: (d**2).mean()),
            "the length for its square": straight(gaps_of, lambda d: d.pow(2).sum(-1).sqrt().mean()),
            "the length over the chord": length_over_chord,
            "the chord taken from step to step": lambda trail: (
                gaps_of(trail) ** 2 * (trail[1:] - trail[:-1]).pow(2).sum(-1).mean()
            ),
        },
    ),
    "class_pairing": Answers(
        right=[couple_by_penalty, couple_by_class(couple_straight)],
        wrong={
            "paired across the classes": couple_blind,
            "the order turned round": couple_by_class(couple_inverse),
            "the distance without its square": couple_by_class(couple_by_length),
            "the nearest noise for everybody": couple_by_class(couple_nearest),
            "the classes one after the other": couple_sorted,
            "the dearest pairs": couple_by_class(couple_dearest),
        },
    ),
}
