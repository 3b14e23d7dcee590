"""Checkers: an exercise knows the right answer, and the classic wrong ones.

    from classroom.exercises.ch02 import cosine_schedule
    cosine_schedule.check(alpha_bars)   # the reader's function, or a number

An exercise is one file, `classroom/exercises/chNN/name.py`: its docstring is the task and a hint, then come the stub, the worked
solution, and the checker, `check = Exercise(...)`, with inputs to try an answer on and the classic mistakes, each written out as
the function or the number it is. A chapter says `{exercise} name` where it stands. A reader's answer is run on the same inputs as
the solution and shown beside it. When it differs and agrees with a mistake on every input, that is the mistake the reader made.
"""

import inspect
import textwrap
import traceback
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lib.seeding import seeded

WIDTH = 88  # characters of a line: the page's column


class Mistake(NamedTuple):
    """A classic wrong answer: `like` is that answer, `says` what happened and why it is wrong, in a sentence or two.

    `see` names what to read again; when empty, that is what its exercise names.
    """

    like: Callable | float
    says: str
    see: str = ""


class Verdict(NamedTuple):
    """What a checker thinks of an answer. `mistake` is the name of the one recognised, `leaves` what a picture would show."""

    right: bool
    mistake: str | None
    text: str
    leaves: tuple[Tensor, Tensor] | None = None


class Refused(Exception):
    """Why an answer cannot even be compared."""


