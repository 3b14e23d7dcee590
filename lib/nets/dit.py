"""The Diffusion Transformer (Peebles & Xie 2023): an image is cut into patches, and a transformer works on the list of them.

    tokens = patchify(x_t) W + positions                (B, N, width), N = (size / patch)^2
    c      = MLP(embed(t)) + embed(y)                   (B, width)
    block:   shift, scale, gate (twice) = Linear(SiLU(c))
             tokens += gate * attention(norm(tokens) * (1 + scale) + shift)
             tokens += gate *       MLP(norm(tokens) * (1 + scale) + shift)
    output = unpatchify(Linear(norm(tokens) * (1 + scale) + shift))

adaLN-Zero: the linear maps that make shift, scale and gate start at zero, and so does the last one. A new block is the identity,
a new net answers exactly 0. The norms have no weights of their own: the condition provides shift and scale already.
The published net predicts a variance too, which doubles its output channels; this one does not.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.checks import check_alike, check_fits, check_floats, check_function, check_tensor, check_times, check_whole
from lib.kernels import GELU, multiply_add, standardised
from lib.nets.embedding import LabelEmbedding, SinusoidalTimeEmbedding, with_label
from lib.prediction import Time
from lib.seeding import given

FREQUENCIES = 256  # of the time embedding, as published


def patchify(x: Tensor, patch: int) -> Tensor:
    """Images (B, C, H, W) -> tokens (B, H/patch * W/patch, C * patch^2): patches row by row, each flattened as (C, row, column).

    Raises ValueError when patch does not divide H and W, and for images that are not square: tokens do not tell their shape, and
    `unpatchify` would make another picture of them.
    """
    check_tensor("Images", x)
    check_whole("patch", patch, 1)
    if x.ndim != 4 or x.shape[2] != x.shape[3]:
        raise ValueError(f"Images must be square, of shape (B, C, S, S), got {tuple(x.shape)}. Crop or pad them.")
    B, C, H, W = x.shape
    if H % patch or W % patch:
        raise ValueError(
            f"Patches of {patch}x{patch} do not tile an image of {H}x{W}. Choose a patch that divides both."
        )
    return x.reshape(B, C, H // patch, patch, W // patch, patch).permute(0, 2, 4, 1, 3, 5).reshape(B, -1, C * patch**2)


def unpatchify(tokens: Tensor, patch: int, channels: int) -> Tensor:
    """The inverse of `patchify`: (B, N, channels * patch^2) -> (B, channels, patch*sqrt(N), patch*sqrt(N)).

    Raises ValueError for tokens of another width, and for a number of them that makes no square.
    """
    check_tensor("Tokens", tokens)
    check_whole("patch", patch, 1)
    check_whole("channels", channels, 1)
    if (
        tokens.ndim != 3
        or tokens.shape[2] != channels * patch**2
        or math.isqrt(tokens.shape[1]) ** 2 != tokens.shape[1]
    ):
        raise ValueError(
            f"Tokens must have shape (B, N, {channels * patch**2}) with N a square number, got {tuple(tokens.shape)}."
        )
    B, N, _ = tokens.shape
    side = math.isqrt(N)
    return tokens.reshape(B, side, side, channels, patch, patch).permute(0, 3, 1, 4, 2, 5).reshape(
        B, channels, side * patch, side * patch
    )  # fmt: skip


def positions(side: int, width: int) -> Tensor:
    """Fixed 2-D sine-cosine positions (side^2, width): half of the width tells the column, the other half the row.

    width must be divisible by 4. Frequencies 10,000^(-i / (width/4)); the columns come first, as in the published code.
    """
    check_whole("side", side, 1)
    check_whole("width", width, 1)
    if width % 4:
        raise ValueError(f"width must be divisible by 4 (sine and cosine, of row and column), got {width}.")
    embed = SinusoidalTimeEmbedding(width // 2)  # what tells a time tells a coordinate
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.cat([embed(column.flatten()), embed(row.flatten())], dim=-1)


def explicit_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d)) v for q, k, v (..., N, d). Holds the N x N weights, which SDPA never does.

    It has the forward-mode derivative that `F.scaled_dot_product_attention` lacks.
    Raises ValueError for shapes that do not fit: k and v have one N, q and k one d, and all the rest in common.
    """
    for name, x in (("q", q), ("k", k), ("v", v)):
        check_floats(name, x)
    if q.ndim < 2 or q.shape[:-2] != k.shape[:-2] or q.shape[-1] != k.shape[-1] or k.shape[:-1] != v.shape[:-1]:
        raise ValueError(
            f"q, k and v must have shape (..., N, d), got {tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}."
        )
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1) @ v


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """norm(x) * (1 + scale) + shift for tokens x (B, N, width); shift and scale (B, width) are the same for all tokens."""
    return multiply_add(standardised(x), 1 + scale[:, None], shift[:, None])


