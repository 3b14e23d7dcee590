"""Calls of the public functions of `lib` with arguments good and bad, drawn at random: nobody gets a wrong answer in silence.

    python -m tools.checks.fuzz --calls 2000 --seed 0

A call ends well in a result that is finite and of the right shape, or in a sentence of the library's own: one that a `raise` in
lib/ raises. Anything else is a fault: an error from inside torch or Python, a warning of torch's, another shape, numbers that are
not finite. Where NaN, infinities or numbers near the end of the range came in, numbers that are not finite may come out: "echo".

An argument is what is wanted with a probability of 0.8, else a harm, or what another argument would want. No file is read.
"""

import argparse
import ast
import random
import sys
import traceback
import warnings
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

import lib
from tools.checks.arguments import HARM, WILD, Harm, things
from tools.checks.calls import CALLS, Call

LIB = Path(lib.__file__).parent
OURS = ("This net embeds t", "These images run from 0")  # the warnings of lib
FUNCTIONS = {"draw", "metric", "drawer", "times", "net", "mlp", "rule"}


class Outcome(NamedTuple):
    """What a call came to: "right", "refused", "echo" or "fault", and the words of a refusal or of a fault."""

    kind: str
    words: str
    asked: str


def draw(which: Call, rng: random.Random) -> tuple[dict, list[str]]:
    """Arguments for the call, and the names of the harms among them."""
    arguments, harms = {}, []
    for name, kind in which.kinds.items():
        arguments[name] = rng.choice(things()[kind.lstrip("!")])
        if kind[0] == "!" or rng.random() < 0.8:
            continue
        harm = rng.choice(HARM)
        if rng.random() < 0.2:
            other = rng.choice(sorted(things()))
            harm = Harm(f"a {other}", rng.choice(things()[other]))
        if kind in FUNCTIONS and callable(harm.value) and not isinstance(harm.value, type | lib.DiT | lib.MLPDenoiser):
            continue  # what another function raises is its own affair
        arguments[name] = harm.value
        harms.append(f"{name} = {harm.name}")
    return arguments, harms


def attempt(which: Call, rng: random.Random) -> Outcome:
    """Make one call."""
    arguments, harms = draw(which, rng)
    asked = f"{which.name}({', '.join(harms)})"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            result = which.function(**arguments)
        except Exception as error:
            own = raised_by_us(error) and len(str(error)) > 20
            return Outcome(
                "refused" if own else "fault", f"{type(error).__name__}: {error}{'' if own else where(error)}", asked
            )
    if foreign := [str(w.message) for w in said if not str(w.message).startswith(OURS)]:
        return Outcome("fault", f"a warning of others: {foreign[0][:200]}", asked)
    tensors = list(numbers_in(result))
    wanted = which.shape(arguments) if which.shape else None
    if wanted is not None and tuple(tensors[0].shape) != tuple(wanted):
        return Outcome("fault", f"shape {tuple(tensors[0].shape)} instead of {tuple(wanted)}", asked)
    if all(x.isfinite().all() for x in tensors):
        return Outcome("right", "", asked)
    wild = any(harm.split(" = ")[1] in WILD for harm in harms)
    return Outcome("echo" if wild else "fault", "not finite", asked)


def numbers_in(result):
    """All tensors in a result; numbers count as tensors."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, int | float):
        yield torch.tensor(result, dtype=torch.float64)
    elif isinstance(result, tuple | list):
        for part in result:
            yield from numbers_in(part)


def raised_by_us(error: Exception) -> bool:
    """Whether the error comes from a `raise` in lib."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Path(frame.filename).is_relative_to(LIB) and frame.lineno in raises(frame.filename)


@cache
def raises(file: str) -> set[int]:
    """The lines of a file on which a `raise` begins."""
    return {node.lineno for node in ast.walk(ast.parse(Path(file).read_text())) if isinstance(node, ast.Raise)}


def where(error: Exception) -> str:
    """The last frame in lib, or the last of all."""
    frames = traceback.extract_tb(error.__traceback__)
    last = ([frame for frame in frames if Path(frame.filename).is_relative_to(LIB)] or frames)[-1]
    return f"  at {Path(last.filename).name}:{last.lineno}"


def fuzz(count: int, seed: int) -> list[Outcome]:
    """So many calls, each function as often as the others."""
    rng = random.Random(seed)
    return [attempt(CALLS[i % len(CALLS)], rng) for i in range(count)]


def main() -> None:
    """Count the outcomes and print every fault."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcomes = fuzz(options.calls, options.seed)
    count = Counter(outcome.kind for outcome in outcomes)
    sentences = {outcome.words for outcome in outcomes if outcome.kind == "refused"}
    for outcome in outcomes:
        if outcome.kind == "fault":
            print(f"{outcome.asked}\n    {outcome.words}")
    print(
        f"{len(CALLS)} functions, {options.calls} calls, seed {options.seed}:",
        dict(count),
        f"{len(sentences)} sentences",
    )
    sys.exit(count["fault"] > 0)


if __name__ == "__main__":
    main()
