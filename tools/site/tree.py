"""The decision tree, made of the questions in book/decision_tree.yml and the cards in book/cards.yml, for `make explorers`."""

import json
import re
from pathlib import Path

import yaml

from tools.notebooks.cards import cards

ROOT = Path(__file__).parents[2]
SOURCE = Path("book", "decision_tree.yml")
TARGET = Path("classroom", "explorers", "decision_tree.json")


def tree(root: Path = ROOT) -> str:
    """The text of decision_tree.json. Raises KeyError for an end whose card there is not."""
    known = {card.id: (stem, card) for stem, some in cards(root).items() for card in some}

    def grown(node: dict) -> dict:
        if "answers" in node:
            return {**node, "answers": [grown(one) for one in node["answers"]]}
        stem, card = known[node["card"]]
        # plain text: the numbers without the marks that tie them to their records
        text = re.sub(r"<!--.*?-->", "", f"{card.knob}. {card.advice()}")
        said = {"advice": text, "see": f"notebooks/{stem}#what-to-do"}
        return {"answer": node["answer"], **said}

    return json.dumps(grown(yaml.safe_load((root / SOURCE).read_text())), ensure_ascii=False, indent=1) + "\n"


def unused(root: Path = ROOT) -> set[str]:
    """The cards that no end of the tree shows."""
    shown = set(re.findall(r"card: ([\w-]+)", (root / SOURCE).read_text()))
    return {card.id for some in cards(root).values() for card in some} - shown
