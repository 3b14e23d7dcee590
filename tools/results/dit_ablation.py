"""Train small DiTs that begin with other gates, or lack a part, and a U-Net and an MLP of the same cost, with several seeds.

    python -m tools.results.dit_ablation [most runs]      results/dit_ablation.json, for chapter 10; two minutes on one core

Every run sees the same batches, times and noise for its seed, and is measured on held-out digits, each with one time and one
noise that are the same for all. What stands in the file, made with the same settings, is not made again.
"""

import json
import sys
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lib.data import batches, digits, split
from lib.flow_matching import FlowMatching
from lib.nets.dit import DiT, DiTBlock, modulate
from lib.nets.mlp import MLPDenoiser
from lib.nets.unet import UNet
from lib.prediction import Time
from lib.seeding import randn, seeded
from lib.trained.files import put
from lib.trained.shipped import RESULTS
from lib.training import fit, stratified_uniform

TARGET = RESULTS / "dit_ablation.json"
SEEDS, STEPS, LOOKS, BATCH, RATE = (0, 1, 2, 3, 4), 100, (20, 100), 32, 5e-3
SHAPE = {"patch": 2, "width": 48, "depth": 4, "heads": 4}
GATES = (0.0, 0.1, 0.3, 1.0)
WAYS = (*(f"gates {g:g}" for g in GATES), "affine norms", "no positions", "U-Net", "MLP", "MLP, lower rate")
# A wide MLP wants a lower rate than the others: it has both, so that the rate is not what it is judged by.
LOWER = 2e-3


class AffineBlock(DiTBlock):
    """A block whose two norms have a gain and a bias of their own, which begin at 1 and 0."""

    def __init__(self, width: int, heads: int):
        super().__init__(width, heads)
        self.gains = nn.ParameterList(nn.Parameter(torch.ones(width)) for _ in range(2))
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(width)) for _ in range(2))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        none = torch.zeros_like(c)
        shift1, scale1, gate1, shift2, scale2, gate2 = (part[:, None] for part in self.modulation(c).chunk(6, dim=-1))
        norms = [lambda x, i=i: modulate(x, none, none) * self.gains[i] + self.biases[i] for i in range(2)]
        x = x + gate1 * self.attend(norms[0](x) * (1 + scale1) + shift1)
        return x + gate2 * self.mlp(norms[1](x) * (1 + scale2) + shift2)


class Flat(nn.Module):
    """The MLP of the two-moons chapters on pictures, whose 64 pixels it takes as one vector."""

    def __init__(self, seed: int, width: int = 950, **shared):
        super().__init__()
        self.shape, self.t_scale = (1, 8, 8), shared["t_scale"]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.mlp = MLPDenoiser(64, width, **shared)

    def forward(self, x: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        return self.mlp(x.flatten(1), t, y).view_as(x)


def net(way: str, seed: int) -> nn.Module:
    """The net of one way, with the first weights of its seed: published, but for what the way says."""
    shared = {"t_scale": 1000, "classes": 10}
    if way.startswith("MLP"):
        return Flat(seed, **shared)
    shared["generator"] = seeded(seed)
    if way == "U-Net":
        return UNet(8, width=16, levels=3, **shared)
    dit = DiT(8, **SHAPE, **shared)
    if way == "no positions":
        dit.positions.zero_()
    for i, block in enumerate(dit.blocks):
        if way.startswith("gates"):
            for gate in block.modulation[1].bias.data.chunk(6)[2::3]:
                gate.fill_(float(way.split()[1]))
        if way == "affine norms":
            dit.blocks[i] = AffineBlock(block.width, block.heads)
            dit.blocks[i].load_state_dict(block.state_dict(), strict=False)
    return dit


@torch.no_grad()
def held_out(model: FlowMatching) -> float:
    """Mean square error of the velocity on 500 images, with times and noise that are always the same."""
    _, (x, y) = split(*digits(), 500)
    t, eps = stratified_uniform(500, generator=seeded(10)), randn(x.shape, generator=seeded(11))
    return model.loss(x, y, t=t, eps=eps).item()


def run(way: str, seed: int) -> Iterator[tuple[int, float]]:
    """(step, held-out loss) at each of LOOKS."""
    (x, y), _ = split(*digits(), 500)
    model = FlowMatching(net(way, seed), label_drop=0.1)
    data = batches(x, y, size=BATCH, generator=seeded(100 + seed))
    rate = LOWER if way.endswith("lower rate") else RATE
    for state in fit(model, data, STEPS, lr=rate, stratified=True, generator=seeded(200 + seed)):
        if state.step in LOOKS:
            yield state.step, round(held_out(model), 4)


def main(most: int = 10**9) -> None:
    """Make what is missing, at most so many runs."""
    torch.set_num_threads(1)
    settings = {"net": SHAPE, "steps": STEPS, "batch": BATCH, "lr": RATE, "looks": list(LOOKS)}
    report = {
        "command": "python -m tools.results.dit_ablation",
        "torch": torch.__version__.split("+")[0],
        **settings,
        "runs": {},
    }
    if TARGET.exists() and settings.items() <= (before := json.loads(TARGET.read_text())).items():
        report["runs"] = before["runs"]
    missing = [(way, seed) for ways in (WAYS[:5], WAYS[5:]) for seed in SEEDS for way in ways]
    for way, seed in [one for one in missing if str(one[1]) not in report["runs"].setdefault(one[0], {})][:most]:
        report["runs"][way][str(seed)] = [loss for _, loss in run(way, seed)]
        print(way, seed, report["runs"][way][str(seed)], flush=True)
        put(TARGET, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
