"""Trained nets as files (see files.py), and back.

    save(path, module, about)        a model around its net, an autoencoder, a classifier
    module = load(path, parts)       the same, ready to use; `parts` are the classes that the file may name

A file's `recipe` says how its module is made: the class and the arguments of its constructor, which every class that is saved
keeps under their own names; a model's net and path are recipes again. The rest of what a file says is where it comes from.

A file may come from anywhere, so nothing that it says is believed before it was compared: first the shapes that its header
gives with those of the net that its recipe makes (without memory, on torch's "meta" device), then the numbers are read.
"""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from lib.trained.files import Shapes, look, not_finite, read, write

NO_TRACE = {"generator", "attention"}  # arguments that a finished module does not depend on
PROVENANCE = ("data", "command", "torch")  # what every file says besides
MOST = 1_000_000  # the largest whole number that a recipe may hold: more is a lie or a slip
LONGEST = 100_000  # the most betas of a schedule in a recipe
TABLES = 2**22  # numbers that a net may compute for itself and not have in its file, or as many as it has there


class Misfit(ValueError):
    """The tensors of a file are not those of its net."""


def save(path: str | Path, module: nn.Module, about: dict[str, str]) -> None:
    """Write a module's weights in float16 (half the size, and no loss that a sample shows), its recipe, and `about`.

    Of a model only the net has weights. Raises ValueError where `about` does not say data, command and torch.
    """
    if missing := [key for key in PROVENANCE if key not in about]:
        raise ValueError(f"A file of weights must also say: {', '.join(missing)}.")
    write(path, halved(_core(module)), about | {"recipe": json.dumps(recipe(module))})


def load(
    path: str | Path,
    parts: Iterable[Callable],
    older: Callable[[dict[str, str]], dict],
    hint: str,
    prefix: str = "",
) -> nn.Module:
    """The module in a file of `save`, made of `parts` alone: evaluating, without gradients.

    older(what a file says) is the recipe of a file from before there were recipes; it may raise KeyError. `hint` says what makes
    such files. `prefix` stands before the names of the tensors that are meant, where there are others. Raises ValueError, with
    the reason and the hint, for a file that is missing, damaged or of another kind.
    """
    shapes, said = look(path, (), hint)
    shapes = {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}
    try:
        made_of = json.loads(said["recipe"]) if "recipe" in said else older(said)
        _compare(_outline(made_of, parts, len(shapes)), shapes)
        module = make(made_of, parts)
    except Misfit as error:
        raise ValueError(f"The weights in {path} do not fit what the file says of them: {error} {hint}") from None
    except KeyError as error:
        raise ValueError(f"{path} does not say its {error.args[0]}: it is another kind of file. {hint}") from None
    except Exception as error:  # a file may say anything, and constructors fail in many ways
        raise ValueError(f"What {path} says of its net makes none: {error} {hint}") from None
    tensors = read(path, (), hint)[0]
    fill(_core(module), {name.removeprefix(prefix): tensors[name] for name in tensors if name.startswith(prefix)}, path)
    return module.requires_grad_(False).eval()


def _outline(recipe: dict, parts: Iterable[Callable], tensors: int) -> nn.Module:
    """The module whose weights a file holds, without numbers. Raises Misfit once it has more than so many parameters."""
    with torch.device("meta"), _at_most(tensors):
        core = make(recipe["with"].get("net", recipe), parts)
    computed = sum(buffer.numel() for buffer in core.buffers())
    if computed > max(TABLES, sum(weight.numel() for weight in core.parameters())):
        raise ValueError(f"It would compute tables of {computed:,} numbers.")
    return core


@contextmanager
def _at_most(count: int) -> Iterator[None]:
    """Inside, modules can be made with so many parameters in all."""
    seen = 0

    def one_more(*_) -> None:
        nonlocal seen
        seen += 1
        if seen > count:
            raise Misfit(f"Missing key: it needs more than {count} tensors.")

    hook = register_module_parameter_registration_hook(one_more)
    try:
        yield
    finally:
        hook.remove()


def _compare(net: nn.Module, shapes: Shapes) -> None:
    """Raise Misfit unless a net has tensors of these names and shapes."""
    own = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    for name in {**own, **shapes}:
        if name not in shapes:
            raise Misfit(f"Missing key {name}.")
        if name not in own:
            raise Misfit(f"Unexpected key {name}.")
        if own[name] != shapes[name]:
            raise Misfit(f"size mismatch for {name}: {shapes[name]} in the file, {own[name]} needed.")


def recipe(thing: object) -> dict:
    """What makes another of its kind: {"call": its class, "with": its arguments}."""
    arguments = {
        name: getattr(thing, name) for name in inspect.signature(type(thing)).parameters if name not in NO_TRACE
    }
    plain = {name: _plain(value) for name, value in arguments.items()}
    for name, value in plain.items():
        _check_size(name, value)
    return {"call": type(thing).__name__, "with": plain}


def _check_size(name: str, value: object) -> None:
    """Raise ValueError for a number or a table of numbers that is too large for a recipe."""
    most = LONGEST if name == "T" else MOST
    if isinstance(value, int) and abs(value) > most:
        raise ValueError(f"Its {name} is beyond {most:,}.")
    if isinstance(value, list) and len(value) > LONGEST:
        raise ValueError(f"Its {name} are {len(value):,} numbers, and {LONGEST:,} are the most.")


def _plain(value: object) -> object:
    if isinstance(value, Tensor):
        return value.tolist()
    return recipe(value) if isinstance(value, nn.Module) or is_dataclass(value) else value


def call(name: str, **arguments) -> dict:
    """A recipe by hand."""
    return {"call": name, "with": arguments}


def make(recipe: dict, parts: Iterable[Callable]):
    """What a recipe stands for; only its `net` may be a module again. Raises ValueError where it names anything but `parts`."""
    known = {part.__name__: part for part in parts}
    if recipe["call"] not in known:
        raise ValueError(f"It is a {recipe['call']}, and here one can have {', '.join(known)}.")
    small = [part for part in known.values() if not (isinstance(part, type) and issubclass(part, nn.Module))]
    given = {}
    for name, value in recipe["with"].items():
        _check_size(name, value)
        given[name] = make(value, known.values() if name == "net" else small) if isinstance(value, dict) else value
    return known[recipe["call"]](**given)


def _core(module: nn.Module) -> nn.Module:
    """The module whose weights a file holds: the net of a model, else the module itself."""
    return getattr(module, "net", module)


# ---- numbers -----------------------------------------------------------------------------------------------------------------


def halved(net: nn.Module) -> dict[str, Tensor]:
    """The weights of a net in float16, half the size, with no loss that a sample shows; as they are where float16 overflows."""
    halves = {name: weight.half() for name, weight in net.state_dict().items()}
    return halves | {name: net.state_dict()[name] for name in not_finite(halves)}


def fill(net: nn.Module, tensors: dict[str, Tensor], path: str | Path) -> None:
    """Put tensors into a net of the same shape, in its own precision. Raises ValueError where they do not fit."""
    try:
        net.load_state_dict({name: tensor.to(torch.get_default_dtype()) for name, tensor in tensors.items()})
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit what the file says of them: {error}") from None
