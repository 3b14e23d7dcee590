"""Other roundings: what another processor would do to the last bit, done at random, and a list of the numbers that are shown.

Addition, multiplication and square roots are exact to the last bit everywhere. A sum, a product of matrices or an exponential is
not: its last bit depends on the order of additions, on fused operations and on the library that a processor gets. `Rounding`
moves these by one unit in the last place, up or down, by a seed: a machine that nobody has, but could have.

`listen` writes down every number that a cell formats, before it is rounded to the digits that a reader sees.
"""

import ast
import builtins
import json
import re
import zlib
from pathlib import Path

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

# The operations of torch whose last bit depends on the machine.
INEXACT = re.compile(
    r"""(add|ba)?(mm|ddbmm|mv)|v?dot|convolution|_cdist_forward|mse_loss|nll_loss_forward|embedding_dense
    |sum|mean|prod|var|std|var_mean|std_mean|norm|linalg_\w+|_linalg_\w+|cumsum|cumprod|logcumsumexp|logsumexp
    |exp2?|expm1|log(1p|2|10)?|a?(sin|cos|tan)h?|atan2|erf|erfc|erfinv|lgamma|hypot|pow|rsqrt|special_\w+
    |sigmoid|silu|gelu|softplus|_softmax|_log_softmax|addcmul|addcdiv|lerp|index_add|scatter_add
    |native_(layer|group|batch)_norm|_scaled_dot_product_\w+|\w+_backward(_data)?""",
    re.VERBOSE,
)
SUM = re.compile(r"add(mm|mv|cmul|cdiv)|baddbmm")  # of its first argument and a product
EPS = {kind: torch.finfo(kind).eps for kind in (torch.float32, torch.float64)}
BLOCK = 512  # entries that are moved at a time, so that a run stays quick


class Rounding(TorchDispatchMode):
    """Moves inexact results of torch by one unit in the last place, up or down, by a seed.

    Like a processor it gives the same result again for the same input. Whole numbers stay: they are mostly counts, and exact.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Call, then disturb."""
        result, name = func(*args, **(kwargs or {})), func.overloadpacket.__name__
        if INEXACT.fullmatch(name):
            for part in result if isinstance(result, tuple | list) else (result,):
                if isinstance(part, Tensor) and part.dtype in EPS and part.numel() and part.is_contiguous():
                    count = args[0].numel() // part.numel() if name == "mean" else 1
                    base = args[0].expand_as(part).reshape(-1) if SUM.fullmatch(name) else None
                    self.disturb(part.view(-1), name, count, base)
        return result

    def disturb(self, result: Tensor, name: str, count: int = 1, base: Tensor | None = None) -> None:
        """Move the entries, of a long tensor a block of them: the same way whenever the same operation gives the same result.

        Where `count` times one is a whole number it stays, and where it is `base`: a product of zero was added, which is exact.
        """
        same = f"{self.seed} {name} {len(result)} {result[0].item()!r} {result[-1].item()!r}"
        draw, eps = zlib.crc32(same.encode()), EPS[result.dtype]
        start = draw % max(1, len(result) - BLOCK)
        part = result[start : start + BLOCK]
        total = part * count if count > 1 else part
        whole = (total - total.round()).abs_() <= (4 * eps * total.abs() if count > 1 else 0)
        if base is not None:
            whole |= part == base[start : start + BLOCK]
        factor = part.new_tensor(1.0 + eps if draw >> 31 else 1.0 - eps)
        part.mul_(torch.where(whole, torch.ones_like(factor), factor))


# --- the numbers that are shown ----------------------------------------------------------------------------------------------


class _Formats(ast.NodeTransformer):
    """Lets every {value:format} of an f-string pass through `_shown`."""

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.FormattedValue:
        """Replace the value by its text."""
        self.generic_visit(node)
        spec = node.format_spec or ast.Constant("")
        call = ast.Call(ast.Name("_shown", ast.Load()), [node.value, spec, ast.Constant(node.conversion)], [])
        return ast.copy_location(
            ast.FormattedValue(ast.fix_missing_locations(ast.copy_location(call, node)), -1, None), node
        )


class Recorder:
    """The numbers that each cell shows: [cell, value, format, text]."""

    def __init__(self):
        self.cell, self.seen = -1, []

    def note(self, value: object, spec: str, text: str) -> None:
        """Write down a number that is shown as `text`."""
        if isinstance(value, Tensor) and value.numel() == 1:
            value = value.item()
        if isinstance(value, float) or (hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0):
            self.seen.append([self.cell, float(value), spec, text])

    def shown(self, value: object, spec: str, conversion: int) -> str:
        """What an f-string makes of a value."""
        value = {-1: lambda it: it, 115: str, 114: repr, 97: ascii}[conversion](value)
        text = format(value, spec)
        self.note(value, spec, text)
        return text

    def rounded(self, value: object, digits: int | None = None):
        """The builtin `round`."""
        result = builtins.round(value, digits) if digits is not None else builtins.round(value)
        self.note(value, f".{digits or 0}f", str(result))
        return result


def listen(shell, seed: int | None = None) -> Recorder:
    """Write down what the cells of this kernel show, with the roundings of `seed` where one is given."""
    from classroom import claims

    recorder, plain = Recorder(), claims.claim

    def claim(name: str, value: float, digits: int = 4) -> None:
        recorder.note(value, f"#.{digits}g", format(float(value), f"#.{digits}g").rstrip("."))
        plain(name, value, digits)

    def next_cell(*_) -> None:
        recorder.cell += 1

    claims.claim = claim
    shell.events.register("pre_run_cell", next_cell)
    shell.ast_transformers.append(_Formats())
    shell.user_ns |= {"_shown": recorder.shown, "round": recorder.rounded}
    if seed is not None:
        Rounding(seed).__enter__()
    return recorder


def save(recorder: Recorder, path: str | Path) -> None:
    """Write the records as JSON."""
    Path(path).write_text(json.dumps(recorder.seen))
