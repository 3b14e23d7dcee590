"""A network on a path: what DDPM and flow matching share, which is nearly everything.

They differ in the path, in what the net is asked for, and in the step rule they take when none is given.
"""

import copy

import torch
from torch import Tensor, nn

from lib.checks import HALF, check_net, check_number, check_path, check_samples, check_sizes, check_tensor
from lib.ema import places
from lib.labels import drop_labels
from lib.prediction import Estimate, Path, Time, denoising_loss, solve, target_row
from lib.samplers import Rule, sample
from lib.seeding import randn


class Learned(nn.Module):
    """net(x_t, t, y) -> like x_t, answering `target` on `path`: a Model, once its net has learned.

    label_drop: share of the labels replaced by "no label" while training, drawn for each sample (for guidance).
    A net in half precision is asked in it; all else is computed in the precision of the samples.
    Raises ValueError for an unknown target and for "u" on a discrete schedule, and TypeError for a path that is none.
    """

    rule: Rule  # of `sample`, where none is given

    def __init__(self, net: nn.Module, path: Path, target: str, *, label_drop: float = 0.0):
        super().__init__()
        if net is not None:
            check_net(net)
        check_path(path)
        check_number("label_drop", label_drop, 0, 1)
        target_row(target, path.coeffs(path.t_data))
        self.net, self.path, self.target, self.label_drop = net, path, target, label_drop
        self._home = None, {}, ""

    def _dtype(self, net: nn.Module) -> torch.dtype | None:
        """The precision of the net, which its first weight tells. Where that is kept is kept: to look takes as long as a step."""
        owner, table, name = self._home
        if owner is not net or (table and name not in table):
            table, name = next(iter(places(net, "_parameters") if isinstance(net, nn.Module) else ()), ({}, ""))
            self._home = net, table, name
        return table[name].dtype if table else None

    def ask(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        """The answer of the net, in the precision of x_t. Raises ValueError where there is no net."""
        net = self.net
        if net is None:
            raise ValueError("This model was made without a net: it has a path, and no estimates. Build it with a net.")
        dtype = self._dtype(net)
        if dtype in HALF and x_t.dtype != dtype:
            output = net(x_t.to(dtype), t, y)
            check_tensor("The answer of the net", output)
            return output.to(x_t.dtype)
        return net(x_t, t, y)

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
        """Scalar mean square error against the target. t: a number or (B,), uniform over the clock if not given.

        Raises TypeError for data of whole numbers (scale images to [-1, 1]) and for times of another clock, ValueError for shapes
        that do not fit: nothing is broadcast.
        """
        if y is not None and self.label_drop:
            y = drop_labels(y, self.label_drop, generator=generator)
        return denoising_loss(self.ask, self.path, self.target, x_data, y, t=t, eps=eps, generator=generator)

    def estimate(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Estimate:
        """The net's E[x_data | x_t] and E[eps | x_t] at the time t, a number or (B,) of the path's clock.

        Raises TypeError for times of another clock, ValueError for an answer that has not the shape of x_t and for a net that
        writes into x_t.
        """
        check_samples("x_t", x_t)
        c = self.path.coeffs(t, like=x_t)  # first: it refuses a time of another clock
        version = None if x_t.is_inference() else x_t._version
        output = self.ask(x_t, t, y)
        if version is not None and x_t._version != version:
            raise ValueError(
                "This net writes into the x_t that it is asked about, which is needed afterwards. Give its first layer "
                "inplace=False, or let it begin with x_t.clone()."
            )
        return solve(self.target, output, x_t, c)

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
        """Samples of the given shape for `calls` network calls, from `start` (the shape may then be ()) or from fresh noise.

        Raises as `walk` does, and ValueError for a shape that is not that of `start`, or of which the net takes no samples.
        """
        check_sizes("shape", shape)
        wanted = getattr(self.net, "shape", None)
        if wanted is not None and shape and tuple(shape[1:]) != tuple(wanted):
            raise ValueError(
                f"This net makes samples of shape {tuple(wanted)}: ask for {(16, *wanted)}, not {tuple(shape)}."
            )
        if start is None:
            start = randn(shape, like=next(self.parameters(), None), generator=generator)
        check_tensor("start", start)
        if shape and tuple(start.shape) != tuple(shape):
            raise ValueError(f"shape must be that of start, {tuple(start.shape)}, got {tuple(shape)}.")
        return sample(self, start, calls, self.rule if rule is None else rule, y, generator=generator)

    def with_net(self, net: nn.Module) -> "Learned":
        """The same model around another network, for example an averaged one."""
        check_net(net)
        other = copy.copy(self)
        other._modules = {k: v for k, v in self._modules.items() if k != "net"}  # a shallow copy would share the table
        other.net = net
        return other
