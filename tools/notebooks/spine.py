"""How many words a first reader reads: python -m tools.notebooks.spine

The spine of a chapter is its prose up to Practice, without code, formulas, what predictions come to, and what is folded: either a
whole section, whose heading says that it is a second reading, or, in the museum, that it tells an answer,

    ## Second reading: The bound, to the last nat

with its cells and the smaller headings in it, or, inside one section, some prose, where no heading and no cell may stand:

    <details class="second"><summary>Second reading: the bound to the last nat</summary>

    ...

    </details>
"""

import re
from pathlib import Path

from tools.notebooks import names
from tools.notebooks.claims import prose
from tools.notebooks.text import chapter_text

ROOT = Path(__file__).resolve().parents[2]
MOST, FIRST, ROOM = 3500, 900, 250  # words of a chapter's spine, of chapter 00's, and of one exhibit of the museum
SECOND = re.compile(r'<details class="second">.*?^</details>', re.DOTALL | re.MULTILINE)
SECTION = re.compile(rf"^(#+) (?:{'|'.join(names.FOLDED)}).*?(?=^(?!\1#)#{{1,6}} |\Z)", re.DOTALL | re.MULTILINE)
SEEN = re.compile(r'<details class="k-seen">.*?^</details>', re.DOTALL | re.MULTILINE)  # what a prediction comes to
NO_WORDS = re.compile(
    r"\$\$.*?\$\$|\$[^$\n]+\$|</?[a-zA-Z!][^>]*>|\]\([^)]*\)|\{cite[^}]*\}`[^`]*`|^```[^\n]*$|^\|?[-|: ]+\|?$",
    re.DOTALL | re.MULTILINE,
)


def words(text: str) -> int:
    """The words of the spine of a chapter, given in full."""
    first = prose(text)
    for part in (SECTION, SECOND, SEEN):
        first = part.sub("", first)
    spine = first.split("\n## Practice")[0]
    return len(re.findall(r"\w[\w'’-]*", NO_WORDS.sub(" ", spine)))


def long(text: str, stem: str) -> bool:
    """Whether a spine is longer than it may be. The museum is played exhibit by exhibit, and each has its own."""
    if stem == names.MUSEUM:
        return any(words(f"## {exhibit}") > ROOM for exhibit in re.split(r"^## ", text, flags=re.MULTILINE)[1:])
    return words(text) > (FIRST if stem.startswith("00") else MOST)


if __name__ == "__main__":
    for path in sorted((ROOT / "book" / "chapters").glob("*.md")):
        print(f"{path.stem:34}{words(chapter_text(path)):6}")
