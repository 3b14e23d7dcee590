"""An exercise whose stub is a bug: the reader gets the code as it was found, and mends it."""

import math
from collections.abc import Callable

from classroom.exercises import Exercise, Mistake, Refused, Verdict, _fill, _number, _pairs


class Repair(Exercise):
    """An exercise that knows the bug it starts from.

    broken: the code as it was found. An answer that still does what it did is told so, and by how much it is off, but not why:
        to find that is the exercise. `mistakes` are the repairs that do not repair.
    """

    def __init__(
        self,
        answer: Callable,
        cases: Callable,
        *,
        broken: Callable,
        see: str,
        mistakes: dict[str, Mistake],
        run: Callable | None = None,
        rtol: float = 1e-4,
        atol: float = 1e-7,
    ) -> None:
        super().__init__(answer, cases, see=see, mistakes=mistakes, run=run, rtol=rtol, atol=atol)
        self.broken = broken

    def judge(self, attempt: Callable | float) -> Verdict:
        verdict = super().judge(attempt)
        if verdict.right or not self.unchanged(attempt):
            return verdict
        # No table and no hint: what is expected would often tell the repair.
        return Verdict(False, None, self.still_broken(self.results(attempt), self.results(self.answer)))

    def still_broken(self, results: list, expected: list) -> str:
        """On which input an answer is wrong, and by how much."""
        found = enumerate(map(self.gaps, results, expected))
        index, gaps = next((index, gaps) for index, gaps in found if gaps)
        where = self.describe(index)
        much = f" It is off by {_number(max(gaps))} at most." if math.isfinite(sum(gaps)) else ""
        return _fill(f"Still broken{', for ' + where if where else ''}.{much}")

    def gaps(self, result, right) -> list[float]:
        """How far off each part of a result is that is wrong; infinitely, where it is a word or has another shape."""
        try:
            wrong = [(mine, true) for mine, true in _pairs(result, right) if not self.close(mine, true)]
        except Refused:
            return [math.inf]
        return [math.inf if isinstance(true, str) else (mine - true).abs().max().item() for mine, true in wrong]

    def unchanged(self, attempt: Callable | float) -> bool:
        """Whether an answer does, on every input, what the code did when it was found."""
        if not callable(attempt):
            return False
        try:
            return self.first_difference(self.results(attempt), self.results(self.broken)) is None
        except (Refused, NotImplementedError):
            return False
