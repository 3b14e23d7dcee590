"""What may be asked: each check refuses with the reason and the next thing to try, before anything is computed.

They look at kinds, shapes, precision and devices, never at the numbers of a tensor: to read those would make a GPU wait.
"""

import math
import operator
from collections.abc import Iterable
from itertools import pairwise
from numbers import Real

import torch
from torch import Tensor, nn

from lib.kernels import all_finite

LARGE = 1e18  # no number of this library comes near it, and a whole number beyond does not fit into a tensor
HALF = {torch.float16, torch.bfloat16}
FLOATS = HALF | {torch.float32, torch.float64}
ANSWER, INNER = "The answer", {"Tokens", "Conditions", "q", "k", "v", "u", "eps"}  # not data, so not to be scaled
WHOLE = {torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8}


def check_whole(name: str, value, low: float = -math.inf, hint: str = "", *, high: float = 10**9) -> None:
    """Raise unless `value` is a whole number from `low` to `high`."""
    if type(value) is not int:
        try:
            whole = not isinstance(value, bool) and operator.index(value) is not None
        except TypeError:
            whole = False
        if not whole:
            raise TypeError(f"{name} must be a whole number, got {told(value)}.{hint}")
    if not low <= value <= high:
        raise ValueError(
            f"{name} must be at {f'least {low}' if value < low else f'most {high}'}, got {int(value)}.{hint}"
        )


def check_sizes(name: str, shape, low: int = 0) -> None:
    """Raise unless `shape` is a tuple of whole numbers, such as (16, 2), each at least `low`."""
    if isinstance(shape, torch.Size):
        return
    if not isinstance(shape, tuple | list):
        raise TypeError(f"{name} must be a tuple of whole numbers, such as (16, 2), got {told(shape)}.")
    for side in shape:
        check_whole(f"Each side of {name}", side, low)


def check_number(name: str, value, low: float = -math.inf, high: float = math.inf) -> None:
    """Raise unless `value` is a finite number from `low` to `high`, both included."""
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {told(value)}.")
    if not (-LARGE <= value <= LARGE and low <= value <= high):
        wanted = f"lie in [{low:g}, {high:g}]" if high < math.inf else f"be finite, below {LARGE:g}"
        wanted += f", and at least {low:g}" if low > -math.inf and high == math.inf else ""
        raise ValueError(f"{name} must {wanted}, got {value}.")


def check_tensor(name: str, x) -> None:
    """Raise unless x is a tensor."""
    if not isinstance(x, Tensor):
        hint = "" if name.startswith(ANSWER) else " torch.as_tensor makes one of numbers and arrays."
        raise TypeError(f"{name} must be a tensor, got {told(x)}.{hint}")


def as_table(name: str, values, dtype: torch.dtype | None = torch.float64) -> Tensor:
    """The values, a tensor or a list of real numbers, as a tensor on the CPU."""
    if isinstance(values, Tensor) and values.is_complex():
        raise TypeError(f"{name} must be real numbers, got complex ones.")
    if isinstance(values, Tensor):
        return values.cpu().to(dtype or values.dtype)  # moved first: where it was, there may be no float64
    try:
        return torch.as_tensor(values, dtype=dtype)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} must be a tensor or a list of numbers, got {told(values)}.") from None


def rows_of(name: str, x) -> int:
    """How many rows the tensor x (B, ...) has."""
    check_tensor(name, x)
    if x.ndim == 0:
        raise ValueError(f"{name} must have the shape (B, ...), one row a sample; got a single value.")
    return len(x)


def check_floats(name: str, x) -> None:
    """Raise unless x is a tensor of floating-point numbers."""
    check_tensor(name, x)
    if x.dtype not in FLOATS:
        data = x.dtype in WHOLE and not name.startswith(ANSWER) and name not in INNER
        hint = " Scale whole numbers to floats in [-1, 1] first: x.float() / 127.5 - 1 for images of 0 ... 255."
        raise TypeError(f"{name} must hold floats, got {x.dtype}.{hint if data else ''}")


def check_samples(name: str, x, rows: int = 0) -> None:
    """Raise unless x is a tensor of floating-point numbers, (B, ...) with at least `rows` rows."""
    if type(x) is Tensor and x.dtype in FLOATS and (size := x.shape) and size[0] >= rows:
        return  # nearly always
    check_floats(name, x)
    if x.ndim == 0 or len(x) < rows:
        raise ValueError(f"{name} must have the shape (B, ...) with B >= {rows}, got {tuple(x.shape)}.")


def check_alike(name: str, x: Tensor, other: str, y: Tensor) -> None:
    """Raise unless the tensors x and y hold floats of the same shape on the same device, so that nothing broadcasts."""
    plain = type(x) is type(y) is Tensor and x.dtype in FLOATS and y.dtype in FLOATS
    if plain and x.shape == y.shape and x.device == y.device:
        return  # nearly always
    check_floats(name, x)
    check_floats(other, y)
    if x.shape != y.shape:
        raise ValueError(f"{name} must have the shape of {other}, {tuple(y.shape)}, got {tuple(x.shape)}.")
    if x.device != y.device:
        raise ValueError(f"{name} is on {x.device} and {other} on {y.device}. Move one of them with .to(...).")


