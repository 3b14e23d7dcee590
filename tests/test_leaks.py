"""No answer is seen before its exercise: on the built pages, with every fold closed, as a reader opens them.

In a chapter that is code: no visible cell above an exercise holds the line that its worked solution turns on. In the museum it is
words, too: what names the cause of an exhibit stands in no sentence, caption, alternative text, heading or link in front of its
repair, its own list of answers aside.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from tools.notebooks.exercises import DIRECTIVE, PARTS
from tools.notebooks.names import MUSEUM, short

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))
EXERCISES = [(chapter.stem, name) for chapter in CHAPTERS for name, _ in DIRECTIVE.findall(chapter.read_text()) if name]
SPOKEN = ("alt", "title", "aria-label")
SILENT = {"script", "style", "head", "template"}
LEAST = 2  # operations of an expression that an answer can turn on

# What names the cause of an exhibit, or its cure, and may not be seen before its repair.
CAUSES = {
    "finite_weights": r"divi(?:de|sion)\w* (?:by|of) (?:0|zero)|first entry|infinite|\bclip",
    "bent_curve": r"squar|amplitude|\*\* ?2|(?:is a|share of) variance",
    "odd_line": r"false alarm|nothing is wrong|n - 1\b|line is right",
    "linear_schedule": r"1000 ?/ ?T|20 ?/ ?T|signal|rescal|ends? in noise|for a thousand",
    "grey_pictures": r"trailing|leading|T - 1\b|\b999\b|last step of training|trace of",
    "v_to_x0": r"x_t - sigma|\bsign\b|minus|mirror|rotat",
    "ddim_noise": r"posterior|negative|variances? add|too large|minus bar_t",
    "net_input": r"net\(x_t|never used|unused|sees the data|handed the",
    "guidance_weight": r"(?:another|paper's|other) convention|lerp|1 \+ scale|1 \+ w\b",
    "label_coin": r"\bcoin|per sample|each label|len\(y\)|whole batch|tossed",
    "lagging_channel": r":channels|three (?:colours|channels)|first three|hard-?coded|RGB",
    "attention_derivative": r"fused|kernel|explicit|softmax|FlashAttention",
    "clipped_estimate": r"both halves|anew|add up|/ ?sigma|contradict|recomput",
    "resumed_run": r"saved\[.net.\]|own weights|(?:loaded|taken) (?:as|for) the weights|is the average",
    "average_in_half": r"round|float32|(?:few|binary|last) digits?|does not move|stands still|too small",
    "state_in_half": r"float32|(?:few|binary|last) digits?|added? up|adds up|too short|the sum",
    "jump_training": r"detach|no_grad|held fixed|teacher|stop[- ]grad|(?:both|other|wrong) (?:side|term)|moves its target",
    "jump_tangent": r"exchang|swap|in the place of|end of (?:the|a) jump glide|(?:order|wrong one) of the (?:two )?times|tangent",
    "printed_loss": r"divided|quotient|own size|ratio\b|logarithm|whatever (?:the|its) error",
    "gradients_of_a_process": r"past (?:its|the) wrapper|bypass|prepar|through the wrapper|called itself|synchron",
    "rows_of_a_process": r"same (?:rows|noise|seed|numbers)|chunk|equal rows|draws? the same",
    "density_of_a_flow": r"\bsigns?\b|\bminus\b|\bplus\b|negative|taken off|subtract|backwards",
    "honest_share": r"\bitself\b|\bthemselves\b|diagonal|distance (?:is |of )?(?:0|zero)|against the others|leav(?:e|ing) out",
    "bits_of_a_picture": r"dequanti|uniform|torch\.rand\b|(?:whole|rest of (?:a|the|each)) level|(?:one|single) point",
    "distance_by_epoch": r"accumul|\breset\b|more (?:pictures|samples)|\bbias|1 ?/ ?N|earlier epochs?|thrown together",
}


@cache
def page(stem: str) -> str:
    """The built page of a chapter."""
    return (ROOT / "_build" / "html" / "notebooks" / f"{stem}.html").read_text()


@cache
def soup(stem: str) -> BeautifulSoup:
    return BeautifulSoup(page(stem), "html.parser")


def folds(tag: Tag) -> list[Tag]:
    """The folds that hold a part of a page; a summary is seen while its fold is closed. The box of a term opens as one does."""
    found, child = [], tag
    for parent in [tag, *tag.parents]:
        if "k-def" in parent.get("class", []):
            found.append(parent)
        if parent.name == "details" and child.name != "summary":
            found.append(parent)
        child = parent
    return found


# ---- code ------------------------------------------------------------------------------------------------------------


def expressions(code: str) -> set[str]:
    """What code computes, normalised: each expression in it of two operations and more."""
    try:
        tree = ast.parse(re.sub(r"^[%!].*$", "", code, flags=re.MULTILINE))
    except SyntaxError:  # a word in the text that is no code
        return set()
    operations = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Subscript, ast.IfExp)
    return {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and sum(isinstance(part, operations) for part in ast.walk(node)) >= LEAST
    }


def decisive(file: Path) -> set[str]:
    """What the worked solution of an exercise computes in its lines, and its stub does not: whole right sides and results."""
    _, *parts = PARTS.split(file.read_text())
    stub, solution, _ = parts[1::2]
    values = (getattr(node, "value", None) for node in ast.walk(ast.parse(solution)) if isinstance(node, ast.stmt))
    whole = {ast.unparse(value) for value in values if isinstance(value, ast.expr)}
    return (whole & expressions(solution)) - expressions(stub)


def shown(built: BeautifulSoup, name: str) -> set[str]:
    """What visible code above an exercise computes; its own folds are open by then."""
    stub = next(it for it in built.select("div.cell_input pre") if f"import {name}\n" in it.get_text())
    own, found = {id(fold) for fold in folds(stub)}, set()
    for code in built.select("article div.cell_input pre, article code"):
        if code is stub:
            return found
        if all(id(fold) in own for fold in folds(code)):
            found |= expressions(code.get_text())
    raise AssertionError(f"{name}: its stub is not on the page")


@pytest.mark.parametrize(("stem", "name"), EXERCISES, ids=lambda it: it)
def test_no_line_of_a_solution_is_seen_above_its_exercise(stem, name):
    file = ROOT / "classroom" / "exercises" / f"ch{short(stem)}" / f"{name}.py"
    # Some ask for the central lines of their chapter again, without a look at them, and say so.
    from_memory = re.search(
        r"\bfrom memory\b|\bby heart\b", ast.get_docstring(ast.parse(file.read_text())), re.IGNORECASE
    )
    seen = decisive(file) & shown(soup(stem), name)
    # The right answer to one exhibit is the code as it was found.
    assert seen == set() or (from_memory and stem != MUSEUM) or name == "odd_line"


def test_few_exercises_are_from_memory():
    """Where the lines stand above, they can be copied."""
    files = [(stem, ROOT / "classroom" / "exercises" / f"ch{short(stem)}" / f"{name}.py") for stem, name in EXERCISES]
    copied = [file.stem for stem, file in files if stem != MUSEUM and decisive(file) & shown(soup(stem), file.stem)]
    assert len(copied) <= 0.06 * len(EXERCISES)


def test_a_line_that_is_printed_above_is_found():
    cell = '<div class="cell_input"><pre>{}</pre></div>'
    stub = cell.format("from classroom.exercises.ch16 import v_to_x0\n")
    answer = decisive(ROOT / "classroom" / "exercises" / "ch16" / "v_to_x0.py")
    assert answer == {"alpha * x_t - sigma * v"}
    line = cell.format("def right(v, x_t, alpha, sigma):\n    return  alpha*x_t - (sigma * v)\n")
    for above, leaks in (
        (line, True),
        (f"<details><summary>Code</summary>{line}</details>", False),
        ("<p>Take <code>alpha * x_t - sigma * v</code>.</p>", True),
        ("<p>Take <code>alpha * x_t</code>.</p>", False),
    ):
        built = BeautifulSoup(f"<article>{above}{stub}{line}</article>", "html.parser")
        assert bool(answer & shown(built, "v_to_x0")) == leaks
    # A fold that holds the exercise is open when the exercise is read.
    opened = BeautifulSoup(f"<article><details><summary></summary>{line}{stub}</details></article>", "html.parser")
    assert answer & shown(opened, "v_to_x0")


# ---- words -----------------------------------------------------------------------------------------------------------


def exhibits(built: BeautifulSoup) -> dict[str, Tag]:
    """The section of each exhibit, by the name of its exercise."""
    boxes = built.select("div.diagnosis[id^=guess-]")
    return {box["id"].removeprefix("guess-"): box.find_parent("section") for box in boxes}


def said(part: Tag, without: list[Tag] = ()) -> str:
    """What a part of a page says with every fold closed, to the eye and to a screen reader; some parts of it left out."""
    skipped, words = {id(it) for it in without}, []
    for node in [part, *part.descendants]:
        tag = node if isinstance(node, Tag) else node.parent
        if any(it.name in SILENT or id(it) in skipped for it in [tag, *tag.parents]) or folds(tag):
            continue
        if isinstance(node, Tag):
            # A fold's own summary is seen, what it holds is not.
            words += [node[name] for name in SPOKEN if node.get(name) and node.name != "details"]
        elif node.parent.name != "details":
            words.append(str(node))
    return re.sub(r"\s+", " ", " ".join(words))


def leaks(built: BeautifulSoup) -> list[str]:
    """The words on the museum's page that tell an answer, as "exhibit: words"."""
    sections = exhibits(built)
    assert sections.keys() == CAUSES.keys()
    around, found = said(built, [*sections.values(), *built.select("nav.bd-docs-nav, .bd-header, footer")]), []
    for name, section in sections.items():
        text = around + said(section, section.select("div.diagnosis"))
        # Of the answers only those that were clicked say what they are worth.
        replies = said(section.select_one("div.diagnosis")).count("Right. ")
        found += [f"{name}: {match[0]}" for match in re.finditer(CAUSES[name], text)] + ["reply"] * replies
    return found


