"""A chapter's text in full: what stands in book/chapters/, its exercises and predictions written out, and what every chapter has.

Every chapter ends its argument with *What to do*, the cards of book/cards.yml, and its exercises with *Test yourself*, its own
questions of the self-test. Neither is written in the chapter: the one goes before `## Practice`, the other before `## Recap`.
"""

from pathlib import Path

from tools.notebooks import exercises, predictions
from tools.notebooks.cards import cards

# tools/site/self_test.py puts the questions in the place of the second line, on the page alone.
QUESTIONS = "<!-- the questions of {stem} -->"
TEST = """\
## Test yourself

{place}

The [self-test](../book/self_test.md) has {count} questions about this chapter, and says what each wrong answer means.

"""
DO = """\
## What to do

<div class="k-do">

{cards}

</div>

Which knob first? See the [decision tree](../book/decision_tree.md). Something looks wrong? [Gotchas](../book/gotchas.md).
A word? [Glossary](../book/glossary.md). More to move? [Explorers](../book/explorers.md).

"""


def chapter_text(chapter: Path) -> str:
    """The text of a chapter in full."""
    root, stem = chapter.parents[2], chapter.stem
    text = exercises.in_chapter(predictions.expanded(chapter.read_text()), root, stem)
    if found := cards(root).get(stem):
        text = before(text, "Practice", DO.format(cards="\n".join(card.markdown() for card in found)))
    if count := questions(root, stem):
        text = before(text, "Recap", TEST.format(place=QUESTIONS.format(stem=stem), count=count))
    return text


def questions(root: Path, stem: str) -> int:
    """How many questions the self-test has about a chapter."""
    path = root / "book" / "questions" / f"{stem}.yml"
    return path.read_text().count("\n- id:") + path.read_text().startswith("- id:") if path.exists() else 0


def before(text: str, heading: str, part: str) -> str:
    """The text with a part before a heading of the second level; as it is where there is no such heading."""
    return text.replace(f"\n## {heading}\n", f"\n{part}## {heading}\n", 1)