def check_fits(what: str, x, shape: tuple[int, ...], weight: Tensor) -> None:
    """Raise unless the net with that weight takes x (B, *shape), `what` they are. Under autocast precisions may differ."""
    if type(x) is Tensor and x.shape[1:] == shape and x.dtype == weight.dtype and x.device == weight.device:
        return  # nearly always
    check_floats(what.capitalize(), x)
    if tuple(x.shape[1:]) != tuple(shape):
        raise ValueError(f"This net was built for {what} of shape {tuple(shape)}, got {tuple(x.shape[1:])}.")
    if x.device != weight.device:
        raise ValueError(
            f"The {what} are on {x.device}, the net is on {weight.device}. Move one of them with .to(...)."
        )
    if x.dtype != weight.dtype and not torch.is_autocast_enabled(x.device.type):
        raise TypeError(f"The {what} are in {x.dtype}, the net is in {weight.dtype}. Turn one of them with .to(dtype).")


def check_times(embedded: Tensor, x: Tensor) -> None:
    """Raise unless there is one embedded time, or one for each sample of x."""
    if len(embedded) != 1 and len(embedded) != len(x):
        raise ValueError(f"t must be a number, or one for each of the {len(x)} samples; got {len(embedded)} times.")


def check_net(net) -> None:
    """Raise unless `net` can be asked as net(x_t, t, y)."""
    if not callable(net) or isinstance(net, type):
        raise TypeError(f"A net must be a function or a module, asked as net(x_t, t, y); got {told(net)}.")


def check_weights(net) -> None:
    """Raise unless `net` is a module with weights."""
    if not isinstance(net, nn.Module):
        raise TypeError(f"A net with weights is asked for, a torch.nn.Module, got {told(net)}.")
    if next(net.parameters(), None) is None:
        raise ValueError("This net has no weights, so there is nothing to average or to train.")


def check_path(path) -> None:
    """Raise unless `path` is a path: `LinearPath()`, not its class, nor its name."""
    if isinstance(path, type) or not (hasattr(path, "coeffs") and hasattr(path, "t_data")):
        raise TypeError(f"A path must be an object such as LinearPath() or DiscreteSchedule(betas), got {told(path)}.")


def check_model(model) -> None:
    """Raise unless `model` stands on a path and gives estimates: a net alone does not."""
    if isinstance(model, type) or not (hasattr(model, "estimate") and hasattr(model, "path")):
        raise TypeError(
            f"A model must have a path and estimates, got {told(model)}. Put a net on a path: FlowMatching(net) or DDPM(net)."
        )


def check_rule(rule) -> None:
    """Raise unless `rule` can be a step rule: the function, not its name."""
    if not callable(rule) or isinstance(rule, type):
        raise TypeError(f"A rule must be a function of a Step, such as ddim or euler, got {told(rule)}.")


def check_walk(model, x, grid, y) -> None:
    """Raise unless a walk can begin: a model, samples x (B, ...), a grid from the noise towards the data, labels (B,) or None."""
    check_model(model)
    check_samples("The start x", x, rows=1)
    check_tensor("grid", grid)
    if y is not None and not isinstance(y, Tensor):
        raise TypeError(
            f"Labels must be a tensor of integers, one a sample; got {told(y)}. torch.full(({len(x)},), 1) asks all for class 1."
        )
    if y is not None and rows_of("Labels", y) != len(x):
        raise ValueError(f"Labels must be one a sample, {len(x)}, got {len(y)}.")
    path = model.path
    if grid.is_complex():
        raise TypeError("A grid must hold real numbers, got complex ones.")
    if grid.ndim != 1 or len(grid) < 2:
        raise ValueError(
            f"A grid is one-dimensional with at least two points (one step), got shape {tuple(grid.shape)}."
        )
    towards = 1 if path.t_data > path.t_noise else -1
    steps = [(s - t) * towards for t, s in pairwise(grid.tolist())]  # as numbers: bytes do not go below 0
    if not all(step > 0 for step in steps):
        hint = " The way from data to noise is an inversion: chapter 05 does it by hand."
        back = all(step < 0 for step in steps)
        raise ValueError(
            f"A grid must move strictly towards the data, from {path.t_noise} to {path.t_data}.{hint if back else ''}"
        )
    if not all_finite(x):
        raise ValueError("The starting points have NaN or infinite values.")


def check_shape(what: str, shape: torch.Size, *tensors: Tensor) -> None:
    """Raise unless all have the shape of x."""
    for x in tensors:
        if getattr(x, "shape", None) != shape:
            got = tuple(x.shape) if isinstance(x, Tensor) else told(x)
            raise ValueError(f"{what} must have the shape of x, {tuple(shape)}, got {got}.")


