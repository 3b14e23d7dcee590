"""How a network is told the time and the class.

    embed(t) = [sin(f_i t'), cos(f_i t')],   t' = t_scale * t,   f_i = max_period^(-i/half),   i = 0 ... half-1

The frequencies were chosen for DDPM's clock, t in 0 ... 999. On flow matching's clock, t in [0, 1], almost every f_i t' is so
small that sin is a straight line and cos is 1: the embedding has about two directions left. `t_scale=1000` restores the range.

Source: Vaswani et al. 2017, section 3.5, as used by Ho et al. 2020. There are no factors of 2 pi. Some code divides by half-1
instead of half, which moves the frequencies by a hair.
"""

import math

import torch
from torch import Tensor, nn

from lib.labels import NO_LABEL, check_labels
from lib.prediction import Time


class SinusoidalTimeEmbedding(nn.Module):
    """t, a number or (B,), integer or float -> (1, dim) or (B, dim). No parameters. `dim` must be even."""

    def __init__(self, dim: int, t_scale: float = 1.0, max_period: float = 10_000):
        super().__init__()
        if dim < 2 or dim % 2:
            raise ValueError(f"dim must be even and at least 2 (pairs of sine and cosine), got {dim}.")
        self.dim, self.t_scale, self.max_period = dim, t_scale, max_period
        half = dim // 2
        freqs = torch.exp(-math.log(max_period) * torch.arange(half, dtype=torch.float64) / half)
        self.register_buffer("freqs", freqs.float(), persistent=False)

    def forward(self, t: Time) -> Tensor:
        args = self.t_scale * torch.as_tensor(t).to(self.freqs).reshape(-1, 1) * self.freqs  # (B, half)
        return torch.cat([args.sin(), args.cos()], dim=-1)  # (B, dim)


class LabelEmbedding(nn.Module):
    """y (B,) in {0, ..., classes-1}, or NO_LABEL = -1 for "not given" -> (B, dim). y = None gives every row NO_LABEL.

    Raises ValueError for a label outside that range.
    """

    def __init__(self, classes: int, dim: int):
        super().__init__()
        self.classes = classes
        self.table = nn.Embedding(classes + 1, dim)  # the last row is the embedding of "no label"

    def forward(self, y: Tensor | None, batch: int) -> Tensor:
        if y is None:
            y = torch.full((batch,), NO_LABEL, device=self.table.weight.device)
        check_labels(y, batch, self.classes)
        return self.table(y % (self.classes + 1))
