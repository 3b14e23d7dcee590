"""Code on the pages around the chapters: lines of lib itself, as many as a page says, and pictures of what they change."""

import ast
import re
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tests.test_notebooks import weak_alt
from tools.site import api_directive, extension_pictures, lines_directive, listing, sizes

ROOT = Path(__file__).parents[1]
MENU = (ROOT / "book" / "extension_menu.md").read_text()
DIRECTIVE = re.compile(r"^```\{lines\} (\S+)\n((?::[\w-]+: \S+\n)*)```$", re.MULTILINE)
OPTION = re.compile(r"^:([\w-]+): (\S+)$", re.MULTILINE)
ASKED = [(name, dict(OPTION.findall(options))) for name, options in DIRECTIVE.findall(MENU)]
NAMES = [name for name, _ in ASKED]
ALL = [(name, "+") for name in NAMES] + [
    (value, "*" if key == "heart" else "-") for _, options in ASKED for key, value in options.items()
]
ENTRIES = {part.split("\n")[0]: part for part in MENU.split("\n## ")[1:]}
COPIED = {"RK4": 10, "Cosine betas": 5, "VP flow matching": 8, "Class conditioning": 8, "Guidance": 5, "Fused attention": 1,
          "Averaged weights": 10, "Latent diffusion": 80}  # fmt: skip
PAIR = re.compile(r"!\[(.+)\]\(pictures/extensions/([\w-]+\.png)\)(?:\{\.picture\})? \*\*(Before|After):\*\* (.+)")


