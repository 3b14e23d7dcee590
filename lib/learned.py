"""A network on a path: what DDPM and flow matching share, which is nearly everything.

They differ in the path, in what the net is asked for, and in the step rule they take when none is given.
"""

import copy

import torch
from torch import Tensor, nn

from lib.labels import drop_labels
from lib.prediction import Estimate, Path, Time, denoising_loss, solve, target_row
from lib.samplers import Rule, sample
from lib.seeding import randn


class Learned(nn.Module):
    """net(x_t, t, y) -> like x_t, answering `target` on `path`: a Model, once its net has learned.

    label_drop: share of the labels replaced by "no label" while training, drawn for each sample (for guidance).
    Raises ValueError for an unknown target and for "u" on a discrete schedule.
    """

    rule: Rule  # of `sample`, where none is given

    def __init__(self, net: nn.Module, path: Path, target: str, *, label_drop: float = 0.0):
        super().__init__()
        self.net, self.path, self.target, self.label_drop = net, path, target, label_drop
        target_row(target, path.coeffs(path.t_data))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample, as the net says."""
        return self.net.shape

    def loss(
        self,
        x_data: Tensor,
        y: Tensor | None = None,
        *,
        t: Time | None = None,
        eps: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Scalar mean square error against the target. t: a number or (B,), uniform over the clock if not given."""
        if y is not None and self.label_drop:
            y = drop_labels(y, self.label_drop, generator=generator)
        return denoising_loss(self.net, self.path, self.target, x_data, y, t=t, eps=eps, generator=generator)

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        """The net's E[x_data | x_t] and E[eps | x_t] at the time t, a number or (B,) of the path's clock."""
        c = self.path.coeffs(t, like=x_t)  # first: it refuses a time of another clock
        return solve(self.target, self.net(x_t, t, y), x_t, c)

    def sample(
        self,
        shape: tuple[int, ...],
        calls: int,
        rule: Rule | None = None,
        y: Tensor | None = None,
        *,
        start: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Samples of the given shape for `calls` network calls, from `start` or from fresh noise."""
        x = randn(shape, like=next(self.net.parameters()), generator=generator) if start is None else start
        return sample(self, x, calls, rule or self.rule, y, generator=generator)

    def with_net(self, net: nn.Module) -> "Learned":
        """The same model around another network, for example an averaged one."""
        other = copy.copy(self)
        other._modules = self._modules.copy()  # a shallow copy would share the table that holds the net
        other.net = net
        return other
