"""Boxes in which the reader predicts: what a chapter's `{predict}` and the museum's `{diagnose}` stand for.

    ```{predict}
    How far are 500 perfect samples from 500 others: not at all, or measurably?
    - 0
    * above 0, less with more samples
    - it depends on luck alone
    ---
    Two samples of one distribution differ. Here the distance is 13, and it falls like 1/N.
    ```

Two to four answers, the right one (or all that are right) with a star; below the line what one should see. In a notebook that
is a list and a fold; on the page book/_static/predict.js makes buttons of the list, and opens the fold after an answer.

    ```{diagnose} finite_weights 1
    Where does the `nan` come from?
    - The last entry of the table is 0.
      > The table ends one entry before that.
    * The first entry of the table is 1.
      > There the variance of the noise is 0, and the step divides by it.
    - ...
    ```

The exercise that mends the exhibit, and its par; four or five answers, one of them right, each with a reply. In a notebook the
replies are a fold; on the page an answer costs a guess and shows its own.
"""

import re
from itertools import count

DIRECTIVE = re.compile(r"^```\{predict\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIAGNOSE = re.compile(r"^```\{diagnose\} (\w+) ([1-9])\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"^([-*]) (.+(?:\n  .+)*)$", re.MULTILINE)
BOX = """\
<div class="predict" data-right="{right}">

**Predict.** {question}

{items}

<details class="k-seen"><summary>What you should see</summary>

{answer}

</details>

</div>"""
EXHIBIT = """\
<div class="predict diagnosis" id="guess-{name}" data-right="{right}" data-par="{par}">

**Exhibit {number} of {many}: your diagnosis.** {question}

{items}

<details class="k-seen"><summary>What each answer is worth</summary>

{replies}

</details>

</div>"""


def numbered(texts: list[str]) -> str:
    """A list in Markdown."""
    return "\n".join(f"{place}. {text}" for place, text in enumerate(texts, 1))


def in_full(directive: re.Match) -> str:
    """The Markdown of one box. Raises ValueError for one that lacks answers, a right one, or what one should see."""
    body, _, answer = directive[1].partition("\n---\n")
    found = ITEM.findall(body)
    question = body[: ITEM.search(body).start()].strip() if found else body.strip()
    right = [str(place) for place, (mark, _) in enumerate(found, 1) if mark == "*"]
    if not (2 <= len(found) <= 4 and 0 < len(right) < len(found) and question and answer.strip()):
        raise ValueError(
            "A prediction is a question, two to four answers (- wrong, * right), a line ---, and what one should see; "
            f"this one has {len(found)} answers, {len(right)} of them right: {question[:60]!r}"
        )
    items = numbered([text for _, text in found])
    return BOX.format(right=" ".join(right), question=question, items=items, answer=answer.strip())


def exhibit(directive: re.Match, number: int, many: int) -> str:
    """The Markdown of one exhibit's box, of so many. Raises ValueError for one that lacks answers, a reply, or a right one."""
    name, par, body = directive.groups()
    found = [(mark, *text.replace("\n  > ", "\n  ").partition("\n  ")[::2]) for mark, text in ITEM.findall(body)]
    question = body[: ITEM.search(body).start()].strip() if found else body.strip()
    right = [place for place, (mark, _, _) in enumerate(found, 1) if mark == "*"]
    if not (4 <= len(found) <= 5 and len(right) == 1 and question and all(reply for _, _, reply in found)):
        raise ValueError(
            "A diagnosis is a question and four or five answers (- wrong, * right, one of these), each with a reply below "
            f"(  > ...); this one has {len(found)} answers, {len(right)} of them right: {question[:60]!r}"
        )
    replies = [f"{'Right' if mark == '*' else 'No'}. {reply}" for mark, _, reply in found]
    return EXHIBIT.format(
        name=name,
        par=par,
        number=number,
        many=many,
        right=right[0],
        question=question,
        items=numbered([text for _, text, _ in found]),
        replies=numbered(replies),
    )


def expanded(text: str) -> str:
    """A chapter's text with its boxes in full."""
    numbers, many = count(1), len(DIAGNOSE.findall(text))
    text = DIAGNOSE.sub(lambda directive: exhibit(directive, next(numbers), many), text)
    return DIRECTIVE.sub(in_full, text)
