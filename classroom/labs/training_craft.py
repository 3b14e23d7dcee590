"""Chapter 9: train with a recipe of your own, and watch the distance to the oracle, of the weights and of their average."""

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, N, cloud, distance, floor, lab
from lib.data import batches, two_moons, two_moons_mixture
from lib.ema import EMA
from lib.flow_matching import FlowMatching
from lib.nets.mlp import MLPDenoiser
from lib.oracle import Oracle
from lib.samplers import heun
from lib.seeding import rand, randn, seeded
from lib.training import fit, logit_normal, stratified_uniform, warmup_cosine

TIMES = {"uniform": rand, "strata": stratified_uniform, "logit-normal": logit_normal}
RATES = {"constant": lambda i, steps: 1.0, "cosine": warmup_cosine}
AVERAGE = plots.FAN[2][0]  # its colour, as the explorer of averages has it


def show() -> None:
    """Train a small flow with another decay, schedule, density of times and length."""
    knobs = {
        "decay": Knob("decay of average", (0.0, 0.9, 0.98, 0.99, 0.999, 0.9999), 0.98),
        "schedule": Knob("learning rate", tuple(RATES), "constant"),
        "times": Knob("times", tuple(TIMES), "strata"),
        "steps": Knob("training steps", (100, 300, 600, 1500, 3000), 600),
    }
    lab(plot, knobs)


def plot(decay: float, schedule: str, times: str, steps: int) -> None:
    """The excess along the training, of the newest weights and of their average; samples of the average."""
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the initial weights
        model = FlowMatching(MLPDenoiser(width=64, embed_dim=16, t_scale=20))
    mixture, ema = two_moons_mixture(), EMA(model.net, decay)
    x, t = two_moons(N, generator=seeded(3))[0], stratified_uniform(N, generator=seeded(4))
    c = model.path.coeffs(t, like=x)
    x_t = c.add_noise(x, randn(x.shape, generator=seeded(5)))
    exact = Oracle(mixture, model.path).estimate(x_t, t).velocity(c)

    def excess(net):
        with torch.no_grad():
            return (net(x_t, t) - exact).square().mean().item()

    stream = batches(two_moons(20_000, generator=seeded(0))[0], size=256, generator=seeded(1))
    knobs, seen = {"times": TIMES[times], "schedule": RATES[schedule], "generator": seeded(2)}, []
    for step, _ in fit(model, stream, steps, lr=1e-2, ema=ema, **knobs):
        if step == 1 or step % max(1, steps // 40) == 0:
            seen.append((step, excess(model.net), excess(ema.net)))

    _, (curve, samples) = plt.subplots(1, 2, figsize=(plots.WIDTH, 2.8), width_ratios=(1.6, 1))
    step, newest, average = zip(*seen, strict=True)
    curve.plot(step, newest, color=plots.ROLES["learned"], linewidth=1, label="newest weights")
    curve.plot(step, average, color=AVERAGE, label="average")
    curve.set(xlabel="training step", ylabel="excess", yscale="log")
    curve.set_title(f"at the end {newest[-1]:.3f}, average {average[-1]:.3f}", fontsize=9)
    curve.legend(fontsize=8)
    points = model.with_net(ema.net).sample((N, 2), 20, heun, start=randn((N, 2), generator=seeded(6)))
    title = f"20 calls: {distance(points, mixture):.2f}, floor {floor(mixture).mean:.2f}"
    cloud(samples, points, AVERAGE, title)
    plt.show()
