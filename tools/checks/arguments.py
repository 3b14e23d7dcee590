"""Arguments for `tools.checks.fuzz`: what the functions of `lib` want, and what nobody wants."""

import math
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

import lib
from lib import randn, seeded
from lib.samplers import rules
from lib.training import logit_normal, stratified_uniform

B = 4  # rows of every good batch


class Harm(NamedTuple):
    """An argument that nobody wants, by a name for the report."""

    name: str
    value: object


HARM = [
    Harm("None", None), Harm("0", 0), Harm("-1", -1), Harm("1.5", 1.5), Harm("nan", math.nan), Harm("inf", math.inf),
    Harm("text", "euler"), Harm("[]", []), Harm("list", [0.5, 1.0]), Harm("tuple", (2, 3)), Harm("dict", {}), Harm("True", True),
    Harm("10**30", 10**30), Harm("1e300", 1e300), Harm("complex", 1j), Harm("class", lib.LinearPath), Harm("object", object()),
    Harm("function", len), Harm("numpy", np.zeros((B, 2))), Harm("numpy number", np.float32(0.5)),
    Harm("0-dim", torch.tensor(0.5)), Harm("0-dim int", torch.tensor(3)), Harm("empty", torch.zeros(0)),
    Harm("no rows", torch.zeros(0, 2)), Harm("no columns", torch.zeros(B, 0)), Harm("one row", torch.ones(1, 2)),
    Harm("(B, 1)", torch.zeros(B, 1)), Harm("(B, 3)", torch.zeros(B, 3)), Harm("(B,)", torch.full((B,), 0.5)),
    Harm("(2,)", torch.full((2,), 0.5)), Harm("(B, 2, 1)", torch.zeros(B, 2, 1)), Harm("3-D", torch.zeros(B, 3, 4)),
    Harm("images", torch.zeros(B, 1, 4, 8)), Harm("5-D", torch.zeros(B, 1, 2, 2, 2)), Harm("ints", torch.ones(B, 2).long()),
    Harm("bytes", torch.full((B, 2), 200, dtype=torch.uint8)), Harm("bools", torch.ones(B, dtype=torch.bool)),
    Harm("complexes", torch.ones(B, 2, dtype=torch.complex64)), Harm("doubles", torch.ones(B, 2).double()),
    Harm("halves", torch.ones(B, 2).half()), Harm("bfloats", torch.ones(B, 2).bfloat16()),
    Harm("nans", torch.full((B, 2), math.nan)), Harm("infs", torch.full((B, 2), -math.inf)),
    Harm("huge", torch.full((B, 2), 3e38)), Harm("large doubles", torch.full((B, 2), 1e300, dtype=torch.float64)),
    Harm("labels of 9", torch.full((B,), 9)), Harm("labels of -2", torch.full((B,), -2)), Harm("5 labels", torch.zeros(5).long()),
    Harm("byte labels", torch.ones(B, dtype=torch.uint8)), Harm("float labels", torch.zeros(B)),
    Harm("nan times", torch.full((B,), math.nan)), Harm("times of 2", torch.full((B,), 2.0)), Harm("int times", torch.arange(B)),
]  # fmt: skip
WILD = {
    h.name
    for h in HARM
    if h.name in ("nan", "inf", "10**30", "1e300", "nans", "infs", "huge", "large doubles", "nan times")
}


