"""What readers answer: for each exercise, right answers written in different ways, and the mistakes that its checker names."""

from collections.abc import Callable
from typing import NamedTuple


class Answers(NamedTuple):
    """At least two right answers, and for each mistake, under the name its checker gives it, an answer that makes it."""

    right: list[Callable | float]
    wrong: dict[str, Callable | float]
