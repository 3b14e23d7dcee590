"""Slides: a deck for each chapter, made of what the chapter holds, as book/slides.yml puts it in order.

    python -m tools.site.slides [NN ...]     `make slides`: writes _build/slides, which opens from a file, without a network

book/slides.yml has for each chapter its question, what a listener can do afterwards, the slides, and what to take home. A slide
is one message, `say`, with at most one of

    figure: fig-02-chain          explorer: explorer-noising      formula: [Three schedules, 1]     code, points, rows

and, where it needs one, a sentence more. `predict: Of linear's` is the Predict box that begins so, on two slides, and
`trap: "cosine wins` the trap whose title begins so. The cards of *What to do* and two exercises follow by themselves.
"""

import html
import re
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools.notebooks.cards import cards
from tools.notebooks.claims import quotes
from tools.notebooks.names import number, short
from tools.notebooks.text import chapter_text
from tools.site.art import art, img
from tools.site.chapter_pictures import PICTURES
from tools.site.citations import cited
from tools.site.parts import ROOT, Chapter, address, chapter, exercise, plain

SOURCE = ROOT / "book" / "slides.yml"
DECK = Path(__file__).parent / "deck"
OUT = ROOT / "_build" / "slides"
MATHJAX = ROOT / "vendor" / "site" / "mathjax"
REASON, TASK = 36, 44  # words of the reason for an answer, and of a task: whole sentences, at least one
ROOM = 54  # words of a table of cards: beyond it, fewer columns, and only the beginning of each
MARKDOWN = MarkdownIt("commonmark").enable("table")
MARKDOWN.use(dollarmath_plugin, renderer=lambda tex, options: "\\(" + html.escape(tex) + "\\)")


class Slide(NamedTuple):
    """One slide: its look, what stands above the title, the title, what is below it, and what the presenter reads."""

    look: str
    kind: str
    title: str
    body: str
    notes: str


@cache
def plans() -> dict[str, dict]:
    """What book/slides.yml says of each chapter, its numbers filled in as the chapter shows them."""
    found = yaml.safe_load(SOURCE.read_text())
    return {stem: filled(plan, stem) for stem, plan in found.items()}


@cache
def shown(stem: str) -> dict[str, str]:
    """How a chapter shows its records, by name; its own, and those of others that it quotes."""
    return {name: number for name, number, _ in quotes(chapter_text(ROOT / "book" / "chapters" / f"{stem}.md"))}


def filled(part: Any, stem: str) -> Any:
    """A part of a plan with every [[name]] replaced by the number. Raises KeyError for one that the chapter does not quote."""
    if isinstance(part, dict):
        return {key: filled(value, stem) for key, value in part.items()}
    if isinstance(part, list):
        return [filled(value, stem) for value in part]
    return re.sub(r"\[\[(.+?)\]\]", lambda match: shown(stem)[match[1]], part) if isinstance(part, str) else part


def readable(text: str) -> str:
    """Numbers as one writes them by hand, outside code and formulas: 1.2e8 is 1.2 × 10⁸, and a unit stays beside its number."""
    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    parts = re.split(r"(`[^`]*`|\$[^$]*\$)", text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"(\d) %", "\\1\u00a0%", parts[i])
        parts[i] = re.sub(
            r"(?<![\w.])(\d+(?:\.\d+)?)e(-?\d+)\b",
            lambda match: f"{match[1]}\u00a0×\u00a010{match[2].translate(raised)}",
            parts[i],
        )
    return "".join(parts)


def inline(text: str) -> str:
    """A line of Markdown as HTML; links into the book become their words."""
    return MARKDOWN.renderInline(said(text))