def test_nothing_in_the_museum_tells_an_answer():
    assert leaks(soup(MUSEUM)) == []


@pytest.mark.parametrize(
    ("place", "leak"),
    [
        ("", ""),
        ("section[id^=an-average] > p", "The sum should be kept in float32."),
        ("section[id^=an-average] img", "alt"),
        ("section[id^=an-average] > h2", "The average does not move"),
        (".k-plan li:nth-of-type(15) a", "The average stands still"),
        ("#sources li", "It is rounded to nothing."),
        (".page-toc a", "Small updates are rounded"),
    ],
)
def test_a_planted_leak_is_found(place, leak):
    built = BeautifulSoup(page(MUSEUM), "html.parser")
    if leak == "alt":
        built.select_one(place)["alt"] = "An average that does not move."
    elif leak:
        built.select_one(place).append(leak)
    assert bool(leaks(built)) == bool(leak)


def test_an_answer_in_a_fold_is_no_leak_and_an_open_fold_is_none_of_the_pages():
    built = soup(MUSEUM)
    assert built.select("details[open]") == []
    for name, section in exhibits(built).items():
        fold = section.select_one("section > details.second")
        assert f"import {name}\n" in fold.get_text(), f"{name}: its repair stands in the fold behind its diagnosis"
        assert section.select_one("div.diagnosis").find_next("details", class_="second") is fold
        story = fold.select_one("details.story")
        assert story is not None and "open" not in story.attrs
