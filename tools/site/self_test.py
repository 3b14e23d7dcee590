"""Sphinx directives that write the self-test into pages.

    ```{questions} NN_chapter```    the questions, answerable; the page needs an element with the id qz-total
    ```{answers} NN_chapter```      their answers, each with its reason
    ```{menu}```                    the eight open questions, each with links to the questions that take it apart

The HTML is complete without a script: every question ends in a folded list of its answer and of what each wrong one means. The
script (tools/site/self_test_js, bundled by `make explorers`) reads that list.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.notebooks import names
from tools.notebooks.text import QUESTIONS
from tools.site import formulas
from tools.site.questions import (
    FOLDER,
    address,
    chapters,
    for_script,
    letter,
    menu,
    number,
    reason,
    right_letters,
    shuffled,
    titles,
)

BUNDLE = Path(__file__).parent / "self_test_js" / "bundle.js"
NO_MATCH = {
    "number": "That is none of the usual mistakes. Look again at what is asked for, and in which unit.",
    "formula": "That is none of the usual mistakes.",
    "order": "This order is none of the usual mistakes. Ask of each what it needs from the others.",
}


# --- HTML that docutils has no node for -------------------------------------------------------------------------------


class Tag(nodes.General, nodes.TextElement):
    """An element of the page: a name, attributes, children."""


def tag(name: str, attributes: dict, *children: nodes.Node | str) -> Tag:
    """Make an element; text stands for itself."""
    parts = [nodes.Text(child) if isinstance(child, str) else child for child in children]
    return Tag("", "", *parts, tag=name, attributes=attributes)


def _open(self, node: Tag) -> None:
    written = "".join(f' {name}="{self.attval(str(value))}"' for name, value in node["attributes"].items())
    self.body.append(f"<{node['tag']}{written}>")


def _close(self, node: Tag) -> None:
    if node["tag"] != "input":
        self.body.append(f"</{node['tag']}>\n")


def written(question: dict, value: object) -> nodes.Node:
    """An answer, right or wrong, as mathematics: a formula or a number."""
    latex = formulas.tex(value) if question["kind"] == "formula" else formulas.number(value)
    return nodes.math("", rf"\displaystyle {latex}")  # a fraction within a line would be small


class Written(SphinxDirective):
    """What the directives share: text to nodes."""

    def line(self, text: str) -> list[nodes.Node]:
        """One paragraph of Markdown, without the paragraph."""
        (paragraph,) = self.parse_text_to_nodes(text)
        return list(paragraph.children)

    def why(self, text: str, see: str) -> Tag:
        """A reason, and where the book explains it."""
        return tag("span", {"class": "qz-why"}, *self.line(text), " ", tag("span", {"class": "qz-see"}, self.to(see)))

    def to(self, see: str) -> nodes.reference:
        """A link to a section."""
        title = titles().get(address(see))
        if title is None:
            raise self.error(f"There is no section {see}.")
        where = f"Chapter {names.number(see)}" if names.number(see) else "The bug museum"
        return nodes.reference("", f"{where}, {title}", refuri=f"../notebooks/{address(see)}", internal=True)


# --- the directives ---------------------------------------------------------------------------------------------------


def allowed(names: dict) -> str:
    """Which names a formula may use and where it is tried, as Markdown."""
    ranges = [
        f"`{name}` = `{given}`"
        if isinstance(given, str)
        else f"`{name}` ({given[0]:g} to {given[1]:g})".replace("(-", "(−")
        for name, given in names.items()
    ]
    return f"In {', '.join(ranges)}."


class Questions(Written):
    """All questions of one file, to be answered in the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make one box a question; the first directive of a page brings the script."""
        (stem,) = self.arguments
        self.env.note_dependency(str(FOLDER / f"{stem}.yml"))
        found = [self.box(question, number(stem, at)) for at, question in enumerate(chapters()[stem])]
        found = [tag("div", {"class": "qz-chapter"}, *found)]
        if "has_self_test" not in self.env.temp_data:
            self.env.note_dependency(str(BUNDLE))
            found.append(nodes.raw("", f'<script type="module">{BUNDLE.read_text()}</script>', format="html"))
            self.env.temp_data["has_self_test"] = True
        return found

    def box(self, question: dict, number: str) -> Tag:
        data = json.dumps(for_script(question), ensure_ascii=False)
        name = f"q-{question['id']}"
        legend = tag("legend", {}, tag("span", {"class": "qz-number"}, number), " ", *self.line(question["ask"]))
        answers = {"choice": self.boxes, "several": self.boxes, "order": self.ranks}.get(question["kind"], self.entry)
        parts = [legend, *self.note(question), *answers(question, name)]
        trap = []
        if "trap" in question:
            head = tag("strong", {}, "It circulates as: ")
            trap = [tag("div", {"class": "trap"}, tag("p", {}, head, *self.line(question["trap"])))]
        box = {"class": "qz", "id": name, "data-question": data}
        return tag("div", box, *trap, tag("fieldset", {}, *parts), self.key(question))

    def note(self, question: dict) -> list[nodes.Node]:
        return (
            [tag("div", {"class": "qz-body"}, *self.parse_text_to_nodes(question["note"]))]
            if "note" in question
            else []
        )

    def boxes(self, question: dict, name: str) -> list[Tag]:
        kind = "radio" if question["kind"] == "choice" else "checkbox"
        many = [tag("p", {"class": "qz-how"}, "Tick every one that is right.")] * (kind == "checkbox")
        return many + [
            tag(
                "label",
                {"class": "qz-option"},
                tag("input", {"type": kind, "name": name, "value": i, "autocomplete": "off"}),
                tag("span", {"class": "qz-letter"}, letter(i)),
                tag("span", {}, *self.line(option["say"])),
            )
            for i, option in enumerate(question["options"])
        ]

    def ranks(self, question: dict, name: str) -> list[Tag]:
        rows = [
            tag(
                "li",
                {"data-item": item},
                tag("span", {"class": "qz-letter"}, letter(place)),
                tag("span", {"class": "qz-item"}, *self.line(question["items"][item])),
            )
            for place, item in enumerate(shuffled(question))
        ]
        return [tag("ol", {"class": "qz-items"}, *rows)]

    def entry(self, question: dict, name: str) -> list[Tag]:
        label, hint = "Your number", "`0.25`, `0,25`, `1/4`, `25%`, `2.5e-1` or LaTeX will do."
        if question["kind"] == "formula":
            label, hint = "Your formula", allowed(question["names"])
        plain = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        field = tag("input", {"type": "text", "id": f"{name}-in", "aria-describedby": f"{name}-how"} | plain)
        row = tag("p", {"class": "qz-entry"}, tag("label", {"for": f"{name}-in"}, label), field)
        return [row, tag("p", {"class": "qz-how", "id": f"{name}-how"}, *self.line(hint))]

    def key(self, question: dict) -> Tag:
        """The folded list: the answer, and what each wrong one means. The script shows its lines one by one."""
        rows = []
        if "options" in question:
            for i, option in enumerate(question["options"]):
                mark = "right" if option.get("right") else "wrong"
                rows.append((i, [f"{letter(i)} ({mark})"], option["why"], option.get("see", question["see"])))
        for i, mistake in enumerate(question.get("wrong", [])):
            if question["kind"] == "order":
                shown = shuffled(question)
                head = [" ".join(letter(shown.index(place - 1)) for place in mistake["is"])]
            else:
                head = [written(question, mistake["is"])]
            rows.append((i, head, mistake["why"], mistake.get("see", question["see"])))
        if question["kind"] != "choice":
            answer = written(question, question["answer"]) if "answer" in question else right_letters(question)
            typed = [", typed ", nodes.literal("", question["answer"])] if question["kind"] == "formula" else []
            rows.insert(0, ("right", [answer, *typed, " (right)"], question["why"], question["see"]))
        if question["kind"] in NO_MATCH:
            rows.append(("else", ["Anything else"], question.get("else", NO_MATCH[question["kind"]]), question["see"]))
        lines = [
            tag("li", {"data-case": case}, tag("strong", {"class": "qz-case"}, *head), " ", self.why(text, see))
            for case, head, text, see in rows
        ]
        return tag("details", {}, tag("summary", {}, "Answer, and what the wrong ones mean"), tag("ul", {}, *lines))


class Answers(Written):
    """The answers of one file, for print."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make one row a question."""
        (stem,) = self.arguments
        self.env.note_dependency(str(FOLDER / f"{stem}.yml"))
        rows = []
        for at, question in enumerate(chapters()[stem]):
            link = nodes.reference("", number(stem, at), refuri=f"self_test.html#q-{question['id']}", internal=True)
            answer = written(question, question["answer"]) if "answer" in question else right_letters(question)
            cell = tag("strong", {}, answer)
            rows += [
                tag("dt", {}, link, " ", cell),
                tag("dd", {}, self.why(reason(question), question["see"])),
            ]
        return [tag("dl", {"class": "qz-key"}, *rows)]