def said(text: str) -> str:
    """Markdown of a chapter for a page that stands alone: numbers and citations written out, inner links dropped."""
    text = re.sub(r'<a href="#explorer[^"]*">[^<]*</a>', "the explorer", cited(plain(text)))
    return readable(re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", text))


def capital(title: str) -> str:
    """A title that begins with a capital, also where it begins with a quotation mark."""
    return re.sub(r"^\W*[a-z]", lambda match: match[0].upper(), title) if not title.startswith(("`", "$")) else title


def beginning(text: str, most: int, asked: bool = False) -> str:
    """The first sentences of a text, as many as hold no more than so many words, and one at least; questions where `asked`."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z$*`\"])", " ".join(said(text).split("\n\n")[0].split()))
    kept = sentences[:1]
    for sentence in sentences[1:]:
        if (not asked and sentence.endswith("?")) or len(" ".join([*kept, sentence]).split()) > most:
            break
        kept.append(sentence)
    return " ".join(kept)


# --- kinds of slides -------------------------------------------------------------------------------------------------


def message(found: Chapter, plan: dict) -> Slide:
    """One statement, and what shows it."""
    section, caption = plan.get("section", ""), ""
    more = f'<p class="more">{inline(plan["more"])}</p>' if "more" in plan else ""
    if name := plan.get("figure") or plan.get("explorer"):
        figure = (found.figures | found.explorers)[name]
        section, caption = section or figure.section, figure.caption
        layout, picture = art(figure, plan.get("layout", ""))
        if "explorer" in plan:
            live = f"../html/notebooks/{found.stem}.html#{name}"
            more += f'<p class="live"><a href="{live}">Open the live figure</a></p>'
        if layout == "beside":  # the title stands beside it, too
            return Slide("side", "", plan["say"], more + picture, notes(found, section, caption, plan.get("note", "")))
        body = f'<div class="art {layout}">{picture}</div>{more}'
    else:
        formulas = plan.get("formula", [])
        formulas = [formulas] if formulas and isinstance(formulas[0], str) else formulas
        section = section or next((where for where, _ in formulas), "")
        set_out = "".join(
            f'<div class="formula">\\[{html.escape(alone(found.formula(*one)))}\\]</div>' for one in formulas
        )
        body = f'<div class="body">{points(plan)}{rows(plan)}{code(plan)}{set_out}{more}</div>'
    return Slide("", "", plan["say"], body, notes(found, section, caption, plan.get("note", "")))


def alone(formula: str) -> str:
    """A formula without the full stop or comma that ended it in its sentence."""
    return re.sub(r"[.,;]\s*(\\end\{\w+\}|)\s*$", r"\1", formula)


def begins(boxes: list, start: str, text: Callable) -> Any:
    """The box that begins so. Raises KeyError when there is none, or more than one."""
    found = [box for box in boxes if text(box).startswith(start)]
    if len(found) != 1:
        raise KeyError(f"{len(found)} boxes begin with {start!r}")
    return found[0]


def points(plan: dict) -> str:
    """Two to four statements."""
    items = "".join(f"<li>{inline(text)}</li>" for text in plan.get("points", []))
    return f'<ul class="points">{items}</ul>' if items else ""


def rows(plan: dict) -> str:
    """A small table; its first row is the head."""
    if "rows" not in plan:
        return ""
    head, *others = plan["rows"]
    top = "".join(f'<th scope="col">{inline(str(cell))}</th>' for cell in head)
    lines = [
        f'<tr><th scope="row">{inline(str(first))}</th>'
        + "".join(f"<td>{inline(str(cell))}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in others
    ]
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def code(plan: dict) -> str:
    """A few lines of code."""
    return f"<pre>{html.escape(plan['code'].rstrip())}</pre>" if "code" in plan else ""


def notes(found: Chapter, section: str, *texts: str) -> str:
    """What the presenter reads: what the chapter says of it, and where."""
    parts = [MARKDOWN.render(said(text)) for text in texts if text]
    if section:
        parts.append(f'<p><a href="../html/{address(found.stem, section)}">{inline(section)}</a></p>')
    return "".join(parts)


def prediction(found: Chapter, plan: dict) -> list[Slide]:
    """The question with its answers, and then the right one with the reason."""
    box = begins(found.predictions, plan["predict"], lambda box: box.question)
    question = plan.get("ask", box.question)
    items = "".join(f"<li><span>{inline(text)}</span></li>" for _, text in box.answers)
    ask = Slide("predict", "Predict, in writing", question, f'<div class="body"><ol>{items}</ol></div>',
                "<p>Two minutes in writing, then a show of hands.</p>" + notes(found, box.section))  # fmt: skip
    letters = " and ".join(chr(ord("A") + i) for i, (right, _) in enumerate(box.answers) if right)
    why = f'<div class="body"><p>{inline(plan.get("because") or beginning(box.resolution, REASON))}</p></div>'
    answer = Slide("answer", f"The answer: {letters}", "; ".join(box.right), why, notes(found, "", box.resolution))
    return [ask, answer]


def trap(found: Chapter, plan: dict) -> Slide:
    """A wrong statement, and what is true instead."""
    one = begins(found.traps, plan["trap"], lambda trap: plain(trap.title))
    title = plan.get("title", one.title)
    body = f'<div class="body"><p>{inline(plan["say"])}</p></div>'
    return Slide("trap", "Trap", capital(title), body, notes(found, one.section, one.text))


def to_do(found: Chapter) -> list[Slide]:
    """The cards of the chapter: each knob with where to begin."""
    some = cards(ROOT).get(found.stem, [])
    if not some:
        return []
    lines = [["knob", "begin with", "change it"], *([card.knob, plain(card.begin), plain(card.when)] for card in some)]
    for keep in (lambda line: line, lambda line: line[:2], lambda line: [line[0], re.split("[,;] ", line[1])[0]]):
        kept = [keep(line) for line in lines]
        if sum(len(" ".join(line).split()) for line in kept) <= ROOM:
            break
    table = rows({"rows": kept})
    return [Slide("do", "What to do", "Where to begin", f'<div class="body">{table}</div>',
                  notes(found, "What to do", *(card.markdown() for card in some)))]  # fmt: skip


def task(found: Chapter, name: str) -> Slide:
    """An exercise: its title, how hard it is, and the beginning of its task."""
    one = exercise(found.stem, name)
    effort = one.effort.words.capitalize()
    body = (
        f'<div class="body"><p>{inline(beginning(one.task, TASK, asked=True))}</p><p class="more">{effort}.</p></div>'
    )
    return Slide("", f"Exercise {one.number}", capital(one.title), body, notes(found, one.section, one.task))


def deck(stem: str) -> list[Slide]:
    """The slides of a chapter, in order."""
    found, plan = chapter(stem), plans()[stem]
    name = short(stem)
    picture = img((ROOT / "book" / "pictures" / f"{name}.png").read_bytes(), PICTURES[name].__doc__.strip())
    own = f"Chapter {number(stem)}" if number(stem) else "Practise"
    opening = f'<p class="ask">{inline(plan["question"])}</p>'
    slides = [Slide("title", own, found.title, opening + picture, notes(found, "", found.opening))]
    slides.append(message(found, {"say": "After this lecture you can", "points": plan["goals"]}))
    for one in plan["slides"]:
        if "predict" in one:
            slides += prediction(found, one)
        else:
            slides.append(trap(found, one) if "trap" in one else message(found, one))
    slides += to_do(found) + [task(found, name) for name in plan.get("exercises", [])]
    return [*slides, message(found, {"say": "Take home", "points": plan["home"]})]


# --- pages -----------------------------------------------------------------------------------------------------------


def drawn(slide: Slide, place: int, count: int, name: str) -> str:
    """The HTML of one slide."""
    kind = f'<p class="kind">{html.escape(slide.kind)}</p>' if slide.kind else ""
    foot = f'<div class="foot"><span>{html.escape(name)}</span><span>{place}</span></div>'
    if slide.look in ("title", "side"):
        words, picture = slide.body.split("<img", 1)
        inner = f'<div class="words">{kind}<h2>{inline(slide.title)}</h2>{words}</div><img{picture}'
        inner += foot if slide.look == "side" else ""
    else:
        inner = f"{kind}<h2>{inline(slide.title)}</h2>{slide.body}{foot}"
    title = re.sub(r"<[^>]+>", "", inline(slide.title))
    return (
        f'<div class="frame" id="{place}"><a class="go" href="#{place}">{place}. {title}</a>'
        f'<section class="slide {slide.look}" aria-label="Slide {place} of {count}">{inner}</section>\n'
        f'<aside class="notes" aria-label="Notes to slide {place}">{slide.notes}</aside></div>'
    )


def page(stem: str) -> str:
    """The whole deck of a chapter."""
    found, slides = chapter(stem), deck(stem)
    name = f"{number(stem)} · {found.title}".removeprefix(" · ")
    shown = "\n".join(drawn(slide, i, len(slides), name) for i, slide in enumerate(slides, 1))
    style, script = (DECK / "deck.css").read_text(), (DECK / "deck.js").read_text()
    whole = Template((DECK / "deck.html").read_text())
    return whole.substitute(title=html.escape(name), style=style, script=script, slides=shown)


def index() -> str:
    """The list of the decks."""
    lines = [f'<li><a href="{stem}.html">{number(stem)} {chapter(stem).title}</a></li>' for stem in plans()]
    return Template((DECK / "index.html").read_text()).substitute(decks="\n".join(lines))


def main(chosen: list[str], out: Path = OUT) -> None:
    """Write the decks of the chosen chapters, or of all, and what they need."""
    stems = [stem for stem in plans() if not chosen or short(stem) in chosen]
    out.mkdir(parents=True, exist_ok=True)
    shutil.copytree(MATHJAX, out / "mathjax", dirs_exist_ok=True)
    for stem in stems:
        (out / f"{stem}.html").write_text(page(stem))
    (out / "index.html").write_text(index())
    print(f"{len(stems)} decks in {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
