"""Answers to the exercises of chapter 08."""

import math

import numpy as np
import torch

from lib import SinusoidalTimeEmbedding
from tests.exercises.answers import Answers


def sines_by_lib(t, dim, t_scale):
    return SinusoidalTimeEmbedding(dim, t_scale)(t)


def sines_by_loop(t, dim, t_scale):
    h = dim // 2
    waves = [10_000 ** (-i / h) for i in range(h)]
    rows = [[math.sin(w * t_scale * s) for w in waves] + [math.cos(w * t_scale * s) for w in waves] for s in t.tolist()]
    return torch.tensor(rows)


def sines(t, dim, factor, h=None, order=(0, 1)):
    half = dim // 2
    waves = np.exp(-np.log(10_000) * np.arange(half) / (h or half))
    both = [np.sin(np.outer(t, waves) * factor), np.cos(np.outer(t, waves) * factor)]
    return np.concatenate([both[i] for i in order], 1)


def in_turn(t, dim, t_scale):
    rows = sines(t, dim, t_scale)
    return rows.reshape(len(rows), 2, -1).transpose(0, 2, 1).reshape(len(rows), dim)


def held_by_eigenvalues(rows, share):
    values = torch.linalg.eigvalsh(rows.T.cov()).flip(0)
    total, k = 0.0, 0
    while total < share * values.sum():
        total, k = total + values[k], k + 1
    return k


def held_by_pca(rows, share):
    variance = np.linalg.svd(rows.numpy() - rows.numpy().mean(0), compute_uv=False) ** 2
    return int(np.searchsorted(np.cumsum(variance) / variance.sum(), share)) + 1


def held(rows, share, power=2, mean=True, add=1):
    s = np.linalg.svd(rows.numpy() - mean * rows.numpy().mean(0), compute_uv=False) ** power
    return int(np.sum(np.cumsum(s) / np.sum(s) < share)) + add


def alike_by_product(distance, dim, t_scale):
    here, there = sines(np.zeros(1), dim, t_scale), sines(distance.numpy(), dim, t_scale)
    return there @ here[0] / (here[0] @ here[0])


def alike_by_loop(distance, dim, t_scale):
    h = dim // 2
    return torch.tensor(
        [sum(math.cos(t_scale * d * 10_000 ** (-i / h)) for i in range(h)) / h for d in distance.tolist()]
    )


def blind_by_loop(logs, us):
    rows = []
    for log, u in zip(logs, us):
        weights = (log - log.max()).exp()
        rows.append((weights[:, None] * u).sum(0) / weights.sum())
    return torch.stack(rows)


def blind_by_einsum(logs, us):
    p = logs.exp() / logs.exp().sum(dim=1, keepdim=True)
    return torch.einsum("bt,btd->bd", p, us)


ANSWERS = {
    "slowest_frequency": Answers(
        right=[47_118, 2 * math.pi * 10_000 / 10_000 ** (1 / 32)],
        wrong={
            "the other variant": 62_832,
            "the period without its circle": 7_499,
            "all entries for half of them": 54_410,
            "a 2 pi in the angle": 1_193.5,
        },
    ),
    "time_embedding": Answers(
        right=[sines_by_lib, sines_by_loop],
        wrong={
            "the scale forgotten": lambda t, dim, c: sines(t, dim, 1),
            "h - 1 for h": lambda t, dim, c: sines(t, dim, c, h=dim // 2 - 1),
            "a 2 pi in the angle": lambda t, dim, c: sines(t, dim, 2 * np.pi * c),
            "the cosines first": lambda t, dim, c: sines(t, dim, c, order=(1, 0)),
            "sines and cosines in turn": in_turn,
        },
    ),
    "svd_directions": Answers(
        right=[held_by_eigenvalues, held_by_pca],
        wrong={
            "the mean left in": lambda rows, share: held(rows, share, mean=False),
            "singular values not squared": lambda rows, share: held(rows, share, power=1),
            "one too few": lambda rows, share: held(rows, share, add=0),
            "the numerical rank": lambda rows, share: int(torch.linalg.matrix_rank(rows - rows.mean(0), rtol=1e-3)),
            "all that move": lambda rows, share: len(rows.T),
        },
    ),
    "time_similarity": Answers(
        right=[alike_by_product, alike_by_loop],
        wrong={
            "sines for cosines": lambda d, dim, c: sines(d, dim, c)[:, : dim // 2].mean(1),
            "not divided by the length": lambda d, dim, c: alike_by_loop(d, dim, c) * (dim // 2),
            "divided by all entries": lambda d, dim, c: alike_by_loop(d, dim, c) / 2,
            "the scale forgotten": lambda d, dim, c: alike_by_loop(d, dim, 1),
            "a 2 pi in the angle": lambda d, dim, c: alike_by_loop(d, dim, c * math.tau),
        },
    ),
    "edm_c_noise": Answers(
        right=[
            lambda a, s: 0.25 * s.log() - 0.25 * a.log(),
            lambda a, s: -2 * torch.log(a / s) / 8,
        ],
        wrong={
            "this path's sigma for EDM's": lambda a, s: 0.25 * torch.log(s),
            "the sign of the log-SNR": lambda a, s: 2 * torch.log(a / s) / 8,
            "a quarter of the log-SNR": lambda a, s: -torch.log(a**2 / s**2) / 4,
            "the quarter forgotten": lambda a, s: s.log() - a.log(),
            "a logarithm to base ten": lambda a, s: (s.log10() - a.log10()) / 4,
        },
    ),
    "blind_oracle": Answers(
        right=[blind_by_loop, blind_by_einsum],
        wrong={
            "all times alike": lambda logs, us: us.sum(1) / us.shape[1],
            "the most probable time": lambda logs, us: torch.stack([u[log.argmax()] for log, u in zip(logs, us)]),
            "not normalised": lambda logs, us: torch.einsum("bt,btd->bd", logs.exp(), us) / logs.shape[1],
            "normalised over the points": lambda logs, us: ((logs.exp() / logs.exp().sum(0))[:, :, None] * us).sum(1),
            "logarithms as weights": lambda logs, us: torch.einsum("bt,btd->bd", logs / logs.sum(1)[:, None], us),
        },
    ),
}