def bare(tree: ast.AST) -> str:
    """A tree without the docstrings in it, written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def texts(html: str) -> list[str]:
    """The lines of a listing as one would copy them."""
    return BeautifulSoup(html, "html.parser").get_text().split("\n")[:-1]


# --- the lines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), ALL, ids=str)
def test_what_is_shown_stands_in_the_file_at_its_number(name, kind):
    rows = listing.rows(name, kind)
    soup = BeautifulSoup(listing.html(rows), "html.parser")
    indent = min(len(row.text) - len(row.text.lstrip()) for row in rows if row.kind != "gap")
    numbered = soup.find_all(attrs={"data-n": True})
    assert len(numbered) == len([row for row in rows if row.kind != "gap"]) > 0
    for tag, row in zip(numbered, (row for row in rows if row.kind != "gap")):
        assert tag.get_text() == row.path.read_text().split("\n")[int(tag["data-n"]) - 1][indent:] + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_as_many_lines_are_shown_as_are_counted(name):
    soup = BeautifulSoup(listing.html(listing.rows(name)), "html.parser")
    shown = soup.find_all("ins") if "/" in name else soup.find_all(attrs={"data-n": True})
    assert len(shown) == sizes.size(name) > 0


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name])
def test_a_whole_is_shown_whole(name):
    """Read as Python, what is shown is what the file defines, but for docstrings."""
    for one in name.split(","):
        shown = textwrap.dedent("\n".join(texts(listing.html(listing.rows(one)))))
        assert bare(ast.parse(shown)) == bare(sizes.find(one)[1])


@pytest.mark.parametrize(("name", "kind"), [it for it in ALL if "/" in it[0]], ids=str)
def test_a_part_stands_in_its_function(name, kind):
    """What is marked has one of the words, each gap leaves code out, and each function is named above its lines."""
    rows = listing.rows(name, kind)
    assert {row.kind for row in rows} <= {kind, " ", "gap"} and rows[0].kind != "gap" != rows[-1].kind
    for one in name.split(","):
        words = re.compile(rf"\b({one.partition('/')[2].replace('+', '|')})\b")
        mine = listing.rows(one, kind)
        assert all(bool(words.search(row.text)) == (row.kind == kind) for row in mine if row.kind != "gap")
        path, root = sizes.find(one.partition("/")[0])
        for node in ast.walk(root):
            if isinstance(node, ast.FunctionDef):
                lines = range(node.lineno, node.end_lineno + 1)
                if any(row.number in lines and row.kind == kind for row in mine):
                    assert node.lineno in {row.number for row in mine}
        code = [
            i for i in sizes.code_lines(path.read_text()) if i not in {row.number for row in mine if row.kind != "gap"}
        ]
        for before, gap, after in zip(mine, mine[1:], mine[2:]):
            assert gap.kind != "gap" or any(before.number < i < after.number for i in code)


def test_a_name_that_is_nowhere_is_refused_in_a_sentence():
    for name, says in (
        ("lib.samplers.rk5", "lib/samplers.py has no 'rk5'. It has "),
        ("lib.sampling.rk4", "There is no module for 'lib.sampling.rk4'"),
        ("lib.ema.EMA/nonsense", "No line of code of"),
    ):
        with pytest.raises(ValueError, match=re.escape(says)):
            listing.rows(name)


@pytest.mark.parametrize("path", sorted((ROOT / "lib").rglob("*.py")), ids=lambda path: listing.short(path))
def test_a_highlighted_file_is_the_file(path):
    lines = listing.highlighted(path)
    listed = "\n".join(lines)
    assert BeautifulSoup(f"<pre>{listed}</pre>", "html.parser").get_text() == path.read_text()
    assert all(line.count("<span") == line.count("</span>") for line in lines)


# --- the menu --------------------------------------------------------------------------------------------------------


def test_every_entry_shows_lines_and_every_number_of_the_table_its_own():
    rows = re.findall(r"^\| \[(.+?)\]\(#(\S+)\) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", MENU, re.MULTILINE)
    assert len(rows) == len(ENTRIES) - 1 == len(COPIED) and "Open ends" in ENTRIES
    for title, anchor, copied, counted, why, bought in rows:
        (entry,) = (part for heading, part in ENTRIES.items() if re.sub(r"\W+", "-", heading.lower()) == anchor)
        shown = {name for name, _ in DIRECTIVE.findall(entry)}
        assert {name for _, name, _, _ in sizes.MARKER.findall(counted)} == shown, title
        assert copied == f"<!--given-->{COPIED[title]}<!--/given-->" and len(why) > 8 and bought


def test_every_name_of_the_menu_is_counted_in_its_text():
    marked = {name for _, name, _, _ in sizes.MARKER.findall(MENU)}
    assert set(NAMES) <= marked
    assert all(options["instead-of"] in marked for _, options in ASKED if "instead-of" in options)


def test_what_is_long_begins_with_its_heart():
    for name, options in ASKED:
        assert ("heart" in options) == (sizes.size(name) > 25), name
        if heart := options.get("heart"):
            whole = {(row.path, row.number) for row in listing.rows(name)}
            assert {(row.path, row.number) for row in listing.rows(heart, "*") if row.kind != "gap"} <= whole


def test_every_entry_has_a_picture_before_and_one_after():
    shown = []
    for heading, entry in ENTRIES.items():
        pairs = PAIR.findall(entry)
        if heading == "Open ends":
            assert not pairs
            continue
        assert [side for _, _, side, _ in pairs] == ["Before", "After"], heading
        assert pairs[0][1].replace("before", "after") == pairs[1][1]
        assert not any(weak_alt(alt) for alt, *_ in pairs)
        assert "<!--claim:" in pairs[1][3], heading  # the number that was recorded
        shown += [file for _, file, _, _ in pairs]
    drawn = [f"{name}-{side}.png" for name in extension_pictures.PAIRS for side in ("before", "after")]
    assert shown == drawn
    assert sorted(path.name for path in extension_pictures.TARGET.iterdir()) == sorted(drawn)
    assert sum(path.stat().st_size for path in extension_pictures.TARGET.iterdir()) < 250_000


def test_pictures_are_what_their_command_draws(tmp_path, monkeypatch):
    shipped = extension_pictures.TARGET
    monkeypatch.setattr(extension_pictures, "TARGET", tmp_path)
    extension_pictures.main(["rk4", "vp", "attention"])  # the others take longer
    for path in tmp_path.iterdir():
        with Image.open(path) as drawn, Image.open(shipped / path.name) as kept:
            difference = np.abs(np.asarray(drawn.convert("L"), float) - np.asarray(kept.convert("L"), float))
        assert difference.mean() < 2, path.name  # of 255; seen: 0. Another font or a last bit may move a dot


# --- the API page ----------------------------------------------------------------------------------------------------


def directive(kind, argument: str, options: dict | None = None, repository: str = ""):
    """A directive as Sphinx makes one, without Sphinx."""
    labels = SimpleNamespace(anonlabels={}, labels={})
    builder = SimpleNamespace(get_relative_uri=lambda page, to: "api.html")
    env = SimpleNamespace(
        note_dependency=lambda path: None,
        get_domain=lambda name: labels,
        docname="book/api",
        app=SimpleNamespace(builder=builder),
        config=SimpleNamespace(html_theme_options={"repository_url": repository} if repository else {}),
    )
    made = kind.__new__(kind)
    made.arguments, made.options = [argument], options or {}
    made.state = SimpleNamespace(document=SimpleNamespace(settings=SimpleNamespace(env=env)))
    made.error = ValueError
    return made.run()


@pytest.mark.parametrize("module", api_directive.modules())
def test_every_entry_has_its_source_and_a_link_to_its_line(module):
    *sections, whole = [it for it in directive(api_directive.Api, module) if it.tagname in ("section", "raw")]
    path, _ = sizes.find(f"lib.{module}")
    lines = path.read_text().split("\n")[:-1]
    listed = BeautifulSoup(whole.astext(), "html.parser")
    assert texts(str(listed.pre)) == lines
    entries = [it for section in sections for it in section.findall(lambda it: it.tagname == "section")]
    assert len(entries) >= len(api_directive.public(module)) == len(sections)
    for entry in entries:
        (place,) = (it for it in entry.children if "k-source" in it.attributes.get("classes", ()))
        (link,) = place.findall(lambda it: it.tagname == "reference")
        number = int(re.fullmatch(rf"lib/{module.replace('.', '/')}\.py, line (\d+)", link.astext())[1])
        assert listed.find(id=link["refuri"].removeprefix("#")).get_text() == lines[number - 1] + "\n"
        assert re.search(rf"\b{entry['ids'][0].split('.')[-1]}\b", lines[number - 1])
        (source,) = (it for it in entry.children if it.tagname == "raw")
        fold = BeautifulSoup(source.astext(), "html.parser")
        first = int(fold.find(attrs={"data-n": True})["data-n"])
        shown = texts(str(fold.pre))
        assert fold.summary.get_text() == "Source" and first <= number < first + len(shown)
        assert textwrap.dedent("\n".join(lines[first - 1 : first - 1 + len(shown)])).split("\n") == shown
        node = api_directive.definitions(entry["ids"][0].rpartition(".")[0])[entry["ids"][0].rpartition(".")[2]]
        assert bare(ast.parse("\n".join(shown))) == bare(node)


def test_a_link_leads_to_the_repository_once_there_is_one():
    address = "https://github.com/someone/book"
    for kind, argument in ((api_directive.Api, "ema"), (lines_directive.Lines, "lib.ema.EMA")):
        found = "".join(str(node) for node in directive(kind, argument, repository=address))
        assert f"{address}/blob/main/lib/ema.py#L22" in found
    assert 'href="api.html#lib.ema-22"' in directive(lines_directive.Lines, "lib.ema.EMA")[0].astext()
    (outside,) = directive(lines_directive.Lines, "tools.results.autoencoder.train")
    assert "<a " not in outside.astext() and "tools/results/autoencoder.py, line " in outside.astext()


def test_a_directive_refuses_an_unknown_name():
    for options in ({}, {"heart": "lib.ema.Ema"}, {"instead-of": "lib.ema.Ema"}):
        with pytest.raises(ValueError, match=r"lib/ema\.py has no 'Ema'"):
            directive(lines_directive.Lines, "lib.ema.EMA" if options else "lib.ema.Ema", options)
