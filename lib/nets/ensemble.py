"""Small nets side by side, trained together for less than half of what they cost one after the other.

Much of a small net's step goes into starting its operations. K nets of one shape start each of them once; the batch consists of
K parts, and part k belongs to net k:

    nets = Ensemble([MLPDenoiser(width=64, t_scale=1000) for _ in range(5)])
    data = beside(*[batches(x, size=256, generator=seeded(k)) for k in range(5)])
    for _ in fit(FlowMatching(nets), data, 600, times=each(stratified_uniform, 5)): ...
    one, *others = nets.apart()

The loss is the mean over all parts, so that each net sees its own gradient divided by K. Adam divides by the size of the gradient
and takes the same steps.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest

import torch
from torch import Tensor, nn

from lib.checks import check_batch, check_batches, check_fits, check_function, check_times, check_whole, rows_of, told
from lib.labels import NO_LABEL, check_labels
from lib.nets.mlp import MLPDenoiser
from lib.prediction import Time


class Ensemble(nn.Module):
    """MLPs with the same settings: x_t (K*B, dim), t a number or (K*B,), y (K*B,) or None -> (K*B, dim).

    Their weights are copied.

    Raises ValueError where the settings differ, and for a batch that is not K equal parts.
    """

    def __init__(self, nets: list[MLPDenoiser]):
        super().__init__()
        if not isinstance(nets, list | tuple) or not nets or not all(isinstance(net, MLPDenoiser) for net in nets):
            raise TypeError(f"An Ensemble is made of a list of MLPDenoisers, got {told(nets)}.")
        if len(kinds := set(map(_kind, nets))) != 1:
            raise ValueError(
                "Nets side by side have one shape, t_scale, max_period, number of classes, precision and device; "
                f"got {len(kinds)} kinds."
            )
        if not all(isinstance(layer, nn.Linear | nn.SiLU) for layer in nets[0].layers):
            raise ValueError("Nets side by side are computed with SiLU between linear layers; these have other layers.")
        self.count, self.t_scale, self.classes, self.time = len(nets), nets[0].t_scale, nets[0].classes, nets[0].time
        self._kind = [nets[0]]  # in a list, for its weights are not among ours
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for layers in zip(*map(_linear, nets)):
            self.weights.append(torch.stack([layer.weight.detach() for layer in layers]))  # (K, out, in)
            self.biases.append(torch.stack([layer.bias.detach() for layer in layers])[:, None])  # (K, 1, out)
        self.table = None  # (K * (classes + 1), embed_dim): the label embeddings of all nets, one below the other
        if self.classes is not None:
            self.table = nn.Parameter(torch.cat([net.label.table.weight.detach() for net in nets]))

    def forward(self, x_t: Tensor, t: Time, y: Tensor | None = None) -> Tensor:
        check_fits("samples", x_t, self._kind[0].shape, self.weights[0])
        if len(x_t) % self.count:
            raise ValueError(f"A batch for {self.count} nets consists of as many equal parts; got {len(x_t)} rows.")
        condition = self.time(t).to(x_t)
        check_times(condition, x_t)
        if self.table is not None:
            condition = condition + self.table[self._rows(y, len(x_t))]
        elif y is not None:
            raise ValueError("These nets were built without classes and cannot use labels. Drop y.")
        h = torch.cat([x_t, condition.expand(len(x_t), -1)], dim=-1).unflatten(
            0, (self.count, -1)
        )  # (K, B, dim + embed_dim)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            h = torch.baddbmm(bias, nn.functional.silu(h) if i else h, weight.mT)
        return h.flatten(0, 1)

    def _rows(self, y: Tensor | None, batch: int) -> Tensor:
        """The row of the table for each sample; without labels that of "not given"."""
        y = torch.full((batch,), NO_LABEL, device=self.table.device) if y is None else y
        y = check_labels(y, batch, self.classes).to(self.table.device)
        rows, nets = self.classes + 1, torch.arange(self.count, device=y.device)
        return y % rows + rows * nets.repeat_interleave(batch // self.count)

    def apart(self) -> list[MLPDenoiser]:
        """The nets, one by one, with the weights that they have now."""
        nets = [copy.deepcopy(self._kind[0]) for _ in range(self.count)]
        with torch.no_grad():
            for k, net in enumerate(nets):
                for layer, weight, bias in zip(_linear(net), self.weights, self.biases):
                    layer.weight.copy_(weight[k])
                    layer.bias.copy_(bias[k, 0])
                if self.table is not None:
                    net.label.table.weight.copy_(self.table.unflatten(0, (self.count, -1))[k])
        return nets


def _kind(net: MLPDenoiser) -> tuple:
    weight = net.layers[0].weight
    return (
        repr(net.layers),
        weight.dtype,
        weight.device,
        net.t_scale,
        net.time.t_scale,
        net.time.max_period,
        net.classes,
    )


def _linear(net: MLPDenoiser) -> list[nn.Linear]:
    return [layer for layer in net.layers if isinstance(layer, nn.Linear)]


def beside(*streams: Iterable[tuple[Tensor, Tensor | None]]) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Batches for an `Ensemble` out of one stream of batches (x, y) for each net.

    Raises TypeError for what is no stream of pairs, ValueError for parts of unequal size, with labels and without, and where one
    stream ends before the others.
    """
    for stream in streams:
        check_batches(stream)
    ended = object()
    for parts in zip_longest(*streams, fillvalue=ended):
        if any(batch is ended for batch in parts):
            raise ValueError(
                "One stream of batches ended before the others. Give each net as many, or streams without end."
            )
        for batch in parts:
            check_batch(batch)
            if batch[1] is not None and rows_of("Labels", batch[1]) != len(batch[0]):
                raise ValueError(f"{len(batch[0])} samples but {len(batch[1])} labels: every sample needs one label.")
        x, y = zip(*parts)
        if len({part.shape for part in x}) != 1 or len({part is None for part in y}) != 1:
            raise ValueError(
                "Nets side by side take batches of one shape, all with labels or all without; "
                f"got {', '.join(str(tuple(part.shape)) for part in x)}."
            )
        yield torch.cat(x), None if y[0] is None else torch.cat(y)


def each(draw: Callable[..., Tensor], count: int) -> Callable[..., Tensor]:
    """Times for `fit`: every one of `count` nets draws its own, as it would alone."""
    check_whole("count", count, 1)
    check_function("draw", draw)
    return lambda n, **rest: torch.cat([draw(n // count, **rest) for _ in range(count)])
