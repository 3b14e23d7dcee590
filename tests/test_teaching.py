"""The pages for teachers: every exercise has its effort, every lecture exists, every issue that is named can be opened."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.notebooks.levels import COURSES, efforts
from tools.notebooks.names import SECOND, short
from tools.site import teaching
from tools.site.parts import chapter, plain, stems, tasks
from tools.site.teaching import plan

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("book/*.md")), *sorted(ROOT.glob("book/chapters/*.md")), *sorted(ROOT.glob("book/**/*.yml"))]
PAGES += [*sorted(ROOT.glob("classroom/exercises/*/*.py")), ROOT / "README.md"]
LECTURES = ("in45", "in90", "reading")


# --- exercises -------------------------------------------------------------------------------------------------------


def test_every_exercise_has_its_effort_and_no_other_has():
    files = {path.parent.name: set() for path in (ROOT / "classroom" / "exercises").glob("ch*/*.py")}
    for path in (ROOT / "classroom" / "exercises").glob("ch*/*.py"):
        files[path.parent.name] |= {path.stem} - {"__init__"}
    assert {f"ch{short(stem)}": set(some) for stem, some in efforts(ROOT).items()} == files
    assert all(
        [one.name for one in tasks(stem)] == list(efforts(ROOT)[stem]) for stem in efforts(ROOT)
    )  # in their order


@pytest.mark.parametrize("stem", list(efforts(ROOT)))
def test_efforts_are_sound(stem):
    some = efforts(ROOT)[stem].values()
    assert all(one.level in (1, 2, 3) and 5 <= one.minutes <= 60 and one.course in COURSES for one in some)
    easy, hard = ([one.minutes for one in some if one.level == level] for level in (1, 3))
    assert max(easy, default=0) < min(hard, default=60)  # what is marked hard takes longer than anything marked easy
    assert any(one.course == COURSES[0] for one in some)  # the shortest course sets some of each chapter


def test_no_week_is_too_full():
    for line in teaching.hours().split("\n")[2:]:
        assert 1 <= float(re.search(r"([\d.]+) hours", line)[1]) <= 5


# --- lectures --------------------------------------------------------------------------------------------------------


def test_every_chapter_has_its_place_and_its_cut():
    assert list(plan("teaching")) == stems() == list(plan("slides"))
    for place, weeks in enumerate(reversed(COURSES)):
        found = [own["weeks"][place] for own in plan("teaching").values() if own["weeks"][place] != "–"]
        assert found == sorted(found) and set(found) == set(range(1, weeks + 1))


@pytest.mark.parametrize("stem", stems())
def test_a_lecture_names_sections_that_there_are_once_each(stem):
    own, found = plan("teaching")[stem], chapter(stem)
    named = [title for key in LECTURES for title in own[key]]
    assert [title for title in named if title not in found.headings or title.startswith(SECOND)] == []
    assert len(set(named)) == len(named) and len(own["in45"]) >= 3
    assert set(own["project"]) <= set(found.explorers)


@pytest.mark.parametrize("stem", stems())
def test_a_goal_is_more_than_a_slogan(stem):
    goals = plan("slides")[stem]["goals"]
    assert len(goals) == 3 and all(
        4 < len(goal.split()) <= 18 for goal in goals if not goal.startswith("Choose between")
    )


# --- predictions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stem", stems())
def test_every_prediction_has_a_wrong_answer_to_expect(stem):
    boxes, said = chapter(stem).predictions, plan("expected").get(stem, [])
    assert len(boxes) == len(said), "book/expected.yml has a line for each Predict box, in order"
    for box, line in zip(boxes, said):
        letter, _, why = line.partition(": ")
        assert len(letter) == 1 and not box.answers["ABCD".index(letter)][0], f"{letter} is right: {box.question}"
        assert len(why.split()) >= 5


def test_all_of_a_prediction_stands_on_the_page():
    text = teaching.expected("05_ddim_and_the_probability_flow")
    for box in chapter("05_ddim_and_the_probability_flow").predictions:
        assert all(teaching.outside(answer, "05_ddim_and_the_probability_flow") in text for _, answer in box.answers)
    assert text.count("✓") == 7 and text.count("*Why.*") == 7 and text.count("*Expect ") == 7
    assert "<!--" not in text and "](#" not in text and "](12_" not in text and 'href="#' not in text


# --- issues ----------------------------------------------------------------------------------------------------------

NAMED = re.compile(r"\b(?:issues?|pull requests?|discussions?|PRs?) #?\d+|\b[\w.-]+/[\w.-]+#\d+", re.IGNORECASE)
LINK = re.compile(r"\[[^\]]*\]\(([^)]*)\)|\{cite:\w\}`[^`]*`|`[^`\n]*`")
THREAD = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(?:issues|pull|discussions)/\d+")


def unlinked(text: str) -> list[str]:
    """The threads that a text names without a link."""
    return [match[0] for match in NAMED.finditer(LINK.sub(lambda link: " " * len(link[0]), plain(text)))]


def mislinked(text: str) -> list[str]:
    """The links whose words name another thread, or another repository, than their address."""
    found = []
    for words, url in re.findall(r"\[([^\]]*)\]\((https://github\.com/[^)]*/(?:issues|pull|discussions)/\d+)\)", text):
        number, repository = url.rsplit("/", 1)[1], re.match(r"https://github\.com/([\w.-]+/[\w.-]+)/", url)[1]
        named = re.search(r"[\w.-]+/[\w.-]+", words)
        kind = "pull" if "pull request" in words else "issues" if "issue" in words else url.split("/")[-2]
        right = number in re.findall(r"\d+", words) and (not named or named[0] == repository) and f"/{kind}/" in url
        found += [] if right and THREAD.fullmatch(url) else [f"{words} -> {url}"]
    return found


# The ledger of claims writes the chapters' sentences without their links.
@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.name != "claims.md"], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_every_issue_that_is_named_is_a_link(page):
    text = page.read_text()
    assert unlinked(text) == []
    assert mislinked(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "a/b issue 3",
        "issues 3 and 4 of a/b",
        "see pull request 12",
        "as in a/b#7",
        "([a/b](https://github.com/a/b) issue 3)",
    ],
)
def test_an_issue_without_a_link_is_found(text):
    assert unlinked(text) != []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("[a/b issue 3](https://github.com/a/b/issues/3)", True),
        ("issues [3](https://github.com/a/b/issues/3) and [4](https://github.com/a/b/issues/4) of a/b", True),
        ("[pull request 3](https://github.com/a/b/pull/3)", True),
        ("[a/b issue 3](https://github.com/a/b/issues/4)", False),
        ("[a/b issue 3](https://github.com/a/c/issues/3)", False),
        ("[pull request 3](https://github.com/a/b/issues/3)", False),
    ],
)
def test_a_link_to_another_thread_is_found(text, right):
    assert unlinked(text.replace("issues [", "[")) == []
    assert (mislinked(text) == []) is right


# --- pages -----------------------------------------------------------------------------------------------------------


def test_the_pages_stand_together():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"]
    teach = next(part for part in parts if part["caption"] == "Teach")
    names = [entry["file"].removeprefix("book/") for entry in teach["chapters"]]
    assert names[0] == "teachers" and len(names) == 7
    links = (ROOT / "book" / "teachers.md").read_text()
    assert [name for name in names[1:] if f"({name}.md)" not in links] == []
    for name, directive in (("lectures", "cuts"), ("expected", "expected")):
        said = re.findall(rf"^```\{{{directive}\}} (\w+)$", (ROOT / "book" / f"{name}.md").read_text(), re.MULTILINE)
        assert said == [stem for stem in stems() if directive == "cuts" or chapter(stem).predictions]


@pytest.mark.parametrize("name", ["project_path", "project_data"])
def test_a_brief_has_milestones_and_a_rubric(name):
    text = (ROOT / "book" / f"{name}.md").read_text()
    rubric = text.split("## How it is judged\n")[1].split("##")[0].strip().split("\n")
    assert rubric[0].count("|") == 6 and 4 <= len(rubric) - 2 <= 5  # four levels, four or five criteria
    assert all(line.count("|") == 6 for line in rubric)
    for heading in ("What to hand in", "Milestones", "Pitfalls", "How a teacher checks the numbers"):
        assert f"\n## {heading}\n" in text


@pytest.mark.parametrize("name", ["exam", "project_path"])
def test_the_code_on_a_page_runs(name):
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "book" / f"{name}.md").read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        run = subprocess.run([sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0 and run.stdout, run.stderr
