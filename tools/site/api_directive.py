"""A Sphinx extension: ```{api} samplers``` describes what `lib` exports from one of its modules, or all of one that stands APART.

Signatures are those of the source, with their annotations and defaults as they are written there; docstrings are plain text
with `names` in backticks and formulas indented. Each name has an anchor that stays, `lib.samplers.rk4`. Below it, folded, are
its lines as the file has them; the whole file ends its part of the page, each line an anchor, `lib.samplers-77`.
"""

import ast
import inspect
import re
import textwrap

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import lib
from tools.site.listing import address, html, short, source_lines, verbatim
from tools.site.sizes import find, span

ENTRY = re.compile(r"\w+(, \w+)*:\s|Raises |Warns ")  # a line that begins something of its own: an argument, an error
LAID_OUT = re.compile(r"^ |\S {2,}\S", re.MULTILINE)  # formulas are indented, and tables have columns
COLUMNS = 72


APART = ("flow_map", "likelihood", "memorisation")  # of one chapter each, which imports from them by their names


def public(module: str) -> list[str]:
    """The names that `lib` exports from a module, in the order of its source; of one that stands apart, all of its own."""
    if module in APART:
        return [name for name in definitions(f"lib.{module}") if not name.startswith("_")]
    tree = ast.parse(inspect.getsource(lib))
    exported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == f"lib.{module}"
                for alias in node.names}  # fmt: skip
    return [name for name in definitions(f"lib.{module}") if name in exported]


def modules() -> list[str]:
    """The modules that `lib` exports something from, and those that stand apart."""
    tree = ast.parse(inspect.getsource(lib))
    return [node.module.removeprefix("lib.") for node in tree.body if isinstance(node, ast.ImportFrom)] + [*APART]


def definitions(name: str) -> dict[str, ast.AST]:
    """What a module or a class defines at its top, by name."""
    found = {}
    for node in find(name)[1].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node
    return found


def signature(node: ast.AST) -> str:
    """How one calls it, as the source has it; a constant with its value."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node)
    if isinstance(node, ast.ClassDef):
        start = next((child for child in node.body if getattr(child, "name", "") == "__init__"), None)
        fields = [ast.unparse(child) for child in node.body if isinstance(child, ast.AnnAssign)]
        return called(node.name, arguments(start.args) if start else fields, None)
    plain = [d.id for d in node.decorator_list if isinstance(d, ast.Name)]
    if "property" in plain:
        return node.name + (f" -> {ast.unparse(node.returns)}" if node.returns else "")
    return called(node.name, arguments(node.args), node.returns)


def arguments(args: ast.arguments) -> list[str]:
    """Every argument with its annotation and default, without self."""
    pairs = ast.unparse(args)
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(pairs):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append(pairs[start:i].strip())
            start = i + 1
    parts.append(pairs[start:].strip())
    return [part for part in parts if part and part != "self"]


def called(name: str, parts: list[str], returns: ast.AST | None) -> str:
    """On one line where it fits."""
    end = f" -> {ast.unparse(returns)}" if returns else ""
    line = f"{name}({', '.join(parts)}){end}"
    return line if len(line) <= COLUMNS else f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){end}"


def described(docstring: str) -> list[nodes.Node]:
    """A docstring as paragraphs; what is laid out by hand stays as it is."""
    found = []
    for block in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
        if LAID_OUT.search(block):
            text = textwrap.dedent(block)
            found.append(nodes.literal_block(text, text, language="text", classes=["k-laid-out"]))
            continue
        entries = []
        for line in block.split("\n"):
            if entries and not ENTRY.match(line):
                entries[-1] += " " + line
            else:
                entries.append(line)
        found += [paragraph(entry) for entry in entries]
    return found


def paragraph(text: str) -> nodes.paragraph:
    """Text with `names` in backticks."""
    node = nodes.paragraph()
    for i, part in enumerate(re.split(r"`([^`]+)`", text)):
        node += nodes.literal(part, part) if i % 2 else nodes.Text(part)
    return node


class Api(SphinxDirective):
    """The module's own docstring, then a section for each of its public names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Note lib as a dependency, so that an edit of it builds the page again."""
        (module,) = self.arguments
        if module not in modules():
            raise self.error(f"lib exports nothing from {module!r}. Choose one of {', '.join(modules())}.")
        dotted = f"lib.{module}"
        path, tree = find(dotted)
        self.env.note_dependency(str(path))
        found = described(ast.get_docstring(tree))
        for name in public(module):
            node = definitions(dotted)[name]
            section = self.section(f"{dotted}.{name}", name, path, node)
            if isinstance(node, ast.ClassDef):
                for child_name, child in definitions(f"{dotted}.{name}").items():
                    if (
                        not child_name.startswith("_")
                        and not isinstance(child, ast.Assign)
                        and ast.get_docstring(child)
                    ):
                        section += self.section(f"{dotted}.{name}.{child_name}", f"{name}.{child_name}", path, child)
            found.append(section)
        whole = html(verbatim(path, range(1, len(source_lines(path)))), dotted)
        found.append(folded(f"The whole of {short(path)}", whole))
        return found

    def section(self, anchor: str, title: str, path, node: ast.AST) -> nodes.section:
        """Title, signature, docstring, and where the source is."""
        section = nodes.section("", nodes.title("", "", nodes.literal(title, title)), ids=[anchor], names=[anchor])
        domain = self.env.get_domain("std")  # it keeps its labels in lower case
        domain.anonlabels[anchor.lower()] = self.env.docname, anchor
        domain.labels[anchor.lower()] = self.env.docname, anchor, title
        text = signature(node)
        section += nodes.literal_block(text, text, language="python", classes=["k-laid-out"])
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            section += described(ast.get_docstring(node) or "")
        target = address(self.config.html_theme_options, path, node.lineno, node.end_lineno)
        place = nodes.reference("", f"{short(path)}, line {node.lineno}", refuri=target, internal=False)
        section += nodes.paragraph("", "", place, classes=["k-source"])
        section += folded("Source", html(verbatim(path, lines_of(node))))
        return section


def lines_of(node: ast.AST) -> range:
    """The lines of a definition, with its decorators, or of a constant."""
    return range(node.lineno, node.end_lineno + 1) if isinstance(node, ast.Assign) else span(node, "")


def folded(says: str, listing: str) -> nodes.raw:
    """A listing behind a line that opens it."""
    return nodes.raw("", f'<details class="k-fold"><summary>{says}</summary>{listing}</details>', format="html")


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("api", Api)
    return {"parallel_read_safe": True}
