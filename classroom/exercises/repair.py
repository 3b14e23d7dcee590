"""An exercise whose stub is a bug: the reader gets the code as it was found, and mends it."""

from collections.abc import Callable

from classroom.exercises import Exercise, Mistake, Refused, Verdict


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
        first, *lines = verdict.text.replace("Not yet", "Still broken", 1).split("\n")
        table = [line for line in lines if line.startswith("  ")]  # no hint: to find the cause is the exercise
        return Verdict(False, None, "\n".join([first, *table]))

    def unchanged(self, attempt: Callable | float) -> bool:
        """Whether an answer does, on every input, what the code did when it was found."""
        if not callable(attempt):
            return False
        try:
            return self.first_difference(self.results(attempt), self.results(self.broken)) is None
        except (Refused, NotImplementedError):
            return False