class DiTBlock(nn.Module):
    """tokens (B, N, width), c (B, width) -> tokens. The identity when new."""

    def __init__(self, width: int, heads: int, attention: Callable = F.scaled_dot_product_attention):
        super().__init__()
        check_whole("width", width, 1)
        check_whole("heads", heads, 1)
        check_function("attention", attention)
        if width % heads:
            raise ValueError(f"{heads} heads cannot share a width of {width}: it must be a multiple of them.")
        self.width, self.heads, self.attention = width, heads, attention
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), GELU(), nn.Linear(4 * width, width))
        nn.init.zeros_(self.modulation[1].weight)
        nn.init.zeros_(self.modulation[1].bias)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """The tokens, worked on. Raises ValueError for tokens or conditions of another shape."""
        check_floats("Tokens", x)
        check_floats("Conditions", c)
        if x.ndim != 3 or c.shape not in ((1, x.shape[2]), (len(x), x.shape[2])) or x.shape[2] != self.width:
            raise ValueError(
                f"A block takes tokens (B, N, {self.width}) and conditions (B, {self.width}), "
                f"got {tuple(x.shape)} and {tuple(c.shape)}."
            )
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(c).chunk(6, dim=-1)
        x = x + gate1[:, None] * self.attend(modulate(x, shift1, scale1))
        return x + gate2[:, None] * self.mlp(modulate(x, shift2, scale2))

    def attend(self, x: Tensor) -> Tensor:
        """Self-attention with several heads: tokens (B, N, width) -> tokens."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        mixed = self.attention(q, k, v)
        check_alike("The answer of the attention", mixed, "v", v)
        return self.project(mixed.transpose(1, 2).flatten(2))


class DiT(nn.Module):
    """x_t (B, channels, size, size), t a number or (B,), y (B,) or None -> like x_t. Exactly 0 when new.

    patch: side of a patch; (size / patch)^2 tokens, whose number drives the cost.
    width, depth, heads: of the transformer; width a multiple of heads and of 4.
    t_scale: 1 for DDPM's clock 0 ... 999, 1000 for flow matching's [0, 1] (see `lib.nets.embedding`).
    classes: number of classes, or None for a net that takes no labels. A label of NO_LABEL, or y=None, asks without a class.
    attention: `F.scaled_dot_product_attention`, or `explicit_attention`: the same numbers.
    generator: draws the initial weights; without it they come from torch's global generator, as every layer's do.
    Raises ValueError for sizes that do not fit, here or when an image of another size comes.
    """

    def __init__(self, size: int, channels: int = 1, *, patch: int = 2, width: int = 128, depth: int = 6, heads: int = 4,
                 t_scale: float = 1.0, classes: int | None = None,
                 attention: Callable = F.scaled_dot_product_attention,
                 generator: torch.Generator | None = None):  # fmt: skip
        super().__init__()
        check_whole("size", size, 1, " It is the side of square images; crop or pad others.")
        for name, count in (
            ("channels", channels),
            ("patch", patch),
            ("width", width),
            ("depth", depth),
            ("heads", heads),
        ):
            check_whole(name, count, 1)
        if generator is not None:
            given(generator)
        if size % patch:
            raise ValueError(f"Patches of {patch}x{patch} do not tile an image of {size}x{size}.")
        self.size, self.channels, self.patch, self.shape = size, channels, patch, (channels, size, size)
        self.width, self.depth, self.heads, self.t_scale, self.classes = width, depth, heads, t_scale, classes
        self.embed = nn.Linear(channels * patch**2, width)
        self.register_buffer("positions", positions(size // patch, width), persistent=False)
        self.time = SinusoidalTimeEmbedding(FREQUENCIES, t_scale)
        self.time_mlp = nn.Sequential(nn.Linear(FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self.label = None if classes is None else LabelEmbedding(classes, width)
        self.blocks = nn.ModuleList(DiTBlock(width, heads, attention) for _ in range(depth))
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.head = nn.Linear(width, channels * patch**2)
        self._start(generator)

    def _start(self, generator: torch.Generator | None) -> None:
        """The published start: Xavier for linear maps, N(0, 0.02^2) for embeddings, zero for biases and where output begins."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)
        tables = [] if self.label is None else [self.label.table]
        for layer in (self.time_mlp[0], self.time_mlp[2], *tables):
            nn.init.normal_(layer.weight, std=0.02, generator=generator)
        for layer in (*(block.modulation[1] for block in self.blocks), self.modulation[1], self.head):
            nn.init.zeros_(layer.weight)

    def forward(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        check_fits("images", x_t, self.shape, self.positions)
        c = self.time_mlp(self.time(t).to(self.positions))  # (B, width), or (1, width)
        check_times(c, x_t)
        c = with_label(c, self.label, y, len(x_t))
        x = self.embed(patchify(x_t, self.patch)) + self.positions  # (B, N, width)
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.modulation(c).chunk(2, dim=-1)
        return unpatchify(self.head(modulate(x, shift, scale)), self.patch, self.channels)
