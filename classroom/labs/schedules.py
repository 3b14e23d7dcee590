"""Chapter 2: any schedule."""

import matplotlib.pyplot as plt
import torch

from classroom import plots
from classroom.labs import Knob, N, cloud, distance, floor, lab
from lib.data import two_moons_mixture
from lib.diffusion import DiscreteSchedule, cosine_betas, linear_betas, scaled_linear_betas, zero_terminal_snr
from lib.oracle import Oracle
from lib.samplers import ddim, sample
from lib.seeding import randn, seeded


def show() -> None:
    """Build a schedule, and see its curve, its tail, its end, and a sample of few calls."""
    knobs = {
        "name": Knob("schedule", ("linear", "scaled linear", "cosine"), "linear"),
        "T": Knob("steps T", (10, 20, 50, 100, 200, 500, 1000), 1000),
        "first": Knob("first beta", (1e-5, 1e-4, 0.00085, 0.003), 1e-4),
        "last": Knob("last beta", (0.005, 0.0075, 0.012, 0.02, 0.03, 0.04), 0.02),
        "rescale": Knob("linear betas", ("times 1000/T", "as they are"), "times 1000/T"),
        "s": Knob("offset s of cosine", (0.0, 0.008, 0.08, 0.2), 0.008),
        "end": Knob("end", ("as it is", "zero terminal SNR"), "as it is"),
        "calls": Knob("network calls K", (3, 5, 10, 20, 50, 100), 20),
    }
    lab(plot, knobs)


def plot(name: str, T: int, first: float, last: float, rescale: str, s: float, end: str, calls: int) -> None:
    """alpha-bar with its flat tail, the log-SNR with the K stops of a sampler, and what the oracle makes of them."""
    if name == "cosine":
        betas = cosine_betas(T, s)
    elif name == "linear":
        betas = linear_betas(T, first, last, rescale=rescale == "times 1000/T")
    else:
        betas = scaled_linear_betas(T, first, last)
    path = DiscreteSchedule(zero_terminal_snr(betas) if end == "zero terminal SNR" else betas)
    mixture, t, stops = two_moons_mixture(), torch.arange(T), path.grid(calls)[:-1]
    x = sample(Oracle(mixture, path), randn((N, 2), generator=seeded(3)), calls, ddim)
    style, tail = plots.SCHEDULES[name], path.alpha_bars < 0.01

    _, (left, middle, right) = plt.subplots(1, 3, figsize=(plots.WIDTH, 2.7), width_ratios=(1, 1, 1.1))
    left.plot(t + 1, path.alpha_bars, color=style.color, linestyle=style.linestyle)
    left.fill_between(t + 1, 0, 1, where=tail, color=plots.INK, alpha=0.2, linewidth=0)
    left.set(xlabel="step t    noise $\\to$ data", xlim=(T, 0), ylim=(0, 1.02))
    left.set_title(rf"$\bar\alpha$ ends at {path.alpha_bars[-1]:.1e}, {tail.double().mean():.0%} tail", fontsize=9)
    log_snr = path.log_snr(t).clamp_min(-20)  # at a zero terminal SNR it is minus infinity
    middle.plot(t + 1, log_snr, color=style.color, linestyle=style.linestyle)
    middle.plot(stops + 1, log_snr[stops], style.marker, color=plots.ROLES["noisy"])
    middle.set(xlabel="step t    noise $\\to$ data", xlim=(1.02 * T, 0), ylim=(-21, 13))
    middle.set_title(f"log-SNR, {calls} stops", fontsize=9)
    cloud(right, x, plots.ROLES["oracle"], f"distance {distance(x, mixture):.2f} (perfect: {floor(mixture).mean:.2f})")
    plt.show()
