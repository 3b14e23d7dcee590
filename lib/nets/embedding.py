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

from lib.checks import HALF, check_number, check_whole, told
from lib.labels import NO_LABEL, check_labels
from lib.prediction import Time, check_time


class SinusoidalTimeEmbedding(nn.Module):
    """t, a number or (B,), integer or float -> (1, dim) or (B, dim). No parameters. `dim` must be even.

    Computed in float32 at least, and answered in the precision of the net: bfloat16 tells but every fourth of a thousand steps.
    """

    def __init__(self, dim: int, t_scale: float = 1.0, max_period: float = 10_000):
        super().__init__()
        check_whole("dim", dim)
        check_number("t_scale", t_scale)
        check_number("max_period", max_period)
        if max_period <= 0:
            raise ValueError(f"max_period must be above 0, got {max_period}.")
        if dim < 2 or dim % 2:
            raise ValueError(f"dim must be even and at least 2 (pairs of sine and cosine), got {dim}.")
        self.dim, self.t_scale, self.max_period = dim, t_scale, max_period
        self.register_buffer("freqs", self._frequencies(), persistent=False)

    def _frequencies(self) -> Tensor:
        half = self.dim // 2
        return torch.exp(-math.log(self.max_period) * torch.arange(half, dtype=torch.float64) / half).float()

    def forward(self, t: Time) -> Tensor:
        check_time(t)
        freqs = own = self.freqs
        if own.dtype in HALF:
            freqs = self._frequencies().to(own.device)
        t = t if isinstance(t, Tensor) else torch.tensor(float(t))
        args = self.t_scale * t.to(freqs).reshape(-1, 1) * freqs  # (B, half)
        return torch.cat([args.sin(), args.cos()], dim=-1).to(own.dtype)  # (B, dim)


class TwoTimes(nn.Module):
    """(s, t) as rows (B, 2) -> (B, dim): what `time` says of s, plus a linear map of what an embedding says of t - s.

    The linear map is zero when new, so a net that was told one time answers as before.
    scale: factor on t - s, as t_scale.
    """

    def __init__(self, time: SinusoidalTimeEmbedding, scale: float):
        super().__init__()
        self.dim, self.time = time.dim, time
        self.gap, self.mix = SinusoidalTimeEmbedding(time.dim, scale), nn.Linear(time.dim, time.dim)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, times: Tensor) -> Tensor:
        if not isinstance(times, Tensor) or times.ndim != 2 or times.shape[1] != 2:
            raise ValueError(f"This net is told two times, (s, t) as rows (B, 2); got {told(times)}.")
        s, t = times.unbind(1)
        return self.time(s) + self.mix(self.gap(t - s).to(self.mix.weight))


def with_label(condition: Tensor, label: "LabelEmbedding | None", y: Tensor | None, batch: int) -> Tensor:
    """A condition (B, dim) or (1, dim) plus the embedding of the labels y (B,), in a net that has one; else as it is.

    Raises ValueError for labels where the net was built without classes.
    """
    if label is not None:
        return condition + label(y, batch)
    if y is not None:
        raise ValueError(
            "This net was built without classes and cannot use labels. Build it with classes=... or drop y."
        )
    return condition


class LabelEmbedding(nn.Module):
    """y (B,) in {0, ..., classes-1}, or NO_LABEL = -1 for "not given" -> (B, dim). y = None gives every row NO_LABEL.

    Raises ValueError for a label outside that range, and TypeError for labels that are no tensor.
    """

    def __init__(self, classes: int, dim: int):
        super().__init__()
        check_whole("classes", classes, 1)
        check_whole("dim", dim, 1)
        self.classes = classes
        self.table = nn.Embedding(classes + 1, dim)  # the last row is the embedding of "no label"

    def forward(self, y: Tensor | None, batch: int) -> Tensor:
        if y is None:
            y = torch.full((batch,), NO_LABEL, device=self.table.weight.device)
        y = check_labels(y, batch, self.classes).to(self.table.weight.device)
        return self.table(y % (self.classes + 1))
