"""What to do: book/cards.yml says for each chapter which knobs it leaves the reader with, and what was measured of them.

    07_solvers_and_the_k_budget:
      - id: sampler
        knob: Sampler
        begin: DPM-Solver++ 2M, 20 network evaluations
        range: 10 to 50
        when: at fewer than ten evaluations none is good enough; train for few steps instead
        measured: at 10 evaluations it scores <!--claim:...--> ...
        also: on digits ...                             (optional)
        see: the-whole-grid
        explorer: k-budget?path=linear&rule=dpmpp_2m    (optional)

A chapter shows its cards under *What to do*, before Practice; the decision tree is made of the same ones. It shows more of
them: what was measured elsewhere, the heading that measured it, and an explorer in a state that shows it.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

FILE = Path("book", "cards.yml")


class Card(NamedTuple):
    """One knob: where to begin, how far it is useful, when to change it, and the number behind the advice.

    see: the anchor of the heading that measured it, in the card's own chapter. explorer: "name?control=value", a state of it.
    """

    id: str
    knob: str
    begin: str
    range: str
    when: str
    measured: str
    see: str
    also: str = ""
    explorer: str = ""

    def advice(self, emphasis: str = "") -> str:
        """What the card says, in Markdown; `emphasis` stands around where to begin."""
        begin = f"{emphasis}{self.begin}{emphasis}"
        return f"Begin with {begin}; useful: {self.range}. Change it {self.when}. Measured: {self.measured}."

    def markdown(self) -> str:
        """The card as an item of a list."""
        return f"- **{self.knob}.** {self.advice('*')}"


@cache
def cards(root: Path) -> dict[str, list[Card]]:
    """The cards of every chapter that has some, by its stem."""
    path = root / FILE
    found = yaml.safe_load(path.read_text()) if path.exists() else {}
    return {stem: [Card(**card) for card in some] for stem, some in found.items()}