class Exercise:
    """A right answer with its classic mistakes; call it with a reader's answer to see what it thinks.

    answer: the right function, or the right number.
    cases: makes the inputs, a list of tuples of arguments. It is called anew, with the same seed, for every run, so that an
        answer that changes its inputs spoils nothing. Not used for a number.
    see: what to read again, as "02_noise_schedules: Three schedules": a chapter, and a heading in it.
    run: how to get something to compare out of an answer, run(answer, *case); when missing, the answer is called. It may
        sample with the answer, count its calls, or measure it. Results: numbers, tensors, words; tuples, lists, dicts of them.
    rtol, atol: how far a right answer may be off. `rtol` is relative to the largest entry of the expected tensor.
    """

    def __init__(
        self,
        answer: Callable | float,
        cases: Callable[[torch.Generator], Sequence[tuple]] | None = None,
        *,
        see: str,
        mistakes: dict[str, Mistake],
        run: Callable | None = None,
        rtol: float = 1e-4,
        atol: float = 1e-7,
    ) -> None:
        self.answer, self.cases, self.run = answer, cases, run
        self.mistakes = {name: it if it.see else it._replace(see=see) for name, it in mistakes.items()}
        self.rtol, self.atol = rtol, atol

    def __call__(self, attempt: Callable | float) -> None:
        """Print the verdict on a reader's answer; draw it beside the expected one where that helps."""
        verdict = self.judge(attempt)
        print(verdict.text)
        if verdict.leaves is not None:
            _plot(*verdict.leaves)

    def judge(self, attempt: Callable | float) -> Verdict:
        """The verdict on an answer. Never raises: an answer that fails is an answer."""
        wanted = "a function" if callable(self.answer) else "a number"
        if _empty(attempt):
            return Verdict(False, None, _fill(f"Not written yet: the checker waits for {wanted}."))
        if callable(attempt) != callable(self.answer):
            return Verdict(False, None, _fill(f"The checker wants {wanted}, not {type(attempt).__name__}."))
        try:
            results = self.results(attempt)
            expected = self.results(self.answer)
            if any(_empty(result) for result in results):
                return Verdict(
                    False, None, _fill("Not written yet: the function returns nothing. End it with `return`.")
                )
        except NotImplementedError:
            return Verdict(False, None, _fill("Not written yet: the function says so itself."))
        except Refused as refused:
            return Verdict(False, None, _fill(f"Not yet. {refused}"))
        try:
            wrong = self.first_difference(results, expected)
        except Refused as refused:  # another form or shape, which may be a mistake of its own
            mistake = self.recognise(results, expected)
            return Verdict(False, mistake, "\n".join([_fill(f"Not yet. {refused}"), *self.named(mistake)]))
        if wrong is None:
            many = len(expected)
            where = "" if not callable(self.answer) else f", on {many} generated input{'s' * (many > 1)}"
            return Verdict(True, None, f"Right{where}.")
        mistake = self.recognise(results, expected)
        return Verdict(False, mistake, *self.explain(wrong, results[wrong], expected[wrong], mistake))

    # --- running and comparing -------------------------------------------------------------------------------------------

    def results(self, answer: Callable | float) -> list:
        """What an answer gives on every input. Raises Refused, with the line it stopped on, when it fails.

        What an answer draws from torch by itself is the same in every run, so that a mistake which draws can be recognised.
        """
        if not callable(answer):
            return [answer]
        found = []
        for case in self.fresh_cases():
            try:
                with torch.random.fork_rng(devices=[]):
                    torch.set_rng_state(seeded(0).get_state())
                    found.append(self.run(answer, *case) if self.run else answer(*case))
            except NotImplementedError:
                raise
            except Exception as error:
                if self.run and self._returns_nothing(answer, len(found)):
                    raise NotImplementedError from None
                advice = ". A factor (B,) meets (B, D) as (B, 1)." if "must match the size" in str(error) else ""
                raise Refused(
                    f"It stopped{_place(error, answer)} with {type(error).__name__}: {error}{advice}"
                ) from error
        return found

    def _returns_nothing(self, answer: Callable, index: int) -> bool:
        """Whether `run` stopped on this input because the answer handed it nothing to go on with."""

        def watched(*arguments, **options):
            result = answer(*arguments, **options)
            if _empty(result):
                raise NotImplementedError
            return result

        try:
            self.run(watched, *self.fresh_cases()[index])
        except NotImplementedError:
            return True
        except Exception:
            return False
        return False

    def fresh_cases(self) -> Sequence[tuple]:
        """The inputs, the same every time."""
        return self.cases(seeded(0)) if self.cases else [()]

    def first_difference(self, results: list, expected: list) -> int | None:
        """The first input on which two answers differ; None when there is none. Raises Refused on another form or shape."""
        for index, (result, right) in enumerate(zip(results, expected)):
            pairs = list(_pairs(result, right))
            if not all(self.close(mine, true) for mine, true in pairs):
                return index
        return None

    def close(self, result: Tensor | str, right: Tensor | str) -> bool:
        """Whether one leaf of a result is as good as the right one."""
        if isinstance(right, str):
            return result == right
        size = right[right.isfinite()].abs().max().item() if right.isfinite().any() else 0.0
        return torch.allclose(result, right, rtol=0, atol=self.atol + self.rtol * size, equal_nan=True)

    def recognise(self, results: list, expected: list) -> str | None:
        """The name of the first classic mistake that gives these results on every input, and not the right ones."""
        for name, mistake in self.mistakes.items():
            try:
                alike = self.results(mistake.like)
            except Refused:  # a mistake that stops is told by its own words
                continue
            if self.agree(results, alike) and not self.agree(alike, expected):
                return name
        return None

    def agree(self, results: list, others: list) -> bool:
        """Whether two answers give the same on every input."""
        try:
            return self.first_difference(results, others) is None
        except Refused:
            return False

    # --- saying it -------------------------------------------------------------------------------------------------------

    def explain(self, index: int, result, right, mistake: str | None) -> tuple[str, tuple[Tensor, Tensor] | None]:
        """The text of a wrong answer: yours beside the expected, and the mistake; and what a picture would show."""
        pairs = list(_pairs(result, right))
        part, (mine, true) = next((i, pair) for i, pair in enumerate(pairs, 1) if not self.close(*pair))
        where = self.describe(index)
        which = f"; part {part} of {len(pairs)}" if len(pairs) > 1 else ""
        lines = [_fill(f"Not yet{'. For ' + where if where else ''}{which}:"), *_beside(mine, true)]
        lines += self.named(mistake)
        if mistake is None and (hint := self.exchanged(pairs) or _relation(mine, true)):
            lines += [_fill(hint)]
        return "\n".join(lines), (mine, true) if _worth_drawing(mine, true) else None

    def named(self, name: str | None) -> list[str]:
        """The name of a mistake, why it is wrong, and what to read again; nothing for an unknown one."""
        if name is None:
            return []
        _, says, see = self.mistakes[name]
        chapter, _, heading = see.partition(": ")
        return [
            _fill(f"The mistake has a name: {name}. {says}"),
            _fill(f"Read again: “{heading}” in {chapter}.ipynb."),
        ]

    def exchanged(self, pairs: list[tuple]) -> str:
        """Whether the two parts of a result are right, each in the other's place."""
        if len(pairs) != 2 or any(isinstance(true, str) or true.shape != pairs[0][1].shape for _, true in pairs):
            return ""
        (mine, true), (mine_too, true_too) = pairs
        return (
            "Yours are the expected parts, exchanged."
            if self.close(mine, true_too) and self.close(mine_too, true)
            else ""
        )

    def describe(self, index: int) -> str:
        """An input in words: `T = 50, s = 0.008`; tensors by their shapes."""
        if not callable(self.answer) or not self.cases:
            return ""
        names = (
            list(inspect.signature(self.run).parameters)[1:]
            if self.run
            else list(inspect.signature(self.answer).parameters)
        )
        case = self.fresh_cases()[index]
        parts = [f"{name} = {word}" for name, value in zip(names, case) if (word := _word(value))]
        return ", ".join(parts)


