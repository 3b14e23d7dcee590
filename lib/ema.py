"""An exponential moving average of the weights: the network one samples from.

    average <- decay * average + (1 - decay) * weights        after n updates from w_0:

    average = decay^n w_0 + (1 - decay) sum_{i=1..n} decay^(n-i) w_i

It remembers about 1 / (1 - decay) updates; choose decay so that this is a small part of the training.

The average is kept in float32 where the weights are in half precision. There an update adds less than half a last digit, and is
rounded away: after 20,000 updates from 0 towards 1 with decay 0.9999 a bfloat16 average stands at 0.03, not at 0.86.
"""

import copy
from collections.abc import Iterable

import torch
from torch import nn

from lib.checks import at_least_single, check_number, check_weights


class EMA:
    """`.net` is the averaged copy of a network; call `update()` after every optimiser step. decay in [0, 1).

    The copy of a net in half precision is in float32. It stays where the net was when the average began.
    Raises ValueError for another decay and for a net without weights, TypeError for what is no net.
    """

    def __init__(self, net: nn.Module, decay: float = 0.999):
        check_weights(net)
        check_number("decay", decay)
        if not 0 <= decay < 1:
            raise ValueError(
                f"decay must lie in [0, 1): 0 keeps the newest weights, 0.999 averages about 1,000; got {decay}."
            )
        self.decay = decay
        self.net = copy.deepcopy(net).requires_grad_(False).eval()
        for mine in (*self.net.parameters(), *self.net.buffers()):
            mine.data = mine.data.to(at_least_single(mine.dtype))
        # Kept, for to look for them in every step costs more than to average them.
        self._average, self._newest = list(self.net.parameters()), places(net, "_parameters")
        self._buffers = list(zip(self.net.buffers(), places(net, "_buffers"), strict=True))

    def follows(self, weights: Iterable[nn.Parameter]) -> bool:
        """Whether one of the weights is averaged here."""
        newest = {id(table[name]) for table, name in self._newest}
        return any(id(weight) in newest for weight in weights)

    @torch.no_grad()
    def update(self) -> None:
        """Move the average a little towards the newest weights."""
        try:
            newest = [table[name].to(mine) for mine, (table, name) in zip(self._average, self._newest)]
        except KeyError:
            raise ValueError(
                "A weight of the net has gone since the average began. Begin it anew: EMA(net, decay)."
            ) from None
        torch._foreach_lerp_(self._average, newest, 1 - self.decay)
        for mine, (table, name) in self._buffers:
            mine.copy_(table[name])


def places(net: nn.Module, kind: str) -> list[tuple[dict, str]]:
    """Where the net keeps its "_parameters" or "_buffers", in their order. What stands there may be replaced, as by .to(...)."""
    found = {}
    for module in net.modules():
        for name, tensor in (table := getattr(module, kind)).items():
            if tensor is not None:
                found.setdefault(id(tensor), (table, name))
    return list(found.values())
