"""Two families that match distributions, not paths: what they do to a mixture of eight, from five seeds.

    python -m tools.results.matching         results/matching.json, for chapter 14; three minutes on one core

The data are eight round Gaussians on a circle, equally likely. `shares` are the parts of 4,000 samples nearest each of them, so
1/8 each for a perfect sampler.

distribution matching   a generator G(z) moves along s_data - s_fake at noised samples, both scores at the same noise (Yin et al.
                        2024): s_data exact, s_fake that of 512 fresh samples of the generator, `EmpiricalOracle`, in the place of
                        a second net. `t_min` is where the noise begins: 0 noise, 1 data. It starts as a blob on one of the eight.
drifting                500 points move by V = mean shift to the data - mean shift to each other (Deng et al. 2026), with a kernel
                        exp(-distance / width); from N(0, I), or from a blob on one of the eight. `speed` is the mean length
                        of V at the end.
"""

import json
import math

import torch
from torch import Tensor, nn

from lib import EmpiricalOracle, GaussianMixture, LinearPath, Oracle, randn, seeded
from lib.seeding import rand
from lib.trained.files import put
from lib.trained.shipped import RESULTS

TARGET = RESULTS / "matching.json"
SEEDS, MODES, STEPS, BATCH = (0, 1, 2, 3, 4), 8, 1500, 256
ANGLES = torch.arange(MODES) * 2 * math.pi / MODES
MEANS = math.sqrt(2) * torch.stack([ANGLES.cos(), ANGLES.sin()], 1)
RING = GaussianMixture(torch.full((MODES,), 1 / MODES), MEANS, torch.full((MODES, 2), 0.01))
EXACT = Oracle(RING, LinearPath())
T_MIN, WIDTHS, BLOB = (0.05, 0.8, 0.9), (0.1, 0.3, 1.0), 0.2


def shares(x: Tensor) -> list[float]:
    """The part of the points x (N, 2) that is nearest each of the eight."""
    nearest = torch.cdist(x, MEANS.to(x)).argmin(1)
    return [round(one, 4) for one in (nearest.bincount(minlength=MODES) / len(x)).tolist()]


def score(model, x_t: Tensor, t: Tensor) -> Tensor:
    """-eps / sigma of a model's estimate, (B, 2)."""
    return -model.estimate(x_t, t).eps / (1 - t)[:, None]


def matched(seed: int, t_min: float) -> list[float]:
    """Train a generator by distribution matching; the shares of its samples."""
    g = seeded(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(2, 128), nn.SiLU(), nn.Linear(128, 128), nn.SiLU(), nn.Linear(128, 2))
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)

    def drawn(n: int) -> Tensor:
        z = randn((n, 2), generator=g)
        return MEANS[0] + BLOB * z + net(z)

    for _ in range(STEPS):
        x = drawn(BATCH)
        with torch.no_grad():
            fake = EmpiricalOracle(drawn(2 * BATCH), LinearPath())
            t = t_min + (0.95 - t_min) * rand(BATCH, like=x, generator=g)
            x_t = t[:, None] * x + (1 - t)[:, None] * randn(x.shape, generator=g)
            # From the score to the data: sigma^2 / alpha times it is a difference of two predictions of x_data.
            push = ((1 - t) ** 2 / t)[:, None] * (score(fake, x_t, t) - score(EXACT, x_t, t))
        optimizer.zero_grad()
        (push * x).sum(1).mean().backward()
        optimizer.step()
    with torch.no_grad():
        return shares(drawn(4000))


def drift(x: Tensor, data: Tensor, width: float) -> Tensor:
    """V of every point of x (N, 2): where the data pull it, less where its fellows do; in the mean 0 if both are drawn alike."""

    def shift(to: Tensor, own: bool) -> Tensor:
        weights = -torch.cdist(x, to) / width
        if own:
            weights.fill_diagonal_(-math.inf)
        return weights.softmax(1) @ to - x

    return shift(data, False) - shift(x, True)


def drifted(seed: int, width: float, blob: bool) -> dict:
    """Let 500 points drift, 500 times by half of V."""
    g = seeded(seed)
    data = RING.sample(1000, generator=g)[0]
    x = randn((500, 2), generator=g)
    x = MEANS[0] + BLOB * x if blob else x
    for _ in range(500):
        x = x + 0.5 * drift(x, data, width)
    return {"shares": shares(x), "speed": round(drift(x, data, width).norm(dim=1).mean().item(), 4)}


def main() -> None:
    """Run all, write once."""
    torch.set_num_threads(1)
    report = {
        "command": "python -m tools.results.matching",
        "torch": torch.__version__.split("+")[0],
        "matching": {str(t): [matched(seed, t) for seed in SEEDS] for t in T_MIN},
        "drifting": {
            name: {str(width): [drifted(seed, width, name == "blob") for seed in SEEDS] for width in WIDTHS}
            for name in ("noise", "blob")
        },
    }
    put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
