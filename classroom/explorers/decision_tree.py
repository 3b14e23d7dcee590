"""Which knob to turn, one question at a time. `root` leads from the page to the folder that holds book/ and notebooks/."""

import html
import json

from IPython.display import HTML

from classroom.explorers.figure import FOLDER, script


def show(root: str = "../") -> HTML:
    """Which knob to turn, one question at a time. `root` leads from the page to the folder that holds book/ and notebooks/."""

    def part(name: str, text: str) -> str:
        return f'<span class="kx-{name}">{text}</span>'

    def branch(node: dict) -> str:
        if "ask" in node:
            answers = "".join(
                f"<li>{part('answer', html.escape(a['answer']))} {branch(a)}</li>" for a in node["answers"]
            )
            return f"{part('ask', html.escape(node['ask']))}<ul>{answers}</ul>"
        page, _, anchor = node["see"].partition("#")
        more = f'<a href="{root}{page}.html{"#" * bool(anchor)}{anchor}">Read on.</a>'
        return part("advice", f"{html.escape(node['advice'])} {more}")

    tree = json.loads((FOLDER / "decision_tree.json").read_text())
    return HTML(
        '<figure class="kx" id="explorer-decision-tree" data-explorer="decision-tree">\n'
        f'<div class="kx-poster">{branch(tree)}</div>\n'
        "<figcaption>Every end of the tree says what to do and where the book shows why.</figcaption>\n"
        f"</figure>\n{script()}"
    )
