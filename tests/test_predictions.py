"""Predictions: two to four answers, one of them right or more, and a resolution; diagnoses: four or five, and replies."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tools.notebooks import predictions
from tools.notebooks.exercises import DIRECTIVE
from tools.notebooks.names import MUSEUM
from tools.notebooks.predictions import expanded

ROOT = Path(__file__).parents[1]
CHAPTER = (ROOT / "book" / "chapters" / f"{MUSEUM}.md").read_text()

BOX = """Before.

```{predict}
How far are perfect samples apart?
Not at all?
- 0
* above 0, and less
  with more samples
- $\\infty$
---
They differ by <!--claim:floor-->13<!--/claim-->.

And so on.
```

After."""


def test_a_box_is_a_list_and_a_fold():
    text = expanded(BOX)
    assert text.startswith(
        'Before.\n\n<div class="predict" data-right="2">\n\n**Predict.** How far are perfect samples apart?\n'
    )
    assert "\n1. 0\n2. above 0, and less\n  with more samples\n3. $\\infty$\n" in text
    fold = text[text.index("<details") :]
    assert "They differ by <!--claim:floor-->13<!--/claim-->.\n\nAnd so on.\n\n</details>" in fold
    assert text.endswith("</div>\n\nAfter.")


def test_several_may_be_right():
    assert 'data-right="1 2"' in expanded(BOX.replace("- 0", "* 0"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("* above", "- above"),
        ("---\n", ""),
        ("- 0\n", "* 0\n"),
        ("How far are perfect samples apart?\nNot at all?\n", ""),
    ],
)
def test_what_is_no_prediction_is_refused(old, new):
    broken = BOX.replace(old, new)
    if old == "- 0\n":  # all of them right
        broken = broken.replace("- $", "* $")
    with pytest.raises(ValueError, match="A prediction is a question"):
        expanded(broken)


# ---- diagnoses of the museum -----------------------------------------------------------------------------------------

EXHIBIT = """```{diagnose} a_bug 2
Where does it come from?
- the first
  > It is not there.
* the second
  > There it is,
  > in two lines.
- the third
  > Not there either.
- the fourth
  > Nor there.
```"""


def test_a_diagnosis_is_a_list_and_replies_in_a_fold():
    text = expanded(f"{EXHIBIT}\n\n{EXHIBIT}")
    assert '<div class="predict diagnosis" id="guess-a_bug" data-right="2" data-par="2">' in text
    assert "**Exhibit 1 of 2: your diagnosis.** Where does it come from?\n\n1. the first\n2. the second\n" in text
    assert "**Exhibit 2 of 2:" in text
    fold = text[text.index("<details") : text.index("</details>")]
    assert (
        "1. No. It is not there.\n2. Right. There it is,\n  in two lines.\n3. No. Not there either.\n4. No. Nor there."
        in fold
    )
    assert "There it is" not in text.replace(fold, "", 1).split("**Exhibit 2")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- the third\n  > Not there either.\n", ""),
        ("* the", "- the"),
        ("- the third", "* the third"),
        ("  > Nor there.\n", ""),
        ("Where does it come from?\n", ""),
    ],
)
def test_what_is_no_diagnosis_is_refused(old, new):
    assert old in EXHIBIT
    with pytest.raises(ValueError, match="A diagnosis is a question"):
        expanded(EXHIBIT.replace(old, new))


def diagnoses() -> dict[str, list[tuple[str, str]]]:
    """(- or *, answer) of each exhibit, by its name."""
    return {
        name: [(mark, text.partition("\n  > ")[0]) for mark, text in predictions.ITEM.findall(body)]
        for name, _, body in predictions.DIAGNOSE.findall(CHAPTER)
    }


def test_every_exhibit_has_its_diagnosis():
    assert list(diagnoses()) == [name for name, _ in DIRECTIVE.findall(CHAPTER)]
    plan = re.search(r'<div class="k-plan">(.*?)</div>', CHAPTER, re.DOTALL)[1]
    assert len(re.findall(r"^\d+\. \[", plan, re.MULTILINE)) == len(diagnoses())


def test_the_form_of_an_answer_does_not_tell_that_it_is_right():
    """All are about as long; the right one is neither always long nor always short, and stands in every place."""
    ranks, places = Counter(), []
    for name, answers in diagnoses().items():
        lengths = [len(text) for _, text in answers]
        assert max(lengths) <= 1.25 * min(lengths), (name, lengths)
        (right,) = (i for i, (mark, _) in enumerate(answers) if mark == "*")
        places.append(right + 1)
        ranks[sorted(lengths, reverse=True).index(lengths[right])] += 1
    most = len(places) / 2
    assert ranks[0] < most and sum(n for rank, n in ranks.items() if rank >= 3) < most
    assert all(places.count(place) >= 3 for place in (1, 2, 3, 4)) and 5 in places
    assert all(len(set(places[i : i + 3])) > 1 for i in range(len(places) - 2))