@cache
def things() -> dict[str, list]:
    """What is wanted, a few of each kind. Nets have random weights; images are of 1 x 4 x 4."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        flow_net, cond_net = lib.MLPDenoiser(width=8, t_scale=1000), lib.MLPDenoiser(width=8, t_scale=1000, classes=3)
        ddpm_net, half_net = lib.MLPDenoiser(width=8), lib.MLPDenoiser(width=8, t_scale=1000).bfloat16()
        dit, unet, auto, judge = (
            lib.DiT(4, width=8, depth=1, heads=2, classes=3),
            lib.UNet(4, width=8, levels=2, classes=3),
            lib.Autoencoder(width=4),
            lib.Classifier(4, 4),
        )
        block, label, several = (
            lib.DiTBlock(8, 2),
            lib.LabelEmbedding(3, 8),
            lib.Ensemble([lib.MLPDenoiser(width=8)] * 2),
        )
    moons, x, y = lib.two_moons_mixture(), randn((B, 2), generator=seeded(1)), torch.arange(B) % 2
    straight, schedule = lib.LinearPath(), lib.DiscreteSchedule(lib.linear_betas(50))
    narrow = partial(net_that_answers, 1)
    flows = [lib.FlowMatching(flow_net), lib.FlowMatching(cond_net, lib.CosinePath(), "v"), lib.FlowMatching(half_net),
             lib.Oracle(moons, straight), lib.EmpiricalOracle(x, straight, y), lib.FlowMatching(narrow)]  # fmt: skip
    ddpms = [lib.DDPM(ddpm_net, lib.linear_betas(50)), lib.Oracle(moons, schedule)]
    images = randn((B, 1, 4, 4), generator=seeded(2))
    return {
        "x": [x, x.double(), x.bfloat16()], "single": [x], "eps": [randn((B, 2), generator=seeded(3))], "y": [None, y],
        "labels": [y], "images": [images], "latents": [randn((B, 4, 1, 1))],
        "t": [0.3, torch.rand(B, generator=seeded(4)), 0.0, 1.0], "step": [7, torch.arange(B), 49],
        "generator": [None, seeded(5)], "path": [straight, lib.VPPath(), schedule], "flow": flows, "ddpm": ddpms,
        "model": flows + ddpms, "learned": flows[:3] + ddpms[:1], "net": [flow_net, cond_net, ddpm_net],
        "mlp": [flow_net], "dit": [dit], "unet": [unet], "unet width": [8], "unet levels": [1, 2], "auto": [auto],
        "judge": [judge], "block": [block], "label net": [label],
        "nets": [several], "mixture": [moons], "rule": rules(), "target": list(lib.TARGETS),
        "coeffs": [straight.coeffs(0.3), schedule.coeffs(7)], "calls": [4, 8], "n": [1, 3, 10], "count": [1, 2], "shift": [0, 1],
        "steps": [1, 2, 10], "T": [50, 100], "shape": [(B, 2), [3, 2]], "beta": [1e-4, 0.02],
        "betas": [lib.linear_betas(50), [0.1, 0.2]], "scale": [0.0, 1.0, 3.0], "interval": [None, (0.1, 2.0)],
        "weak": [None, flows[3]], "probability": [0, 0.5, 1.0], "rare": [0.01, 0.5], "flag": [True, False], "seed": [0, 7],
        "grid": [None, torch.linspace(0, 1, 5), straight.grid(8)], "start": [None, x], "dim": [2, 8], "size": [4, 8],
        "patch": [2, 1, 4], "tokens": [torch.zeros(B, 4, 4)], "channels": [1], "classes": [None, 3],
        "decay": [0.9, 0.0], "weights": [[0.4, 0.6]], "means": [[[0.0, 1.0], [1.0, 2.0]]],
        "variances": [[[1.0, 1.0], [0.5, 2.0]]], "classes of": [None, [0, 1]],
        "values": [[1.0, 2.0], torch.arange(3.0)], "data": [list(batches(x, y)), list(batches(x, None))], "lr": [1e-3],
        "ema": [None], "times": [None, logit_normal], "metric": [lib.sliced_wasserstein, lib.energy_distance],
        "draw": [lambda n, g: moons.sample(n, generator=g)[0]], "number": [0.5, 2.0], "like": [None, x],
        "qkv": [torch.ones(B, 3, 2)], "width8": [torch.zeros(B, 3, 8)],
        "condition": [torch.zeros(B, 8), torch.zeros(1, 8)], "dtype": [torch.float32, torch.float64],
        "list of nets": [[flow_net, flow_net]], "drawer": [stratified_uniform, logit_normal], "schedule": [schedule],
        "low": [-1.0, 0.0], "quantile": [None, 0.9, 1.0],
        "u": [torch.rand(B, generator=seeded(6))], "ddpm net": ddpms[:1], "flows": flows[:3], "no": [False],
    }  # fmt: skip


def net_that_answers(columns: int, x_t: Tensor, t, y=None) -> Tensor:
    """A net of one's own that answers (B, columns)."""
    return x_t.reshape(len(x_t), -1)[:, :columns]


def batches(x: Tensor, y: Tensor | None) -> list:
    """Three batches."""
    return [(x, y)] * 3
