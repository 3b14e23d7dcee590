"""A small U-Net (Ronneberger et al. 2015), as Ho et al. 2020 condition it on time: the net before transformers, to compare with.

    c = MLP(embed(t)) + embed(y)                             (B, 4 width)
    down:    at every size a residual block, whose result is kept; then half the side
    middle:  a residual block, self-attention over all positions, a residual block
    up:      twice the side; what was kept at this size is laid beside; a residual block
    block:   h = conv(SiLU(norm(x)));   x + conv(SiLU(norm(h) * (1 + scale) + shift)),   shift, scale = Linear(SiLU(c))

The coarsest size sees the whole picture, the kept results carry the detail past it. A new net answers exactly 0, as the DiT does.
Ho's net has two blocks a size and attention at 16x16; scale beside shift is that of Dhariwal & Nichol 2021.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.checks import check_fits, check_times, check_whole
from lib.nets.embedding import LabelEmbedding, SinusoidalTimeEmbedding, with_label
from lib.prediction import Time
from lib.seeding import given

GROUPS = 8  # of channels, which are normalised together


class ResidualBlock(nn.Module):
    """x (B, inner, H, W), c (B, condition) -> (B, outer, H, W)."""

    def __init__(self, inner: int, outer: int, condition: int):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(GROUPS, inner), nn.Conv2d(inner, outer, 3, padding=1)
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(condition, 2 * outer))
        self.norm2, self.conv2 = nn.GroupNorm(GROUPS, outer), nn.Conv2d(outer, outer, 3, padding=1)
        self.skip = nn.Identity() if inner == outer else nn.Conv2d(inner, outer, 1)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        shift, scale = self.modulation(c)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(self.norm1(x)))
        return self.skip(x) + self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))


class Attention(nn.Module):
    """x (B, width, H, W) + self-attention over its H W positions, with one head."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.qkv, self.project = (
            nn.GroupNorm(GROUPS, width),
            nn.Linear(width, 3 * width),
            nn.Linear(width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(x).flatten(2).transpose(1, 2)).chunk(3, dim=-1)
        mixed = self.project(F.scaled_dot_product_attention(q, k, v))
        return x + mixed.transpose(1, 2).reshape(x.shape)


class UNet(nn.Module):
    """x_t (B, channels, size, size), t a number or (B,), y (B,) or None -> like x_t. Exactly 0 when new.

    width: channels at the full size, a multiple of 8; twice as many at the others.
    levels: how many sizes; size must be divisible by 2^(levels - 1).
    t_scale: 1 for DDPM's clock 0 ... 999, 1000 for flow matching's [0, 1] (see `lib.nets.embedding`).
    classes: number of classes, or None for a net that takes no labels. A label of NO_LABEL, or y=None, asks without a class.
    generator: draws the initial weights; without it they come from torch's global generator, as every layer's do.
    Raises ValueError for sizes that do not fit, here or when an image of another size comes.
    """

    def __init__(self, size: int, channels: int = 1, *, width: int = 32, levels: int = 3, t_scale: float = 1.0,
                 classes: int | None = None, generator: torch.Generator | None = None):  # fmt: skip
        super().__init__()
        for name, count in (("size", size), ("channels", channels), ("width", width), ("levels", levels)):
            check_whole(name, count, 1)
        if generator is not None:
            given(generator)
        if width % GROUPS:
            raise ValueError(
                f"width must be a multiple of {GROUPS}, whose channels are normalised together, got {width}."
            )
        if levels > 20 or size % 2 ** (levels - 1):
            raise ValueError(
                f"A side of {size} cannot be halved {levels - 1} times. Take fewer levels, or pad the images."
            )
        self.size, self.channels, self.shape = size, channels, (channels, size, size)
        self.width, self.levels, self.t_scale, self.classes = width, levels, t_scale, classes
        self.time = SinusoidalTimeEmbedding(4 * width, t_scale)
        condition = 4 * width
        self.time_mlp = nn.Sequential(nn.Linear(4 * width, condition), nn.SiLU(), nn.Linear(condition, condition))
        self.label = None if classes is None else LabelEmbedding(classes, condition)
        widths = [width if level == 0 else 2 * width for level in range(levels)]
        self.embed = nn.Conv2d(channels, width, 3, padding=1)
        self.down = nn.ModuleList(
            ResidualBlock(inner, outer, condition) for inner, outer in zip([width, *widths], widths)
        )
        self.halve = nn.ModuleList(nn.Conv2d(w, w, 3, stride=2, padding=1) for w in widths[:-1])
        deep = widths[-1]
        self.middle = nn.ModuleList(ResidualBlock(deep, deep, condition) for _ in range(2))
        self.attention = Attention(deep)
        self.up = nn.ModuleList(
            ResidualBlock(inner + kept, kept, condition) for inner, kept in zip([*widths[1:], deep], widths)
        )
        self.norm, self.head = nn.GroupNorm(GROUPS, width), nn.Conv2d(width, channels, 3, padding=1)
        self._start(generator)

    def _start(self, generator: torch.Generator | None) -> None:
        """torch's own start, He's for layers within [-1, 1] / sqrt(inputs), from the generator; zero where output begins."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
                nn.init.zeros_(layer.bias)
        if self.label is not None:
            nn.init.normal_(self.label.table.weight, std=0.02, generator=generator)
        blocks = [block for block in self.modules() if isinstance(block, ResidualBlock)]
        for layer in (*(block.conv2 for block in blocks), self.attention.project, self.head):
            nn.init.zeros_(layer.weight)

    def forward(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        check_fits("images", x_t, self.shape, self.head.weight)
        c = self.time_mlp(self.time(t).to(self.head.weight))  # (B, 4 width), or (1, 4 width)
        check_times(c, x_t)
        c = with_label(c, self.label, y, len(x_t))
        x, kept = self.embed(x_t), []
        for level, block in enumerate(self.down):
            x = self.halve[level - 1](x) if level else x
            kept.append(x := block(x, c))
        x = self.middle[1](self.attention(self.middle[0](x, c)), c)
        for level in reversed(range(self.levels)):
            x = self.up[level](torch.cat([x, kept[level]], dim=1), c)
            x = F.interpolate(x, scale_factor=2.0, mode="nearest") if level else x
        return self.head(F.silu(self.norm(x)))
