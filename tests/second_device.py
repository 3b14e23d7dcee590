"""A second device, played on the CPU: it holds no float64, and does not mix its tensors with those of the CPU.

    with second_device() as there:
        x = torch.zeros(3).to(there)          its numbers are on the CPU; torch is told that they are elsewhere

Apple's GPU is such a device. As there, a number may be mixed in from the CPU, and an index may lie on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

NAME = torch.device("lazy")  # a name that torch knows, of a device that is never there
aten = torch.ops.aten
INDEXED = {aten.index.Tensor, aten.index_put_.default}
MAY_MIX = {*INDEXED, aten.copy_.default, aten._to_copy.default}


class Elsewhere(Tensor):
    """A tensor whose numbers are `.here`, on the CPU, and that says that it is on the other device."""

    @staticmethod
    def __new__(cls, here: Tensor):
        if here.dtype == torch.float64:
            raise TypeError("Cannot convert a tensor of this device to float64, which it does not support.")
        there = Tensor._make_wrapper_subclass(cls, here.shape, dtype=here.dtype, device=NAME, strides=here.stride())
        there.here = here
        return there

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


class SecondDevice(TorchDispatchMode):
    """All operations pass through `run`, those too that make new tensors."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


def run(func, args, kwargs):
    """Do on the CPU what is asked of the other device, and refuse what a real one would refuse."""
    leaves = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)]
    there = [leaf for leaf in leaves if isinstance(leaf, Elsewhere)]
    if there and func not in MAY_MIX and any(leaf.ndim for leaf in leaves if not isinstance(leaf, Elsewhere)):
        raise RuntimeError("Expected all tensors to be on the same device, but found at least two devices!")
    if there and func in INDEXED and not isinstance(args[0], Elsewhere):
        raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
    stays = bool(there)
    if kwargs.get("device") is not None:
        stays = torch.device(kwargs["device"]).type == NAME.type
        kwargs = {**kwargs, "device": torch.device("cpu")}
    result = func(*tree_map(bare, args), **tree_map(bare, kwargs))
    if func._schema.name.endswith("_"):
        return args[0] if func._schema.returns else None  # changed in place
    return tree_map(lambda x: Elsewhere(x) if isinstance(x, Tensor) else x, result) if stays else result


def bare(x):
    """The numbers of a tensor, wherever it says that it is."""
    return x.here if isinstance(x, Elsewhere) else x


@contextmanager
def second_device() -> Iterator[torch.device]:
    """The device, as long as the block lasts."""
    with SecondDevice():
        yield NAME
