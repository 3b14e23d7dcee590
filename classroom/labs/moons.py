"""Chapter 1: train again, on other moons."""

import math

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, N, cloud, distance, floor, lab, square
from lib.data import batches, two_moons_mixture
from lib.diffusion import DDPM
from lib.flow_matching import FlowMatching
from lib.mixture import GaussianMixture
from lib.nets.mlp import MLPDenoiser
from lib.oracle import Oracle
from lib.samplers import ddim, euler, sample
from lib.seeding import randn, seeded
from lib.training import fit


def show() -> None:
    """Train a small net on moons of another width or scale, and compare it with the exact answers."""
    knobs = {
        "method": Knob("method", ("flow matching", "DDPM"), "flow matching"),
        "width": Knob("noise of the moons", (0.02, 0.04, 0.07, 0.15, 0.3), 0.07),
        "scale": Knob("data multiplied by", (0.1, 0.5, 1.0, 4.0, 10.0, 64.0), 1.0),
        "steps": Knob("training steps", (100, 300, 600, 1500, 3000), 1500),
    }
    lab(plot, knobs)


def plot(method: str, width: float, scale: float, steps: int) -> None:
    """Posterior means and samples of a freshly trained net beside the oracle's; all in standardised units."""
    raw = two_moons_mixture(standardize=False)
    raw = GaussianMixture(raw.weights, raw.means, torch.full_like(raw.means, width**2), raw.labels)
    mixture = raw.rescaled(raw.mean, raw.variance.sqrt())
    world = mixture.rescaled(torch.zeros(2), torch.full((2,), 1 / scale))  # what the net gets to see

    with torch.random.fork_rng():
        torch.manual_seed(0)  # the initial weights
        net = MLPDenoiser(width=64, t_scale=1 if method == "DDPM" else 1000)
    model, rule = (DDPM(net), ddim) if method == "DDPM" else (FlowMatching(net), euler)
    stream = batches(world.sample(4000, generator=seeded(0))[0], size=256, generator=seeded(1))
    for _ in fit(model, stream, steps, lr=2e-2, stratified=True, generator=seeded(2)):
        pass
    oracle, start = Oracle(world, model.path), randn((N, 2), generator=seeded(3))

    # The time at which signal and noise are equally strong, on data of this scale.
    times = model.path.grid(1000)[1:-1]
    t = times[(model.path.log_snr(times) + 2 * math.log(scale)).abs().argmin()].item()
    x_t = model.path.coeffs(t).add_noise(world.sample(N, generator=seeded(4))[0], start)
    with torch.no_grad():
        learned, exact = (m.estimate(x_t, t).x0 / scale for m in (model, oracle))
    off = (learned - exact).square().mean().sqrt().item()

    _, (means, trained, perfect) = plt.subplots(1, 3, figsize=(plots.WIDTH, 2.6))
    means.scatter(*mixture.means.T, s=1, color=plots.ROLES["floor"])
    means.scatter(*exact[:300].T, s=9, color=plots.ROLES["oracle"], linewidths=0, zorder=3)
    means.plot(*torch.stack([exact, learned])[:, :300].movedim(-1, 0), color=plots.ROLES["learned"], linewidth=0.8)
    square(means, f"posterior means: off by {off:.2f}", 2.0)
    x, best = (sample(m, start, 50, rule) / scale for m in (model, oracle))
    cloud(trained, x, plots.ROLES["learned"], f"trained net: distance {distance(x, mixture):.2f}")
    cloud(
        perfect,
        best,
        plots.ROLES["oracle"],
        f"oracle: distance {distance(best, mixture):.2f} (floor {floor(mixture).mean:.2f})",
    )
    plt.show()