def _empty(value) -> bool:
    """Whether a value, or a part of it, is what an unwritten function returns."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return any(_empty(part) for part in value)
    return value is None or value is ...


def _leaves(value, right) -> list:
    """The comparable parts of a result, guided by the form of the right one."""
    if isinstance(right, str):
        if not isinstance(value, str):
            raise Refused(f"It gives {type(value).__name__}, where a word such as {right!r} is expected.")
        return [value]
    if isinstance(right, dict):
        if not isinstance(value, dict) or value.keys() != right.keys():
            raise Refused(f"It should give a dict with the keys {', '.join(map(str, right))}.")
        return [leaf for key in right for leaf in _leaves(value[key], right[key])]
    if isinstance(right, tuple | list):
        if isinstance(value, Tensor) or not hasattr(value, "__len__") or len(value) != len(right):
            raise Refused(f"It should give {len(right)} things, not {_kind(value)}.")
        return [leaf for mine, true in zip(value, right) for leaf in _leaves(mine, true)]
    try:
        return [torch.as_tensor(value).detach().to("cpu", torch.float64)]
    except (TypeError, ValueError, RuntimeError):
        raise Refused(f"It gives {_kind(value)}, where {_kind(right)} is expected.") from None


def _pairs(result, right):
    """Corresponding leaves of a result and the right one. Raises Refused where their shapes differ."""
    for mine, true in zip(_leaves(result, right), _leaves(right, right)):
        if isinstance(true, Tensor) and mine.shape != true.shape:
            raise Refused(f"It gives the shape {tuple(mine.shape)}, where {tuple(true.shape)} is expected.")
        yield mine, true


def _kind(value) -> str:
    """What a value is, in a few words."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{len(value)} things" if isinstance(value, tuple | list) else f"a {type(value).__name__}"


def _word(value) -> str:
    """An argument in words; nothing for what has no short name."""
    if isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Tensor):
        return _number(value.item()) if value.ndim == 0 else f"a tensor of shape {tuple(value.shape)}"
    return ""


