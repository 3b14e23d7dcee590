"""Chapter 8: train a net that is told the time in your way, and watch its velocity at one point while time passes."""

import warnings

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, N, cloud, distance, floor, lab
from lib.data import batches, two_moons, two_moons_mixture
from lib.flow_matching import FlowMatching
from lib.nets.embedding import SinusoidalTimeEmbedding
from lib.nets.mlp import MLPDenoiser
from lib.oracle import Oracle
from lib.samplers import heun
from lib.seeding import randn, seeded
from lib.training import fit, stratified_uniform


def show() -> None:
    """Train a small flow with another embedding of the time, and compare its velocity with the exact one."""
    knobs = {
        "t_scale": Knob("t_scale", (1, 5, 20, 100, 1000, 10_000, 1_000_000), 1000),
        "max_period": Knob("max_period", (0.001, 0.01, 1, 100, 10_000), 10_000),
        "dim": Knob("dimensions", (2, 4, 16, 64), 64),
        "steps": Knob("training steps", (100, 300, 600, 1500, 3000), 600),
        "lr": Knob("learning rate", (0.001, 0.003, 0.01, 0.03), 0.01),
    }
    lab(plot, knobs)


def plot(t_scale: float, max_period: float, dim: int, steps: int, lr: float) -> None:
    """The velocity at one point over the clock, and samples: the trained net and the oracle."""
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of t_scale = 1: here it is a choice
        torch.manual_seed(0)  # the initial weights
        net = MLPDenoiser(width=64, embed_dim=dim, t_scale=t_scale)
        net.time = SinusoidalTimeEmbedding(dim, t_scale, max_period)
        model = FlowMatching(net)
    stream = batches(two_moons(20_000, generator=seeded(0))[0], size=256, generator=seeded(1))
    for _ in fit(model, stream, steps, lr=lr, stratified=True, generator=seeded(2)):
        pass
    mixture = two_moons_mixture()
    oracle = Oracle(mixture, model.path)

    def velocities(x, t):
        c = model.path.coeffs(t, like=x)
        return [m.estimate(x, t).velocity(c) for m in (model, oracle)]

    clock = torch.linspace(0, 1, 1001)
    x, t = two_moons(N, generator=seeded(3))[0], stratified_uniform(N, generator=seeded(4))
    x_t = model.path.coeffs(t, like=x).add_noise(x, randn(x.shape, generator=seeded(5)))
    with torch.no_grad():
        learned, exact = velocities(torch.tensor([[-0.5, 0.6]]).expand(1001, 2), clock)
        off = torch.sub(*velocities(x_t, t)).square().mean().item()

    _, (over_time, samples) = plt.subplots(1, 2, figsize=(plots.WIDTH, 2.8), width_ratios=(1.6, 1))
    over_time.plot(clock, learned[:, 1], color=plots.ROLES["learned"], linewidth=1, label="net")
    over_time.plot(clock, exact[:, 1], color=plots.ROLES["oracle"], label="oracle")
    over_time.set(xlabel=r"noise $\longrightarrow$ data,   time $t$", ylabel="upward velocity at (-0.5, 0.6)")
    over_time.set_title(f"mean square distance to the exact u: {off:.3f}", fontsize=9)
    over_time.legend(fontsize=8)
    points = model.sample((N, 2), 20, heun, start=randn((N, 2), generator=seeded(6)))
    cloud(
        samples,
        points,
        plots.ROLES["learned"],
        f"20 calls: {distance(points, mixture):.2f}, floor {floor(mixture).mean:.2f}",
    )
    plt.show()
