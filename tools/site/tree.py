"""The decision tree, made of the questions in book/decision_tree.yml and the cards in book/cards.yml, for `make explorers`.

An end is a title, rows of [what it is, what is said], and links [text, address below the book's root].
"""

import json
import re
from functools import cache
from pathlib import Path

import yaml

from tools.notebooks.cards import Card, cards
from tools.notebooks.claims import slug
from tools.notebooks.names import number
from tools.site.citations import cited

ROOT = Path(__file__).parents[2]
SOURCE = Path("book", "decision_tree.yml")
TARGET = Path("classroom", "explorers", "decision_tree.json")
EXPLORERS = "book/explorers.html"
SYMBOL = re.compile(r"[^\x00-\x7f]|(?!a\b)[a-z](?:\b|_)")  # "v", "x_t", "\u03c3/\u03b1": another letter as a capital


def tree(root: Path = ROOT) -> str:
    """The text of decision_tree.json. Raises KeyError for an end whose card there is not, ValueError for a name given twice."""
    known = {card.id: (stem, card) for stem, some in cards(root).items() for card in some}
    names: set[str] = set()

    def grown(node: dict, top: bool = False) -> dict:
        own = {} if top else {"name": name_of(node), "answer": node["answer"]}
        if own.get("name") in names:
            raise ValueError(f"decision tree: two answers are called {own['name']!r}; give one of them a `name`")
        names.update(own.get("name", "").split())
        if "answers" in node:
            return own | {"ask": node["ask"], "answers": [grown(one) for one in node["answers"]]}
        return own | (of_card(*known[node["card"]]) if "card" in node else of_gotcha(node))

    return json.dumps(grown(source(root), top=True), ensure_ascii=False, indent=1) + "\n"


def source(root: Path = ROOT) -> dict:
    """The questions as they are written."""
    return yaml.safe_load((root / SOURCE).read_text())


def ends(node: dict) -> list[dict]:
    """The ends below a question."""
    return [end for one in node["answers"] for end in ends(one)] if "answers" in node else [node]


def of_card(stem: str, card: Card) -> dict:
    """An end that shows a card."""
    rows = [["Begin with", card.begin], ["Useful", card.range], ["Change it", card.when], ["Measured", card.measured]]
    rows += [["Elsewhere", card.also]] if card.also else []
    return {"title": card.knob, "rows": plain(rows), "links": links(f"{stem}#{card.see}", card.explorer)}


def of_gotcha(node: dict) -> dict:
    """An end that shows a symptom, with the numbers of its entry in the gotchas."""
    rows = [["Cause", node["cause"]], ["Number", node["number"]], ["Fix", node["fix"]]]
    entry = ["The gotcha", f"book/gotchas.html#{node['gotcha']}"]
    return {"title": node["title"], "rows": plain(rows), "links": [*links(node["see"], node.get("explorer")), entry]}


def links(see: str, explorer: str | None) -> list[list[str]]:
    """Where the chapter measured it, and the explorer that shows it, in the state that shows it."""
    stem, _, anchor = see.partition("#")
    if anchor:
        named = f"Chapter {number(stem)}, {headings(stem)[anchor]}"
        found = [[named, f"notebooks/{stem}.html#{anchor}"]]
    else:
        found = [["The bug museum", f"notebooks/{stem}.html"]]
    return found + ([["Try it in the explorer", f"{EXPLORERS}#explorer-{explorer}"]] if explorer else [])


@cache
def headings(stem: str, root: Path = ROOT) -> dict[str, str]:
    """The headings of a chapter by their anchors, without the formulas' marks."""
    found = re.findall(r"^##+ (.+)$", (root / "book" / "chapters" / f"{stem}.md").read_text(), re.MULTILINE)
    return {slug(heading): re.sub(r"^Second reading: |[$*`]", "", heading) for heading in found}


def plain(rows: list[list[str]]) -> list[list[str]]:
    """Rows as sentences of plain text: without the marks that tie numbers to their records, with citations written out."""
    return [[name, sentence(text)] for name, text in rows]


def sentence(text: str) -> str:
    """A text of a card as a sentence."""
    text = re.sub(r"<!--.*?-->|[*`](?!`)(?<!\}`)", "", cited(text))
    first = text[0] if SYMBOL.match(text) else text[0].upper()
    return first + text[1:] + "." * (not text.endswith((".", "?")))


def marked(root: Path = ROOT) -> dict[str, str]:
    """What each end says, by its name, with the marks that tie its numbers to their records: `chapter/record`."""
    known = {card.id: (stem, card) for stem, some in cards(root).items() for card in some}
    found = {}
    for end in ends(source(root)):
        if "card" in end:
            stem, card = known[end["card"]]
            text = " ".join((card.begin, card.range, card.when, card.measured, card.also))
            text = re.sub(r"<!--claim:(?![^>]*/)", f"<!--claim:{stem}/", text)
        else:
            text = " ".join(end[part] for part in ("cause", "number", "fix"))
        found[name_of(end)] = text
    return found


def name_of(node: dict) -> str:
    """The name by which links find an answer."""
    return node.get("name") or node.get("card") or node["gotcha"]


def unused(root: Path = ROOT) -> set[str]:
    """The cards that no end of the tree shows."""
    shown = {end.get("card") for end in ends(source(root))}
    return {card.id for some in cards(root).values() for card in some} - shown
