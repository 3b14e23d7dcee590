"""How fast a GPU trains and samples, which share of its peak that is, and by which kernels: a part of gpu.py."""

import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from lib import Clipped, Guided, ddim, randn, sample, seeded
from lib.trained.__main__ import typed
from lib.trained.config import DATA, Config, build
from lib.trained.folder import LOG, read_log
from lib.trained.loop import train

# On a CPU every net is this one.
SMOKE = ["--width", "16", "--depth", "1", "--heads", "2", "--patch", "8", "--batch", "16", "--no-bf16"]
# Dense products of bfloat16, TFLOP/s, by the vendor's data sheets, by the name that torch tells.
PEAKS = {
    "NVIDIA H200": 989,
    "NVIDIA H100 80GB HBM3": 989,
    "NVIDIA H100 PCIe": 756,
    "NVIDIA A100-SXM4-80GB": 312,
    "NVIDIA A100-SXM4-40GB": 312,
    "NVIDIA A100 80GB PCIe": 312,
    "NVIDIA A100-PCIE-40GB": 312,
    "NVIDIA L40S": 362,
    "NVIDIA L4": 121,
}


class Place:
    """Where it runs, and how long it may."""

    def __init__(self, device: str, seconds: float, limit: float):
        self.device, self.seconds, self.end = torch.device(device), seconds, time.monotonic() + limit
        self.gpu = device == "cuda"
        self.peak = PEAKS.get(torch.cuda.get_device_name()) if self.gpu else None

    def config(self, *options: str) -> Config:
        """Of a command line; on a CPU at smoke size."""
        said = typed([*options, *(() if self.gpu else SMOKE), "--out", "-"])
        return Config(**{field.name: said[field.name] for field in fields(Config)})

    def wait(self) -> None:
        """Until the GPU has done what it was asked."""
        if self.gpu:
            torch.cuda.synchronize()

    def ways(self) -> dict[str, tuple[bool, bool]]:
        """(bf16, compile) by name. On a CPU nothing is compiled: that takes minutes, and there may be no compiler."""
        found = {"float32": (False, False), "bf16": (True, False)}
        return found | ({"compile": (False, True), "bf16, compile": (True, True)} if self.gpu else {})


# ---- the part ----------------------------------------------------------------------------------------------------------


def speed(place: Place, folder: Path) -> dict:
    """Images a second of training and of sampling, the share of the GPU's peak, and the kernels of attention.

    The net is that of the preset cifar10, on emoji, which have the same shape. Training is timed as `lib.trained` logs it, with
    all that a step does; operations are those of matrix products and of fused attention, as torch counts them.
    """
    config = place.config("--preset", "cifar10", "--data", "emoji", "--steps", "100000")
    (channels, size, _), steps = DATA["emoji"].shape, 100 if place.gpu else 2
    found = {"batch": config.batch, "peak, bf16, TFLOP/s": place.peak, "training": {}, "sampling": {}}
    products = {name: product(place, dtype) for name, dtype in (("float32", torch.float32), ("bf16", torch.bfloat16))}
    found["a large matrix product, TFLOP/s"] = products
    for name, (bf16, compiled) in place.ways().items():
        model = build(config, channels, size).to(place.device)
        arithmetic = torch.autocast(place.device.type, torch.bfloat16) if bf16 else nullcontext()
        kind = "bf16" if bf16 else "float32"

        def told(each: float, operations: float, kind: str = kind) -> dict:
            """`each`: images a second; `operations`: of a batch of them."""
            rate = each * operations / config.batch / 1e12
            peak = rate / place.peak if place.peak and kind == "bf16" else None
            return {"images/s": each, "TFLOP/s": rate, "share of the peak": peak,
                    "share of a large product": rate / products[kind]}  # fmt: skip

        if compiled:
            torch.compiler.reset()  # or it remembers the nets of before
        with arithmetic:
            operations, kernels = counted(lambda model=model: model.loss(*asked(model, config.batch)).backward())
        if place.gpu:
            torch.cuda.reset_peak_memory_stats()
        out = folder / name
        train(replace(config, bf16=bf16), out, compile=compiled, log_every=steps, save_every=steps, stop_at=2 * steps,
              quiet=True)  # fmt: skip
        each = read_log(out / LOG)[-1]["images_per_second"]  # of the second half
        memory = torch.cuda.max_memory_allocated() / 2**30 if place.gpu else None
        found["training"][name] = told(each, operations) | {"memory, GiB": memory, "attention": kernels}
        if not compiled:
            with arithmetic, torch.no_grad():
                forward, kernels = counted(lambda model=model: model.net(*asked(model, config.batch, 0.5)))
                each = sampled(place, model, 256 if place.gpu else 4)
            found["sampling"][name] = told(each, forward * 2 * 20) | {"attention": kernels}  # guided, 20 calls
    return found | {"ok": True}


# ---- what is measured ----------------------------------------------------------------------------------------------------


def asked(model: torch.nn.Module, n: int, *t: float) -> tuple:
    """n images with their labels, and a time between them where there is one."""
    device = next(model.net.parameters()).device
    return (randn((n, *model.shape), generator=seeded(0)).to(device), *t, torch.arange(n, device=device) % 10)


class Attention(TorchDispatchMode):
    """Notes which of torch's kernels for attention are called."""

    def __init__(self):
        super().__init__()
        self.seen = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if "scaled_dot_product" in (name := function.name()):
            self.seen[re.sub(r"^aten::_?", "", name)] += 1
        return function(*args, **kwargs or {})


def counted(work: Callable[[], object]) -> tuple[int, dict[str, int]]:
    """Operations of `work`, and the kernels of attention that it calls; none where attention is not fused."""
    with FlopCounterMode(display=False) as counter:
        work()
    with Attention() as kernels:
        work()
    return counter.get_total_flops(), dict(kernels.seen)


def product(place: Place, dtype: torch.dtype) -> float:
    """TFLOP/s of a large matrix product: what can be had here."""
    n = 8192 if place.gpu else 256
    a = torch.randn(n, n, device=place.device, dtype=dtype)
    for repeats in (2, 10):  # the first to warm up
        place.wait()
        start = time.perf_counter()
        for _ in range(repeats):
            a @ a
        place.wait()
    return 10 * 2 * n**3 / (time.perf_counter() - start) / 1e12


def sampled(place: Place, model: torch.nn.Module, n: int) -> float:
    """Images a second: n at a time, 20 calls of ddim, guided and clipped, as a run draws its sheet."""
    start, y = asked(model, n)
    for _ in range(2):  # the first to warm up
        place.wait()
        begin = time.perf_counter()
        sample(Clipped(Guided(model, 2.0)), start, 20, ddim, y)
        place.wait()
    return n / (time.perf_counter() - begin)
