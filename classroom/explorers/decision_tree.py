"""Which knob to turn, one question at a time. `root` leads from the page to the folder that holds book/ and notebooks/."""

import html
import json

from IPython.display import HTML

from classroom.explorers.figure import FOLDER


def show(root: str = "../") -> HTML:
    """Which knob to turn, one question at a time. `root` leads from the page to the folder that holds book/ and notebooks/."""

    def part(name: str, text: str) -> str:
        return f'<span class="kx-{name}">{html.escape(text)}</span>'

    def branch(node: dict) -> str:
        if "rows" in node:
            rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in node["rows"])
            more = "".join(
                f'<a href="{html.escape(root + href)}">{html.escape(text)}</a> ' for text, href in node["links"]
            )
            title = f'<p class="kx-title">{html.escape(node["title"])}</p>'
            return f'<div class="kx-advice">{title}<dl>{rows}</dl><p class="kx-more">{more}</p></div>'
        answers = "".join(
            f'<li data-at="{a["name"]}">{part("answer", a["answer"])} {branch(a)}</li>' for a in node["answers"]
        )
        return f"{part('ask', node['ask'])}<ul>{answers}</ul>"

    script = f'<script type="module">{(FOLDER / "tree" / "bundle.js").read_text()}</script>'
    tree = json.loads((FOLDER / "decision_tree.json").read_text())
    return HTML(
        '<figure class="kx" id="explorer-decision-tree" data-explorer="decision-tree">\n'
        f'<div class="kx-poster">{branch(tree)}</div>\n'
        "<figcaption>Every end of the tree says what to do, the number behind it, and where the book shows why.</figcaption>\n"
        f"</figure>\n{script}"
    )
