"""The paths, mixtures, rules and nets of which vectors.py makes cases.

Each but the nets is a specification, which JSON can hold: {"call": a function or class of lib, "args": [...], "with": {...}},
with specifications among the arguments; {"rule": a rule's name, "with": its options}. `made` is what it stands for here, and
parity.mjs has the same function for JavaScript. So neither side types what the other means by a name.
"""

import math
from dataclasses import astuple
from functools import partial

import torch

from lib import data, diffusion, flow_matching, grids, mixture
from lib.flow_map import two_times
from lib.nets.embedding import TwoTimes
from lib.nets.mlp import MLPDenoiser
from lib.samplers import facts, rules
from lib.seeding import randn, seeded
from tests.conftest import CONTINUOUS


def made(spec):
    """What a specification stands for."""
    if isinstance(spec, list):
        return [made(part) for part in spec]
    if not isinstance(spec, dict):
        return spec
    options = {name: made(value) for name, value in spec.get("with", {}).items()}
    if "rule" in spec:
        (rule,) = (rule for rule in rules() if rule.__name__ == spec["rule"])
        return partial(rule, **options) if options else rule
    (found,) = {getattr(part, spec["call"]) for part in PARTS if hasattr(part, spec["call"])}
    return found(*made(spec.get("args", [])), **options)


PARTS = (data, diffusion, flow_matching, mixture)


def call(name: str, *args, **options) -> dict:
    return {"call": name, "args": list(args), "with": options}


SPECS = {
    "betas": {
        "ddpm": call("linear_betas", 1000),
        "ddpm-100": call("linear_betas", 100),
        "ddpm-50-unscaled": call("linear_betas", 50, rescale=False),
        "ddpm-steep": call("linear_betas", 200, start=0.001, end=0.05, rescale=False),
        "ddpm-cosine": call("cosine_betas", 100),
        "ddpm-cosine-clipped": call("cosine_betas", 30, s=0.02, max_beta=0.5),
        "ddpm-scaled-linear": call("scaled_linear_betas", 1000),
        "ddpm-zero-snr": call("zero_terminal_snr", call("scaled_linear_betas", 1000)),
    },
    "paths": {name: call(type(path).__name__, *astuple(path)) for name, path in CONTINUOUS.items()},
    "mixtures": {
        "moons": call("two_moons_mixture"),
        "broad": call(
            "GaussianMixture",
            weights=[0.4, 0.6],
            means=[[1.0, 0.5], [-0.5, -0.8]],
            variances=[[0.5, 0.3], [0.4, 0.6]],
            labels=[0, 1],
        ),
        "space": call(
            "GaussianMixture",
            weights=[0.1, 0.2, 0.3, 0.4],
            means=[[0.0, 0.0, 1.0], [2.0, -1.0, 0.0], [0.5, 0.5, -1.0], [-1.0, 1.0, 0.0]],
            variances=[[0.1, 0.2, 0.3], [0.5, 0.4, 0.3], [0.2, 0.1, 1.0], [0.5, 1.0, 2.0]],
            labels=[0, 1, 2, 1],
        ),
    },
    "rules": {
        " ".join([rule.__name__, *(f"{name} {value}" for name, value in options.items())]): {
            "rule": rule.__name__,
            "with": options,
        }
        for rule in rules()
        for options in ({}, *facts(rule).options)
    },
}
FLOWS = list(CONTINUOUS)
SPECS["paths"]["vp-gentle"] = call("VPPath", 0.2, 8.0)
SPECS["paths"] |= {name: call("DiscreteSchedule", betas) for name, betas in SPECS["betas"].items()}
BETAS, MIXTURES, RULES, PATHS = (
    {name: made(spec) for name, spec in SPECS[kind].items()} for kind in ("betas", "mixtures", "rules", "paths")
)
SPACINGS = {
    name.removesuffix("_grid"): getattr(grids, name) for name in ("trailing_grid", "leading_grid", "quadratic_grid")
}


def make_net(seed: int, gap_scale: float | None = None, **shape) -> MLPDenoiser:
    """A net with random weights of a size that keeps its answers near 1; given a scale of the gap, one told two times."""
    net, generator = MLPDenoiser(**shape), seeded(seed)
    net = net if gap_scale is None else two_times(net, gap_scale)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(randn(parameter.shape, generator=generator) / math.sqrt(parameter.shape[-1]))
    return net


# Odd widths: mlp.js works on two outputs at once.
NETS = {
    "steps": make_net(0, width=15, depth=2, embed_dim=8, t_scale=1),
    "unit": make_net(1, width=16, depth=3, embed_dim=12, t_scale=1000),
    "steps-classes": make_net(2, width=16, depth=1, embed_dim=8, t_scale=1, classes=2),
    "unit-classes": make_net(3, width=9, depth=3, embed_dim=16, t_scale=1000, classes=2),
}
TWO_TIMES = {
    "smooth": make_net(4, gap_scale=4, width=15, depth=2, embed_dim=8, t_scale=4),
    "sharp": make_net(5, gap_scale=30, width=16, depth=3, embed_dim=12, t_scale=1000),
    "jumps-classes": make_net(6, gap_scale=4, width=9, depth=2, embed_dim=8, t_scale=4, classes=2),
}
NETS_ON = {
    **dict.fromkeys(FLOWS, ("unit", "unit-classes")),
    **dict.fromkeys(("ddpm", "ddpm-cosine"), ("steps", "steps-classes")),
}


def net_for_javascript(net: MLPDenoiser) -> dict:
    """What `mlp` of mlp.js takes."""
    layers = [layer for layer in net.layers if isinstance(layer, torch.nn.Linear)]
    return {
        "dim": net.dim,
        "embedDim": net.time.dim,
        "tScale": net.t_scale,
        "layers": [
            {"weight": layer.weight, "bias": layer.bias, "out": layer.out_features, "in": layer.in_features}
            for layer in layers
        ],
        "labels": None if net.label is None else net.label.table.weight,
        "gap": {"scale": net.time.gap.t_scale, "weight": net.time.mix.weight, "bias": net.time.mix.bias}
        if isinstance(net.time, TwoTimes)
        else None,
    }
