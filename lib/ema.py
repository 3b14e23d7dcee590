"""An exponential moving average of the weights: the network one samples from.

    average <- decay * average + (1 - decay) * weights        after n updates from w_0:

    average = decay^n w_0 + (1 - decay) sum_{i=1..n} decay^(n-i) w_i

It remembers about 1 / (1 - decay) updates; choose decay so that this is a small part of the training.
"""

import copy

import torch
from torch import nn


class EMA:
    """`.net` is the averaged copy of a network; call `update()` after every optimiser step. decay in [0, 1)."""

    def __init__(self, net: nn.Module, decay: float = 0.999):
        if not 0 <= decay < 1:
            raise ValueError(
                f"decay must lie in [0, 1): 0 keeps the newest weights, 0.999 averages about 1,000; got {decay}."
            )
        self.decay = decay
        self.net = copy.deepcopy(net).requires_grad_(False).eval()
        # Kept, for to look for them in every step costs more than to average them.
        self._average, self._newest = list(self.net.parameters()), list(net.parameters())
        self._buffers = list(zip(self.net.buffers(), net.buffers(), strict=True))

    @torch.no_grad()
    def update(self) -> None:
        torch._foreach_lerp_(self._average, self._newest, 1 - self.decay)
        for mine, theirs in self._buffers:
            mine.copy_(theirs)