def check_estimate(estimate, shape: torch.Size) -> None:
    """Raise unless a model answered an Estimate of that shape."""
    if not (hasattr(estimate, "x0") and hasattr(estimate, "eps")):
        raise TypeError(f"A model must answer an Estimate(x0, eps), got {told(estimate)}.")
    check_shape("An estimate", shape, estimate.x0, estimate.eps)


def check_end(x: Tensor, sums: list[tuple[float, Tensor]]) -> None:
    """Raise unless the samples are finite, and say by which time they ceased to be: their sums were taken at some times s."""
    if not all_finite(x):
        by = next((f"by t = {s:g}" for s, total in sums if not total.isfinite()), "in the last steps")
        raise FloatingPointError(
            f"The samples have NaN or infinite values, which came in {by}. Look for NaN in the net's weights; if all are "
            "finite, take more calls, another target or less guidance, or clip x0."
        )


def check_batches(batches) -> None:
    """Raise unless `batches` can be gone through one by one: a tensor of all samples is none of that."""
    if isinstance(batches, Tensor) or not isinstance(batches, Iterable):
        raise TypeError(
            f"Batches (x, y) are asked for, got {told(batches)}. batches(x, size=256) makes them of samples x (N, ...)."
        )


def check_tuple(batch) -> None:
    """Raise unless `batch` is a tuple of what a loss takes."""
    if not isinstance(batch, tuple | list):
        raise TypeError(f"A batch must be a tuple of what the loss takes, such as (x, y), got {told(batch)}.")


def check_batch(batch) -> None:
    """Raise unless `batch` is a pair (x, y)."""
    if not (isinstance(batch, tuple | list) and len(batch) == 2 and isinstance(batch[0], Tensor)):
        size = f" of {len(batch)}" if isinstance(batch, tuple | list) else ""
        raise TypeError(
            f"A batch must be a pair (x, y) of tensors, got {told(batch)}{size}. Where there are no labels, y is None, as in "
            "batches(x, size=256)."
        )


def check_loss(value) -> None:
    """Raise unless `value` is a loss that can be minimised: one number, with a derivative."""
    if not isinstance(value, Tensor) or value.numel() != 1:
        got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else told(value)
        raise TypeError(f"A loss must be a tensor of one number, got {got}. Take the mean.")
    if not value.requires_grad:
        raise ValueError(
            "This loss has no derivative by any weight. Train outside of torch.no_grad() and torch.inference_mode(), and "
            "compute the loss from the weights with torch alone."
        )


def check_function(name: str, function, *, optional: bool = False) -> None:
    """Raise unless `function` can be called, or is None and may be."""
    if not (optional and function is None) and (not callable(function) or isinstance(function, type)):
        raise TypeError(f"{name} must be a function, got {told(function)}.")


def check_fit(model, data, stratified, times) -> None:
    """Raise unless a model can be fitted: it has a loss and weights, data comes in batches, times are drawn in one way."""
    if not hasattr(model, "loss") or isinstance(model, type):
        raise TypeError(
            f"A model must have a loss, got {told(model)}. Put a net on a path: FlowMatching(net) or DDPM(net)."
        )
    if not hasattr(model, "path"):
        raise TypeError(
            f"fit draws times for a model on a path, and this {told(model)} has none. "
            "Use minimise(model.loss, model.parameters(), batches, steps)."
        )
    check_weights(model)
    check_batches(data)
    check_function("times", times, optional=True)
    if not isinstance(stratified, bool):
        raise TypeError(f"stratified must be True or False, got {told(stratified)}.")
    if stratified and times is not None:
        raise ValueError("`stratified` is one way to draw times and `times` another: give one of them.")


def check_training(loss, parameters, batches, steps, lr, schedule, ema) -> None:
    """Raise unless a training can begin: batches, a number of steps, a rate, and a weight that may change."""
    check_function("loss", loss)
    check_function("schedule", schedule, optional=True)
    check_batches(batches)
    check_whole("steps", steps, 0)
    check_number("lr", lr, 0)
    if ema is not None and not hasattr(ema, "update"):
        raise TypeError(f"ema must be an EMA of the net, got {told(ema)}: EMA(model.net, decay).")
    if not any(weight.requires_grad for weight in parameters):
        raise ValueError("The model is frozen, as one from a file is. To train it on: model.requires_grad_(True).")


def at_least_single(dtype: torch.dtype) -> torch.dtype:
    """float32 in place of half precision, in which small steps are rounded away; else the dtype itself."""
    return torch.float32 if dtype in HALF else dtype


def told(value) -> str:
    """A value in an error message: what it is, and numbers and short texts as they are."""
    kind, package = type(value).__name__, type(value).__module__.split(".")[0]
    if package not in ("builtins", "torch") and hasattr(torch, kind):
        return f"{kind} of {package}"  # numpy has a Generator too
    if value is None or isinstance(value, type):
        return "None" if value is None else f"the class {value.__name__}"
    return f"{value!r} ({kind})" if isinstance(value, int | float | complex | str) and len(repr(value)) < 40 else kind
