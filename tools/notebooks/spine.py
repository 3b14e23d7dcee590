"""How many words a first reader reads: python -m tools.notebooks.spine

The spine of a chapter is its prose up to Practice, without code, formulas, what predictions come to, and what is folded as a
second reading:

    <details class="second"><summary>Second reading: the bound to the last nat</summary>

    ...

    </details>

Such a fold stands inside one section: a heading cannot be folded.
"""

import re
from pathlib import Path

from tools.notebooks.claims import prose
from tools.notebooks.text import chapter_text

ROOT = Path(__file__).resolve().parents[2]
MOST, FIRST = 3500, 900  # words of a chapter's spine, and of chapter 00's
SECOND = re.compile(r'<details class="second">.*?^</details>', re.DOTALL | re.MULTILINE)
SEEN = re.compile(r'<details class="k-seen">.*?^</details>', re.DOTALL | re.MULTILINE)  # what a prediction comes to
NO_WORDS = re.compile(
    r"\$\$.*?\$\$|\$[^$\n]+\$|<[^>]+>|\]\([^)]*\)|\{cite[^}]*\}`[^`]*`|^```[^\n]*$|^\|?[-|: ]+\|?$",
    re.DOTALL | re.MULTILINE,
)


def words(text: str) -> int:
    """The words of the spine of a chapter, given in full."""
    spine = SEEN.sub("", SECOND.sub("", prose(text))).split("\n## Practice")[0]
    return len(re.findall(r"\w[\w'’-]*", NO_WORDS.sub(" ", spine)))


def long(text: str, stem: str) -> bool:
    """Whether a spine is longer than it may be."""
    return words(text) > (FIRST if stem.startswith("00") else MOST)


if __name__ == "__main__":
    for path in sorted((ROOT / "book" / "chapters").glob("*.md")):
        print(f"{path.stem:34}{words(chapter_text(path)):6}")
