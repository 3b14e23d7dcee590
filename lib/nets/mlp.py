"""The network of the two-moons chapters: a plain multilayer perceptron that is told the time, and the class if there is one."""

import torch
from torch import Tensor, nn

from lib.checks import check_fits, check_times, check_whole
from lib.nets.embedding import LabelEmbedding, SinusoidalTimeEmbedding, with_label
from lib.prediction import Time


class MLPDenoiser(nn.Module):
    """x_t (B, dim), t a number or (B,), y (B,) or None -> (B, dim).

    Input: the sample beside the time embedding (the label embedding is added to it); `depth` hidden layers of `width`, SiLU.
    t_scale: 1 for DDPM's clock 0 ... 999, 1000 for flow matching's [0, 1] (see `lib.nets.embedding`).
    classes: number of classes for a conditional net, None for an unconditional one, which takes no labels (ValueError).
    Raises ValueError or TypeError for sizes below 1, and for an x_t of another dimension, precision or device.
    """

    def __init__(
        self, dim: int = 2, width: int = 128, depth: int = 3, *, embed_dim: int = 64, t_scale=1.0, classes=None
    ):
        super().__init__()
        for name, size in (("dim", dim), ("width", width), ("depth", depth)):
            check_whole(name, size, 1)
        self.dim, self.width, self.depth, self.embed_dim = dim, width, depth, embed_dim
        self.t_scale, self.classes, self.shape = t_scale, classes, (dim,)
        self.time = SinusoidalTimeEmbedding(embed_dim, t_scale)
        self.label = None if classes is None else LabelEmbedding(classes, embed_dim)
        layers = [nn.Linear(dim + embed_dim, width), nn.SiLU()]
        for _ in range(depth - 1):
            layers += [nn.Linear(width, width), nn.SiLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(width, dim))

    def forward(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        check_fits("samples", x_t, self.shape, self.layers[0].weight)
        condition = self.time(t).to(x_t)  # (B, embed_dim), or (1, embed_dim)
        check_times(condition, x_t)
        condition = with_label(condition, self.label, y, len(x_t))
        return self.layers(torch.cat([x_t, condition.expand(len(x_t), -1)], dim=-1))  # (B, dim)
