"""The front page: a card for each chapter, with a picture that can be drawn again."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.notebooks.names import number, titled
from tools.notebooks.text import questions
from tools.site import chapter_pictures

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CARD = re.compile(
    r"^\[!\[(.+)\]\(pictures/(\d\d[a-z]?)\.png\)\]\((\S+)\) \*\*\[(.+)\]\((\S+)\)\*\* (.+\?)$", re.MULTILINE
)
CARDS = CARD.findall((ROOT / "book" / "intro.md").read_text())


def test_every_chapter_has_a_card_with_its_number_its_picture_and_a_question():
    assert [card[2] for card in CARDS] == [f"../notebooks/{path.name}" for path in CHAPTERS]
    for alt, picture, link, title, again, _ in CARDS:
        stem = Path(link).stem
        number = titled("# x", stem).removeprefix("# ").removesuffix("x")  # "7 · ", or nothing
        assert again == link and stem.startswith(picture) and title.startswith(number) and alt.endswith(".")


def pixels(path: Path) -> np.ndarray:
    """A picture in grey, (H, W), 0 to 255."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), float)


def test_a_picture_is_small():
    files = sorted(chapter_pictures.TARGET.glob("*.png"))
    assert [path.stem for path in files] == [*chapter_pictures.PICTURES]
    for path in files:
        assert pixels(path).shape == (300, 480) and path.stat().st_size < 50_000


@pytest.mark.parametrize("name", ["02", "07", "11"])  # the others take longer
def test_a_picture_is_what_its_command_draws(name, tmp_path, monkeypatch):
    monkeypatch.setattr(chapter_pictures, "TARGET", tmp_path)
    chapter_pictures.main([name])
    drawn, shipped = (pixels(at / f"{name}.png") for at in (tmp_path, ROOT / "book" / "pictures"))
    assert np.abs(drawn - shipped).mean() < 2  # of 255; seen: 0. Another version of a font or a last bit may move a dot


def test_the_line_of_evidence_counts():
    said = re.search(r'<p class="k-evidence">(.*?)</p>', (ROOT / "book" / "intro.md").read_text())[1]
    numbered = [path for path in CHAPTERS if number(path.stem)]
    exercises = sum(path.read_text().count("\n```{exercise} ") for path in (ROOT / "book" / "chapters").glob("*.md"))
    asked = sum(questions(ROOT, path.stem) for path in CHAPTERS) + questions(ROOT, "16_bugs")
    assert f"{len(numbered)} chapters and a museum" in said
    assert f"{exercises} exercises" in said and f"{asked} questions" in said
