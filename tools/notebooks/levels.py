"""How hard each exercise is: book/exercises.yml says it for every one, and for which courses it is set.

02_noise_schedules:
  fifty_linear_steps: [1, 10, 10]      its level from 1 to 3, its minutes, and the shortest course, in weeks, that sets it
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

FILE = Path("book", "exercises.yml")
COURSES = (10, 12, 14)  # weeks
LEVELS = {1: "a line or two", 2: "a derivation or a function", 3: "an extension, or several ideas at once"}


class Effort(NamedTuple):
    """What an exercise asks of a student who has read its chapter."""

    level: int
    minutes: int
    course: int

    @property
    def words(self) -> str:
        """As a reader sees it."""
        return f"level {self.level} of 3, about {self.minutes} minutes"


@cache
def efforts(root: Path) -> dict[str, dict[str, Effort]]:
    """The effort of every exercise, by chapter and name, in the order of the file."""
    found = yaml.safe_load((root / FILE).read_text())
    return {stem: {name: Effort(*numbers) for name, numbers in some.items()} for stem, some in found.items()}
