"""The decks of slides: every chapter has one, made of what the chapter holds, and no slide says too much."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tests.test_notebooks import weak_alt
from tools.site import art, slides
from tools.site.parts import chapter, stems

ROOT = Path(__file__).parents[1]
# Words of a slide, formulas and code not counted; a prediction is read for two minutes, with its answers.
MOST = {"predict": 75, "answer": 55, "do": 58, "task": 60}
WORDS = 45


def words(slide: slides.Slide) -> int:
    """How many words stand on a slide."""
    soup = BeautifulSoup(f"{slides.inline(slide.title)} {slide.body}", "html.parser")
    for code in soup.find_all("pre"):
        code.decompose()
    return len(re.sub(r"\\[\[(].*?\\[\])]", "", soup.get_text(" "), flags=re.DOTALL).split())


def test_every_chapter_has_a_deck():
    assert list(slides.plans()) == stems()


@pytest.mark.parametrize("stem", stems())
def test_a_deck_is_a_lecture(stem):
    deck = slides.deck(stem)
    assert 16 <= len(deck) <= 28
    looks = [slide.look for slide in deck]
    assert looks[0] == "title" and "img" in deck[0].body
    if chapter(stem).predictions:
        assert looks.count("predict") == looks.count("answer") > 0
    if chapter(stem).traps:
        assert "trap" in looks
    assert len(slides.plans()[stem].get("exercises", [])) == (0 if stem.startswith("00") else 2)


@pytest.mark.parametrize("stem", stems())
def test_no_slide_says_too_much(stem):
    full = [
        (place, words(slide), slide.title)
        for place, slide in enumerate(slides.deck(stem), 1)
        if words(slide) > MOST.get("task" if slide.kind.startswith("Exercise") else slide.look, WORDS)
    ]
    assert full == []


def test_a_slide_that_says_too_much_is_found():
    assert words(slides.Slide("", "", "one two", "<p>three \\(x\\) four</p><pre>not counted</pre>", "")) == 4


@pytest.mark.parametrize("stem", stems())
def test_every_image_says_what_it_shows(stem):
    images = BeautifulSoup("".join(slide.body for slide in slides.deck(stem)), "html.parser").find_all("img")
    assert len(images) >= 2 and [image["alt"] for image in images if weak_alt(image["alt"])] == []


@pytest.mark.parametrize("stem", stems())
def test_sections_and_code_are_those_of_the_chapter(stem):
    found = chapter(stem)
    lines = {line.strip() for line in found.source.split("\n")}
    for plan in slides.plans()[stem]["slides"]:
        assert plan.get("section", "") in ["", *found.headings], plan["say"]
        for line in plan.get("code", "").split("\n"):
            assert line.strip() in lines, line


@pytest.mark.parametrize("stem", stems())
def test_what_a_deck_shows_it_shows_once(stem):
    plans = slides.plans()[stem]["slides"]
    for key in ("figure", "explorer", "predict", "trap"):
        names = [plan[key] for plan in plans if key in plan]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("stem", stems())
def test_no_formula_stands_alone(stem):
    """A formula comes with a sentence, and without the comma or full stop of the sentence that it was taken from."""
    plans = [plan for plan in slides.plans()[stem]["slides"] if "formula" in plan]
    assert [plan["say"] for plan in plans if "more" not in plan] == []
    bodies = "".join(slides.message(chapter(stem), plan).body for plan in plans)
    assert re.findall(r"[.,;]\s*(?:\\end\{\w+\})?\s*\\\]", bodies) == []


# What a deck shows before it asks, though it stands below the question in the chapter: a question asked later in the lecture.
LATER = {
    "explorer-flow", "explorer-pairing", "explorer-k-budget", "explorer-t-scale", "explorer-guidance", "explorer-water",
    "explorer-targets", "fig-05-paths", "fig-13-water",
}  # fmt: skip


@pytest.mark.parametrize("stem", stems())
def test_a_deck_asks_before_it_shows(stem):
    """No figure that the chapter keeps until after a question comes before the question in the deck."""
    found, early, shown = chapter(stem), [], []
    for plan in slides.plans()[stem]["slides"]:
        if "predict" in plan:
            box = slides.begins(found.predictions, plan["predict"], lambda box: box.question)
            place = found.source.index(box.question.split("\n")[0][:40])
            early += [name for name in shown if found.source.find(name) > place]
        shown += [plan[key] for key in ("figure", "explorer") if key in plan]
    assert set(early) <= LATER


def test_numbers_are_written_as_by_hand():
    assert slides.readable("off by 3e-5, or 4 %, `1e-4 %`") == "off by 3\u00a0×\u00a010⁻⁵, or 4\u00a0%, `1e-4 %`"
    assert slides.readable("1.2e8.") == "1.2\u00a0×\u00a010⁸."


def test_words_are_words():
    """YAML takes `off` and `no` for false, and a number for a number: all that is shown is text."""
    cells = [
        cell
        for plan in slides.plans().values()
        for one in plan["slides"]
        for row in one.get("rows", [])
        for cell in row
    ]
    assert len(cells) > 80 and [cell for cell in cells if not isinstance(cell, str)] == []


def test_what_the_chapter_does_not_have_is_refused():
    found = chapter("02_noise_schedules")
    for plan in ({"say": "x", "figure": "fig-02-gone"}, {"say": "x", "formula": ["Three schedules", 9]}):
        with pytest.raises(KeyError):
            slides.message(found, plan)
    with pytest.raises(KeyError, match="0 boxes begin"):
        slides.prediction(found, {"predict": "Nobody asks"})
    with pytest.raises(KeyError):
        slides.filled("It ends at [[no_such_record]].", "02_noise_schedules")


def test_a_number_is_shown_as_the_chapter_shows_it():
    assert slides.filled(["ᾱ = [[bar_50]]"], "02_noise_schedules") == ["ᾱ = 0.603"]


def test_only_whole_sentences_of_a_task_are_kept():
    text = "One of three words. Is this asked? And then four more words."
    assert slides.beginning(text, 8, asked=True) == "One of three words. Is this asked?"
    assert slides.beginning(text, 8) == "One of three words."
    assert slides.beginning(text, 1) == "One of three words."


@pytest.mark.parametrize(
    ("between", "upper"),
    [
        ([(200, 215)], 160),  # the title of the second row
        ([(200, 215), (223, 238)], 195),  # a label of the first row, and that title
        ([(190, 194), (204, 219)], 174),  # a point that lies a little lower than the rest of its panel
    ],
)
def test_a_tall_figure_is_cut_between_its_rows(between, upper):
    picture = np.full((420, 200, 3), 255, np.uint8)
    for rows in ((20, 180), *between, (250, 400)):
        picture[slice(*rows), 20:180] = 0
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    parts = [Image.open(io.BytesIO(part)) for part in art.halves(file.getvalue())]
    assert parts[0].size == parts[1].size  # so both are shown at one scale, and their tops are level
    dark = [np.flatnonzero(np.asarray(part.convert("L")).min(axis=1) < 250) for part in parts]
    assert dark[0][0] == dark[1][0] == 0 and dark[0][-1] + 1 == upper