class Menu(Written):
    """The eight open questions."""

    def run(self) -> list[nodes.Node]:
        """Make one item a question, with what is wrong with it and where it is taken apart."""
        self.env.note_dependency(str(FOLDER / "menu.yml"))
        rows = []
        for place, entry in enumerate(menu(), 1):
            parts = [
                nodes.reference("", number(stem, at), refuri=f"#q-{question['id']}", internal=True)
                for stem, questions in chapters().items()
                for at, question in enumerate(questions)
                if question.get("menu") == place
            ]
            links = [node for part in parts for node in (", ", part)][1:]
            read = [node for see in entry["see"] for node in (", ", self.to(see))][1:]
            note = tag("p", {}, *self.line(entry["note"]))
            more = tag("p", {"class": "qz-see"}, "Read: ", *read, ". Questions: ", *links, ".")
            rows.append(tag("li", {}, tag("p", {}, tag("strong", {}, *self.line(entry["ask"]))), note, more))
        return [tag("ol", {"class": "qz-menu"}, *rows)]


def in_chapter(app: Sphinx, page: str, text: list[str]) -> None:
    """Put a chapter's questions where its notebook says that there are some: the page has them, Colab could not."""
    stem = page.removeprefix("notebooks/")
    place = QUESTIONS.format(stem=stem)
    if stem == page or place not in text[0]:
        return
    notebook = json.loads(text[0])
    for cell in notebook["cells"]:
        if place in (written := "".join(cell["source"])):
            before, _, after = written.partition(place)
            after = after.partition("\n\n")[2].partition("\n\n")[2]  # without the sentence of a notebook
            cell["source"] = f"{before}```{{questions}} {stem}\n```\n\n{after}"
    text[0] = json.dumps(notebook)


def setup(app: Sphinx) -> dict:
    """Register the element and the directives."""
    app.connect("source-read", in_chapter)
    app.add_node(Tag, html=(_open, _close))
    for name, directive in (("questions", Questions), ("answers", Answers), ("menu", Menu)):
        app.add_directive(name, directive)
    return {"parallel_read_safe": True}
