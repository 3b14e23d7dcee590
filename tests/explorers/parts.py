"""The paths, mixtures, rules and nets from which vectors.py makes cases. parity.mjs makes the same by the same names."""

import math
from functools import partial

import torch

from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, cosine_betas, linear_betas, scaled_linear_betas, zero_terminal_snr
from lib.flow_matching import CosinePath, LinearPath, VPPath
from lib.mixture import GaussianMixture
from lib.mlp import MLPDenoiser
from lib.samplers import ancestral, ddim, dpmpp_2m, euler, heun, leading_grid, quadratic_grid, rk4, trailing_grid
from lib.seeding import randn, seeded

BETAS = {
    "ddpm": linear_betas(1000),
    "ddpm-100": linear_betas(100),
    "ddpm-50-unscaled": linear_betas(50, rescale=False),
    "ddpm-steep": linear_betas(200, 0.001, 0.05, rescale=False),
    "ddpm-cosine": cosine_betas(100),
    "ddpm-cosine-clipped": cosine_betas(30, s=0.02, max_beta=0.5),
    "ddpm-scaled-linear": scaled_linear_betas(1000),
    "ddpm-zero-snr": zero_terminal_snr(scaled_linear_betas(1000)),
}
PATHS = {
    "linear": LinearPath(),
    "cosine": CosinePath(),
    "vp": VPPath(),
    "vp-gentle": VPPath(0.2, 8.0),
    **{name: DiscreteSchedule(betas) for name, betas in BETAS.items()},
}
MIXTURES = {
    "moons": two_moons_mixture(),
    "broad": GaussianMixture([0.4, 0.6], [[1.0, 0.5], [-0.5, -0.8]], [[0.5, 0.3], [0.4, 0.6]], [0, 1]),
    "space": GaussianMixture(
        [0.1, 0.2, 0.3, 0.4],
        [[0.0, 0.0, 1.0], [2.0, -1.0, 0.0], [0.5, 0.5, -1.0], [-1.0, 1.0, 0.0]],
        [[0.1, 0.2, 0.3], [0.5, 0.4, 0.3], [0.2, 0.1, 1.0], [0.5, 1.0, 2.0]],
        [0, 1, 2, 1],
    ),
}
RULES = {
    "euler": euler,
    "heun": heun,
    "rk4": rk4,
    "ddim": ddim,
    "ddim, eta 0.4": partial(ddim, eta=0.4),
    "ddim, eta 1": partial(ddim, eta=1.0),
    "ancestral": ancestral,
    "ancestral, beta": partial(ancestral, variance="beta"),
    "dpmpp_2m": dpmpp_2m,
}
SPACINGS = {"trailing": trailing_grid, "leading": leading_grid, "quadratic": quadratic_grid}


def make_net(seed: int, **shape) -> MLPDenoiser:
    """A net with random weights of a size that keeps its answers near 1."""
    net, generator = MLPDenoiser(**shape), seeded(seed)
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
NETS_ON = {
    **dict.fromkeys(("linear", "cosine", "vp"), ("unit", "unit-classes")),
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
    }
