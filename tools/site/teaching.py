"""Sphinx directives for the pages of teachers: tables of the course, made of the chapters, their exercises and book/teaching.yml.

```{syllabus}```                the weeks, with what a student can do afterwards
```{efforts}```                 every exercise with its level, its minutes, and the courses that set it
```{loads}```                   hours of exercises in each course
```{cuts} NN_chapter```         what to tell in 45 and in 90 minutes, and what to set as reading
```{expected} NN_chapter```     the Predict boxes: question, answer, why, and what to expect from a class
"""

import re
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.notebooks.claims import slug
from tools.notebooks.levels import COURSES
from tools.notebooks.names import label
from tools.site.parts import ROOT, chapter, plain, stems, tasks


@cache
def plan(name: str) -> dict:
    """One of the files that say how to teach the book: teaching, expected, slides."""
    return yaml.safe_load((ROOT / "book" / f"{name}.yml").read_text())


def link(stem: str, section: str = "", text: str = "") -> str:
    """A link from a page of the book to a chapter, or to a section of it."""
    anchor = f"#{slug(section)}" if section else ""
    return f"[{text or section or label(stem)}](../notebooks/{stem}.ipynb{anchor})"


def explorer(stem: str, name: str) -> str:
    """A link to an explorer, which has no anchor that Markdown knows."""
    words = name.removeprefix("explorer-").replace("-", " ")
    return f'<a href="../notebooks/{stem}.html#{name}">{words}</a>'


def syllabus() -> str:
    """A row for each chapter: its weeks, and what its lecture is for."""
    lines = ["| week of 14 | of 12 | of 10 | chapter | afterwards a student can |", "|---|---|---|---|---|"]
    for stem in stems():
        weeks, goals = plan("teaching")[stem]["weeks"], plan("slides")[stem]["goals"]
        said = "; ".join(goal[0].lower() + goal[1:] for goal in goals)
        lines.append(f"| {' | '.join(map(str, weeks))} | {link(stem)} {chapter(stem).title} | {said} |")
    return "\n".join(lines)


def set_in(course: int) -> str:
    """The courses that set an exercise, by the shortest of them."""
    return ", ".join(str(weeks) for weeks in COURSES if weeks >= course)


def exercises_by_week() -> str:
    """A row for each exercise."""
    lines = ["| week | exercise | level | minutes | set in courses of (weeks) |", "|---|---|---|---|---|"]
    for stem in stems():
        week = plan("teaching")[stem]["weeks"][0]
        for one in tasks(stem):
            where = f"{link(stem, one.section, one.number)} {plain(one.title)}"
            level = "●" * one.effort.level + "○" * (3 - one.effort.level)
            lines.append(
                f"| {week} | {where} | {level} {one.effort.level} | {one.effort.minutes} | {set_in(one.effort.course)} |"
            )
    return "\n".join(lines)


def hours() -> str:
    """How much each course sets in all, and in its fullest week."""
    lines = ["| course | exercises | hours in all | fullest week |", "|---|---|---|---|"]
    for place, course in enumerate(reversed(COURSES)):
        weeks: dict = {}
        for stem in stems():
            week = plan("teaching")[stem]["weeks"][place]
            weeks.setdefault(week, []).extend(one.effort.minutes for one in tasks(stem) if one.effort.course <= course)
        minutes = [time for times in weeks.values() for time in times]
        most = max(sum(times) for week, times in weeks.items() if week != "–")
        lines.append(f"| {course} weeks | {len(minutes)} | {sum(minutes) / 60:.0f} | {most / 60:.1f} hours |")
    return "\n".join(lines)


def cuts(stem: str) -> str:
    """Three lines: 45 minutes, 90 minutes, reading; and what to project."""
    own = plan("teaching")[stem]
    named = {key: "; ".join(link(stem, title) for title in own[key]) for key in ("in45", "in90", "reading")}
    lines = [f"- **45 minutes.** {named['in45']}.", f"- **90 minutes.** These as well: {named['in90']}."]
    lines += [f"- **Reading.** {named['reading']}."] if named["reading"] else []
    if own["project"]:
        many = "s" * (len(own["project"]) > 1)
        lines.append(f"- **Project.** The explorer{many} {', '.join(explorer(stem, name) for name in own['project'])}.")
    return "\n".join(lines)


def outside(text: str, stem: str) -> str:
    """A chapter's Markdown for a page that is not the chapter: its links lead there."""
    text = re.sub(
        r'<a href="#(explorer-[\w-]+)">([^<]*)</a>', rf'<a href="../notebooks/{stem}.html#\1">\2</a>', plain(text)
    )
    text = re.sub(r"\]\(#([^)]+)\)", rf"](../notebooks/{stem}.ipynb#\1)", text)
    return re.sub(r"\]\((\d\d\w*\.ipynb)", r"](../notebooks/\1", text)


def expected(stem: str) -> str:
    """The Predict boxes of a chapter with what to expect at each."""
    parts = []
    for i, (box, says) in enumerate(zip(chapter(stem).predictions, plan("expected")[stem], strict=True), 1):
        answers = [
            f"{letter}. {f'**{text}** ✓' if right else text}" for letter, (right, text) in zip("ABCD", box.answers)
        ]
        tempting, _, why = says.partition(": ")
        parts += [
            f"**{i}.** {outside(box.question, stem)} *({link(stem, box.section)})*",
            "\\\n".join(outside(text, stem) for text in answers),
            f"*Why.* {outside(box.resolution, stem)}",
            f"*Expect {tempting}:* {why}",
            "---",
        ]
    return "\n\n".join(parts[:-1]) or "This chapter has none."


WRITERS = {"syllabus": syllabus, "efforts": exercises_by_week, "loads": hours, "cuts": cuts, "expected": expected}


class Written(SphinxDirective):
    """Markdown that a function writes, parsed where the directive stands."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The nodes of what the directive's function writes."""
        for file in ("teaching", "expected", "slides", "exercises"):
            self.env.note_dependency(str(ROOT / "book" / f"{file}.yml"))
        box = nodes.container()
        text = WRITERS[self.name](*self.arguments)
        self.state.nested_parse(
            StringList(text.split("\n"), source=str(Path(self.env.doc2path(self.env.docname)))), 0, box
        )
        return box.children


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    for name in WRITERS:
        app.add_directive(name, Written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
