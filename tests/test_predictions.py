"""Predictions: two to four answers, at least one of them right, and a resolution."""

import pytest

from tools.notebooks.predictions import expanded

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