def _place(error: Exception, answer: Callable) -> str:
    """Where in the reader's own function an error arose: ` in line 3 of f`."""
    code = getattr(answer, "__code__", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if code is not None and frame.filename == code.co_filename and frame.name == code.co_name:
            return f" in line {frame.lineno - code.co_firstlineno + 1} of {frame.name}"
    return ""


def _number(value: float) -> str:
    """A number to five digits."""
    return f"{value:.5g}"


def _beside(mine: Tensor | str, true: Tensor | str, most: int = 6) -> list[str]:
    """Yours beside the expected: a number or a word, or the entries around the first that differs."""
    if isinstance(true, str):
        rows = [("", mine, true)]
    elif true.ndim == 0:
        rows = [("", _number(mine.item()), _number(true.item()))]
    else:
        flat = (mine - true).abs().nan_to_num(1e300, posinf=1e300).flatten()
        start = (
            max(0, min(int((flat > flat.max() / 100).nonzero()[0]) - 1, len(flat) - most)) if len(flat) > most else 0
        )
        positions = range(start, min(start + most, len(flat)))
        names = [str(list(map(int, torch.unravel_index(torch.tensor(i), true.shape)))) for i in positions]
        rows = [
            (name, _number(mine.flatten()[i].item()), _number(true.flatten()[i].item()))
            for name, i in zip(names, positions)
        ]
    return [f"  {'':12}{'yours':>14}{'expected':>14}", *(f"  {name:12}{a:>14}{b:>14}" for name, a, b in rows)]


def _relation(mine: Tensor | str, true: Tensor | str) -> str:
    """A simple relation between a wrong result and the right one, when there is one."""
    if isinstance(true, str) or not mine.isfinite().all():
        return "" if isinstance(true, str) else "Not every entry of yours is a finite number."
    if true.numel() == 1:
        known = {"with the other sign": -true, "doubled": 2 * true, "halved": true / 2, "squared": true**2}
        for more, less, how in ((mine, true, "times"), (true, mine, "divided by")):
            if 2 < (whole := (more / less).round().item()) < 300:
                known[f"{how} {whole:.0f}"] = true * whole if how == "times" else true / whole
        return next((f"Yours is the expected answer, {how}." for how, it in known.items() if _near(mine, it)), "")
    factor = (mine * true).sum() / (true * true).sum()
    if _near(mine, factor * true) and factor != 0:
        if abs(factor + 1) < 1e-3:
            return "Yours is the expected answer with the other sign."
        return f"Yours is the expected answer times {_number(factor.item())}."
    if true.numel() > 2 and _near(mine - true, offset := (mine - true).mean()):
        return f"Yours is the expected answer {'plus' if offset > 0 else 'minus'} {_number(abs(offset.item()))}."
    if true.ndim >= 1 and _near(mine, true.flip(0)):
        return "Yours is the expected answer in reverse order."
    return ""


def _near(a: Tensor, b: Tensor) -> bool:
    """Equal to three digits."""
    return torch.allclose(a, b, rtol=1e-3, atol=1e-9)


def _worth_drawing(mine: Tensor | str, true: Tensor | str) -> bool:
    """Curves of twenty entries or more, and clouds of fifty points in the plane or more."""
    if isinstance(true, str) or not mine.isfinite().all() or not true.isfinite().all():
        return False
    return (true.ndim == 1 and len(true) >= 20) or (true.ndim == 2 and true.shape[1] == 2 and len(true) >= 50)


def _plot(mine: Tensor, true: Tensor) -> None:
    """Yours and the expected answer in one picture."""
    import matplotlib.pyplot as plt

    from classroom import plots

    mark = "." if true.ndim == 2 else "-"
    _, ax = plt.subplots(figsize=(4.2, 2.6), layout="constrained")
    for values, colour, label, width in ((true, "oracle", "expected", 4), (mine, "learned", "yours", 1.5)):
        points = values.T if true.ndim == 2 else (torch.arange(len(values)), values)
        ax.plot(*points, mark, color=plots.ROLES[colour], label=label, linewidth=width, markersize=width)
    ax.legend()
    plt.show()


def _fill(text: str) -> str:
    """A paragraph no wider than the page."""
    return textwrap.fill(text, WIDTH)
