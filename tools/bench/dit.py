"""`make bench` for images: the Diffusion Transformer beside two others, its attention, guidance, and runs of it.

Prints a table and writes results/bench_dit.json. Times are CPU seconds of this process on one thread, taken in turn, as in
library.py; only the two processes are timed by the clock. The peers are diffusers' DiTTransformer2DModel and the published
code with timm's parts, of equal width, depth, heads, patches and batch, on the same data, with the same optimiser.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from diffusers import DiTTransformer2DModel
from timm.layers import Attention, Mlp, PatchEmbed
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import lib
from lib import NO_LABEL, Guided, randn, seeded
from lib.nets.dit import explicit_attention, positions
from lib.trained.batch import batch_of
from lib.trained.config import Config, build, images
from lib.trained.folder import read_log
from tools.bench.measure import Row, in_new_process, in_turn, median, ratio, table

PACKAGES, CLASSES = ("torch", "diffusers", "timm"), 10


class Size(NamedTuple):
    """A net and the batch it works on."""

    name: str
    size: int
    patch: int
    batch: int
    width: int = 96
    depth: int = 6
    heads: int = 4


# The nets of results/, one channel each; the batch of the second is halved, so that both take as long.
SIZES = Size("digits, 16 tokens", 8, 2, 128), Size("MNIST, 49 tokens", 28, 4, 32)


# ---- the peers ------------------------------------------------------------------------------------------------


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """As published."""
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


class TimmBlock(nn.Module):
    """The published block: timm's Attention and Mlp between adaLN-Zero."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attn = Attention(width, num_heads=heads, qkv_bias=True)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.mlp = Mlp(width, 4 * width, act_layer=partial(nn.GELU, approximate="tanh"))
        self.adaln = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaln(c).chunk(6, dim=1)
        x = x + gate1.unsqueeze(1) * self.attn(modulate(self.norm1(x), shift1, scale1))
        return x + gate2.unsqueeze(1) * self.mlp(modulate(self.norm2(x), shift2, scale2))


