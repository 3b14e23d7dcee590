"""Boxes in which the reader predicts: what a chapter's `{predict}` stands for.

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
"""

import re

DIRECTIVE = re.compile(r"^```\{predict\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"^([-*]) (.+(?:\n  .+)*)$", re.MULTILINE)
BOX = """\
<div class="predict" data-right="{right}">

**Predict.** {question}

{items}

<details class="k-seen"><summary>What you should see</summary>

{answer}

</details>

</div>"""


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
    items = "\n".join(f"{place}. {text}" for place, (_, text) in enumerate(found, 1))
    return BOX.format(right=" ".join(right), question=question, items=items, answer=answer.strip())


def expanded(text: str) -> str:
    """A chapter's text with its boxes in full."""
    return DIRECTIVE.sub(in_full, text)