class TimmDiT(nn.Module):
    """The published net."""

    def __init__(self, s: Size):
        super().__init__()
        self.patch, width = s.patch, s.width
        self.embed = PatchEmbed(s.size, s.patch, 1, width)
        self.register_buffer("positions", positions(s.size // s.patch, width)[None])
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(CLASSES + 1, width)
        self.blocks = nn.ModuleList(TimmBlock(width, s.heads) for _ in range(s.depth))
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.adaln = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.head = nn.Linear(width, s.patch**2)

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        x = self.embed(x) + self.positions
        angles = t[:, None].float() * torch.exp(-math.log(10_000) * torch.arange(128) / 128)
        c = self.time(torch.cat([angles.cos(), angles.sin()], dim=-1)) + self.label(y)
        for block in self.blocks:
            x = block(x, c)
        x = self.head(modulate(self.norm(x), *self.adaln(c).chunk(2, dim=1)))
        side, p = math.isqrt(x.shape[1]), self.patch
        x = torch.einsum("nhwpqc->nchpwq", x.reshape(-1, side, side, p, p, 1))
        return x.reshape(-1, 1, side * p, side * p)


class DiffusersDiT(nn.Module):
    """diffusers' model, called as its own pipeline does."""

    def __init__(self, s: Size):
        super().__init__()
        self.net = DiTTransformer2DModel(
            num_attention_heads=s.heads, attention_head_dim=s.width // s.heads, in_channels=1, num_layers=s.depth,
            sample_size=s.size, patch_size=s.patch, num_embeds_ada_norm=CLASSES,
        )  # fmt: skip

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        return self.net(x, timestep=t, class_labels=y, return_dict=False)[0]


def ours(s: Size, **options) -> nn.Module:
    """The DiT of this library."""
    return lib.DiT(s.size, patch=s.patch, width=s.width, depth=s.depth, heads=s.heads, classes=CLASSES, **options)


def peers(s: Size) -> dict[str, nn.Module]:
    """Ours and theirs. No weight is zero, as in a net that has been trained; all are moved by the same rule."""
    nets = {"ours": ours(s), "timm": TimmDiT(s), "diffusers": DiffusersDiT(s)}
    for net in nets.values():
        for i, p in enumerate(net.parameters()):
            p.data = randn(p.shape, generator=seeded(i)) * (0.3 if p.ndim == 1 else p.shape[-1] ** -0.5)
    return nets


def question(s: Size, batch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Images, times of DDPM's clock, labels."""
    t, y = (torch.randint(0, n, (batch,), generator=seeded(n)) for n in (1000, CLASSES))
    return randn((batch, 1, s.size, s.size), generator=seeded(0)), t, y


def step(net: nn.Module, s: Size, **adam):
    """A training step: answer, mean squared error, backward pass, AdamW."""
    optimizer = torch.optim.AdamW(net.train().parameters(), lr=1e-6, weight_decay=0.0, **adam)
    x, t, y = question(s, s.batch)
    target = torch.randn_like(x)

    def run():
        optimizer.zero_grad()
        F.mse_loss(net(x, t, y), target).backward()
        optimizer.step()

    return run


def forward(net: nn.Module, s: Size):
    """An answer without a gradient."""
    net.eval()
    return torch.no_grad()(partial(net, *question(s, s.batch)))


def against_peers(what: str, make) -> Row:
    """Ours over the faster peer, the worst of the sizes."""
    detail = {}
    for s in SIZES:
        names, nets = zip(*peers(s).items())
        times = dict(zip(names, in_turn(11, *[make(net, s) for net in nets])))
        over = {name: ratio(times["ours"], times[name]) for name in ("timm", "diffusers")}
        detail |= {s.name: max(over.values())} | {f"{s.name}, over {name}": value for name, value in over.items()}
        detail[f"{s.name}, ours, ms"] = median(times["ours"]) * 1e3
    return Row(what, max(detail[s.name] for s in SIZES), "x", "<= 0.9", detail)


def steps() -> Row:
    """A training step, the same fused AdamW on all sides."""
    return against_peers("DiT, a training step / the faster peer's", partial(step, fused=True))


def steps_as_they_come() -> Row:
    """Ours with the fused AdamW of `lib.trained.loop`, the published ones with the AdamW of the published training script."""
    make = lambda net, s: step(net, s, fused=True if isinstance(net, lib.DiT) else None)  # noqa: E731
    return against_peers("the same, peers with the plain AdamW of their scripts", make)


def forwards() -> Row:
    """The forward pass."""
    return against_peers("DiT, a forward pass / the faster peer's", forward)


# ---- how much of the machine -----------------------------------------------------------------------------------


def peak() -> Row:
    """Floating-point operations a second of a training step, over those of a large matrix product, on the same thread.

    torch counts the operations of the matrix products and of attention, forwards and backwards, as they are run (two for a
    multiplication and an addition); all else counts as none.
    """
    detail, a = {}, torch.randn(2048, 2048)
    for s in SIZES:
        net = ours(s)
        runs = {"step": step(net, s, fused=True), "forward": forward(net, s)}
        for name, run in runs.items():
            with FlopCounterMode(display=False) as counter:
                run()
            mine, product = in_turn(11, run, lambda: a @ a)
            best = 2 * 2048**3 / min(product)
            detail[f"{s.name}, {name}"] = counter.get_total_flops() / median(mine) / best
            detail[f"{s.name}, {name}, GFLOP"] = counter.get_total_flops() / 1e9
        detail["product, GFLOP/s"] = best / 1e9
    return Row("DiT, a training step / peak of a matrix product", detail["digits, 16 tokens, step"], "", "", detail)


# ---- attention ---------------------------------------------------------------------------------------------------

HEADS, HEAD_WIDTH = 6, 64  # of DiT-S
PEAK = """
import json, torch, torch.nn.functional as F
from lib import explicit_attention
def memory(what):
    return int(next(line for line in open("/proc/self/status") if line.startswith(what)).split()[1]) / 1024
torch.set_num_threads(1)
out = {}
for name, attention in {"sdpa": F.scaled_dot_product_attention, "explicit": explicit_attention}.items():
    for tokens in (64, 64, 256, 1024, 4096):  # the first once more: what torch sets up is not counted
        q, k, v = (torch.randn(1, 6, tokens, 64, requires_grad=True) for _ in range(3))
        open("/proc/self/clear_refs", "w").write("5")  # forget the peak so far
        before = memory("VmRSS")
        attention(q, k, v).sum().backward()
        out[f"{tokens} tokens, {name}, MB"] = memory("VmHWM") - before
        q.grad = k.grad = v.grad = None
print(json.dumps(out))
"""


def with_gradient(f, *qkv: Tensor) -> None:
    """Forwards and backwards."""
    torch.autograd.grad(f(*(x.requires_grad_() for x in qkv)).sum(), qkv)


def attention() -> Row:
    """torch's SDPA and the explicit N x N matrix, of one image: times forwards and with gradient, and the peak of memory."""
    detail = {}
    for tokens, repeats in {64: 200, 256: 40, 1024: 11, 4096: 3}.items():
        q, k, v = (randn((1, HEADS, tokens, HEAD_WIDTH), generator=seeded(i)) for i in range(3))
        both = F.scaled_dot_product_attention, explicit_attention
        one, two = in_turn(repeats, *[partial(f, q, k, v) for f in both])
        detail[f"{tokens} tokens, forward"] = ratio(two, one)
        one, two = in_turn(repeats, *[partial(with_gradient, f, q, k, v) for f in both])
        detail[f"{tokens} tokens, with gradient"] = ratio(two, one)
    # There a freed tensor goes back to the system at once, so that the peak is that of living ones.
    detail |= json.loads(in_new_process(PEAK, MALLOC_MMAP_THRESHOLD_="65536", MALLOC_TRIM_THRESHOLD_="0"))
    worst = detail["4096 tokens, forward"]
    return Row("explicit attention / SDPA, forward, 4,096 tokens", worst, "x", "", detail)


# ---- guidance ----------------------------------------------------------------------------------------------------

BATCH = (
    16  # of the bar: a small grid of digits; the smaller the batch, the more of its time goes into the calls themselves
)


def guidance() -> Row:
    """Both answers of classifier-free guidance in one call of 2B rows, over two calls of B rows, for the digits' net."""
    s, detail = SIZES[0], {}
    model = lib.FlowMatching(peers(s)["ours"].eval())
    guided = Guided(model, 2.0)
    for batch in (1, 4, 16, 64):
        x, _, y = question(s, batch)
        t = 0.3  # as `sample` gives it

        def two_calls(x=x, t=t, y=y):
            worse = model.estimate(x, t, torch.full_like(y, NO_LABEL))
            return [torch.lerp(a, b, 2.0) for a, b in zip(worse, model.estimate(x, t, y))]

        with torch.no_grad():
            one, two = in_turn(max(400 // batch, 21), partial(guided.estimate, x, t, y), two_calls)
            torch.testing.assert_close(list(guided.estimate(x, t, y)), two_calls(), atol=1e-3, rtol=1e-3)
        detail[f"batch {batch}"] = ratio(one, two)
    return Row(f"guidance, one call of 2B / two of B, B = {BATCH}", detail[f"batch {BATCH}"], "x", "<= 0.95", detail)


# ---- what a step does besides ------------------------------------------------------------------------------------


def outside(config: Config = Config(steps=3000, batch=96), repeats: int = 41) -> Row:
    """The share of a step of `lib.trained` that is not forward, backward or optimiser: to draw the batch, and to average weights.

    For one process with the whole batch, and for one of eight, which draws its own rows. By default of the digits' shipped run.
    """
    detail = {}
    (x, y), _ = images(config)
    model = build(config, x.shape[1], x.shape[-1])
    ema = lib.EMA(model.net, config.ema)
    optimizer = torch.optim.AdamW(model.net.parameters(), lr=1e-6, weight_decay=0.0, fused=True)
    for processes in (1, 8):
        rows, numbers = range(config.batch // processes), count()
        batch = batch_of(config, model, x, y, 0, rows)

        def draw(rows=rows, numbers=numbers):
            batch_of(config, model, x, y, next(numbers), rows)

        def work(batch=batch):
            optimizer.zero_grad()
            model.loss(batch.x, batch.y, t=batch.t, eps=batch.eps).backward()
            optimizer.step()

        drawn, averaged, worked = map(median, in_turn(repeats, draw, ema.update, work))
        detail[f"1 of {processes}"] = (drawn + averaged) / (drawn + averaged + worked)
        detail |= {f"1 of {processes}, {name}, ms": value * 1e3
                   for name, value in (("batch", drawn), ("average", averaged), ("work", worked))}  # fmt: skip
    worst = max(detail["1 of 1"], detail["1 of 8"])
    return Row("image run, outside forward, backward, optimiser / a step", worst, "", "<= 0.05", detail)


# ---- two processes -----------------------------------------------------------------------------------------------


def images_per_second(processes: int) -> float:
    """Of `lib.trained` on the digits, a thread a process, in the second half of a short run; its log says how many took part."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes),
                   "-m", "lib.trained", "--steps", "80", "--log-every", "40", "--save-every", "40",
                   "--out", str(out)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        last = read_log(out / "log.csv")[-1]
    if last["processes"] != processes:
        raise RuntimeError(f"{processes} processes were asked for, and {last['processes']} took part.")
    return last["images_per_second"]


def processes() -> Row:
    """Images a second of two processes over one, by the clock. The batch is the same: each has half of it."""
    one, two = zip(*[[images_per_second(n) for n in (1, 2)] for _ in range(3)])
    detail = {"one, images/s": median(one), "two, images/s": median(two)}
    return Row("image run, two processes / one", ratio(two, one), "x", "", detail)


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    measures = steps, steps_as_they_come, forwards, peak, attention, guidance, outside, processes
    table(measures, PACKAGES, "results/bench_dit.json")


if __name__ == "__main__":
    main()
