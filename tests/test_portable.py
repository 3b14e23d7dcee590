"""What is committed holds on other machines: few digits, no number on the edge of another digit, no tolerance of the last bit."""

import ast
import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.checks import portable
from tools.checks.portable import Result, Run
from tools.notebooks import build
from tools.notebooks.definitions import without_magics
from tools.notebooks.text import chapter_text

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FLOAT = re.compile(r"(?:\d[\d,_]*)?\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+")
VERSION = re.compile(r"\d+(?:\.\d+){2,}\S*")
DIGITS = 6  # the most significant digits that a compared output may show


def long_floats(outputs: list[dict]) -> list[str]:
    """The floats of a cell's text that show more significant digits than any computation here is stable to."""
    said = [("text/", it.get("text") or it.get("evalue", "")) for it in outputs]
    said += [part for it in outputs for part in it.get("data", {}).items()]
    text = "\n".join("".join(part) for kind, part in said if kind.startswith("text/"))
    text = re.sub(r"<(script|style|svg)\b.*?</\1>|data:[^\"']*|<[^>]*>", " ", text, flags=re.DOTALL)
    numbers = FLOAT.findall(VERSION.sub("", text))
    return [it for it in numbers if len(re.sub(r"[.,_]", "", re.split("[eE]", it)[0]).strip("0")) > DIGITS]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_shows_more_than_six_digits(notebook):
    cells = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
    compared = [cell for cell in cells if not portable.IGNORED & set(cell.metadata.get("tags", []))]
    assert [it for cell in compared for it in long_floats(cell.outputs)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[0.5000000001490116, 1]", ["0.5000000001490116"]),
        ("1.2345678e-05 again", ["1.2345678e-05"]),
        ("1234.5678 again", ["1234.5678"]),
        ("0.000123456 and 123.456 and 1.23456e-05 and 0.50000000", []),
        ("100000000 tokens, torch 2.13.0, seed 20261128", []),
        ("it took 0.12345678s, 0.87654321x as long", ["0.12345678", "0.87654321"]),
        ("1,234,567.891 and 1.23456789E-05 and .12345678", ["1,234,567.891", "1.23456789E-05", ".12345678"]),
    ],
)
def test_long_floats_are_found(text, found):
    assert long_floats([{"output_type": "stream", "text": f"so {text}."}]) == found
    for kind in ("text/plain", "text/markdown", "text/latex", "text/html"):  # and each output by itself
        assert long_floats([{"data": {kind: text}}, {"data": {"text/plain": "5"}}]) == found


# --- tolerances ---------------------------------------------------------------------------------------------------------------

SEEN = re.compile(r"#.*\b(?:seen: |no tolerance)")


def tiny(node: ast.AST) -> bool:
    """Whether a piece of code is a number of 1e-9 or less, as 1e-12, 10**-12 or 1 / 10**12 are."""
    parts = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.operator, ast.unaryop)
    if not isinstance(node, ast.BinOp | ast.Constant) or not all(isinstance(it, parts) for it in ast.walk(node)):
        return False
    try:
        value = eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
    except (TypeError, ZeroDivisionError):  # text and a number
        return False
    return isinstance(value, float) and 0 < value <= 1.001e-9


def bare_tolerances(code: str) -> list[str]:
    """Lines with a number of 1e-9 or less that do not say, there or up to three lines above, what was seen, or `no tolerance`."""
    lines = code.split("\n")
    found = {node.lineno for node in ast.walk(ast.parse(without_magics(code))) if tiny(node)}
    return [lines[it - 1].strip() for it in sorted(found) if not SEEN.search("\n".join(lines[max(0, it - 4) : it]))]


def sleeping_tolerances(code: str) -> list[str]:
    """Calls of `allclose` that give one tight tolerance and leave the other to torch: 1e-5 of the value, or 1e-8."""
    found = []
    for call in [node for node in ast.walk(ast.parse(without_magics(code))) if isinstance(node, ast.Call)]:
        given = {it.arg: it.value for it in call.keywords if it.arg in ("atol", "rtol")}
        if ast.unparse(call.func).endswith(("allclose", "isclose")) and len(given) == 1:
            found += [ast.unparse(call) for it in given.values() if isinstance(it, ast.Constant) and it.value < 1e-6]
    return found


FOLDERS = {"book/chapters": "*.md", "tests/laws": "*.py", "tests/parity": "*.py"}
SOURCES = [path for folder, names in FOLDERS.items() for path in (ROOT / folder).rglob(names)]


@pytest.mark.parametrize("path", sorted(SOURCES), ids=lambda path: path.stem)
def test_a_tight_tolerance_says_where_it_was_seen(path):
    code = path.read_text()
    if path.suffix == ".md":
        code = "\n".join(build.code_cells(chapter_text(path)))
    assert bare_tolerances(code) + sleeping_tolerances(code) == []


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("assert gap.abs().max() < 1e-12", 1),
        ("assert torch.allclose(a, b, atol=2.5e-10)", 1),
        ("assert x == pytest.approx(y, rel=1e-9)", 1),
        ("assert gap < 1e-12  # 20 steps of float64; seen: 3e-15", 0),
        ("# 20 steps of float64; seen: 3e-15\nassert gap < 1e-12", 0),
        ("assert gap < 1e-6", 0),
        ("tiny = 1e-12", 1),
        ("def near(a, b, eps=1e-12): pass", 1),
        ("check(\n    10**-12,\n)", 1),
        ("gap.lt(1 / 10**12)", 1),
        ("assert gap < 1.0E-12", 1),
        ("assert gap < 12e-12", 1),
        ("assert gap < 0.000000000001  # as seen", 1),
        ("spacing = 2**-40  # no tolerance: a step of this clock", 0),
        ("assert gap < 1e-6 and text == '%s' % name", 0),
    ],
)
def test_bare_tolerances_are_found(code, number):
    assert len(bare_tolerances(code)) == number


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("torch.allclose(a, b, atol=1e-12)", 1),
        ("np.isclose(a, b, rtol=1e-12)", 1),
        ("assert torch.allclose(a, b, rtol=1e-9)", 1),
        ("torch.allclose(a, b, rtol=0, atol=1e-12)", 0),
        ("torch.allclose(a, b, atol=1e-4)", 0),
        ("torch.allclose(a, b)", 0),
    ],
)
def test_sleeping_tolerances_are_found(code, number):
    assert len(sleeping_tolerances(code)) == number


# --- the tool, on a small notebook ---------------------------------------------------------------------------------------------

GOOD = """import torch
values = torch.linspace(0, 1, 1000, dtype=torch.float64).sin()
total = values.sum()
print(f"{total:.3f} of {len(values)}", round(total.item(), 2))
"""
# Sums to a number whose fourth digit hangs on the last bit of the sum: half of a digit is taken from itself, rounded.
# Eight of them, for one may fall on the same side in every run.
EDGE = """for start in range(8):
    part = values[start:]
    edge = part.sum() - part.sum().item() + 0.12345 + (part.sum() - part.flip(0).sum())
    print(f"{edge:.4f}")
"""
# The same steps twice, the second time mirrored. Every step nearly trebles a difference in the last bit.
STRICT = """x = y = values
for _ in range(20):
    x, y = 3 * x.sin(), -3 * (-y).sin()
assert (x - y).abs().max() < 1e-12
"""


def book(folder: Path, *sources: str) -> Path:
    """A notebook with the outputs of this process, which has torch already, in the place of a kernel's."""
    nb, names = nbformat.v4.new_notebook(), {}
    for source in sources:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(source, names)
        outputs = [nbformat.v4.new_output("stream", text=said.getvalue())] if said.getvalue() else []
        nb.cells.append(nbformat.v4.new_code_cell(source, outputs=outputs))
    nbformat.write(nb, folder / "small.ipynb")
    return folder / "small.ipynb"


def test_stable_numbers_pass_and_planted_ones_are_found(tmp_path):
    """The last bits of two seeds betray a number on the edge and a tolerance of the last bit, and nothing else."""
    notebook = book(tmp_path, GOOD, EDGE, STRICT)
    results = [portable.result(notebook, Run("rounding", 1, seed), tmp_path) for seed in range(2)]
    found = portable.report(notebook, results)
    assert not any("code cell 0" in line for line in found)
    assert any(re.search(r"code cell 1: 0\.123\d: .* is shown as \{:\.4f\}", line) for line in found), found
    assert any("code cell 2, rounding" in line and "stops" in line for line in found), found


def result(*values: float, spec: str = ".1f") -> list[Result]:
    return [Result(Run("rounding", 1, seed), [[]], [[0, value, spec, ""]]) for seed, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "edge"),
    [
        ((0.52, 0.52), False),
        ((0.52, 0.521), False),
        ((0.549, 0.551), True),  # two different digits were seen
        ((0.546, 0.548), True),  # the same digit, with less room than they span
        ((0.45, 0.45), False),  # on the edge, and exact
    ],
)
def test_a_number_within_its_spread_of_an_edge_is_unstable(values, edge):
    assert bool(list(portable.unstable(result(*values), {0}))) is edge
    assert list(portable.unstable(result(*values), set())) == []  # of a cell that is not compared


def test_outputs_are_compared_to_the_letter():
    def said(text: str) -> list[list[dict]]:
        return [[{"output_type": "stream", "name": "stdout", "text": text}]]

    error = [[{"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []}]]
    assert list(portable.differences(said("a\nb = 1\n"), said("a\nb = 1\n"))) == []
    assert list(portable.differences(said("a\nb = 1\n"), said("a\nb = 2\n"))) == [(0, "`b = 2` for `b = 1`")]
    assert list(portable.differences(said("a"), error)) == [(0, "stops: AssertionError")]


def test_every_kind_names_the_same_libraries():
    names = [set(kind) for name, kind in portable.KINDS.items() if name != "native"]
    assert all(it == names[0] for it in names) and len(names) == 3
    assert {"native", "sse", "rounding"} <= set(portable.kinds())


def test_a_kind_reaches_the_libraries():
    """torch says which instructions it uses; the processor may lack the wider ones."""
    code = "import torch; print(torch.backends.cpu.get_cpu_capability(), torch.get_num_threads())"
    out = subprocess.check_output([sys.executable, "-c", code], env=Run("sse", 2).environment(), text=True)
    assert out.split() == ["DEFAULT", "2"]


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("def test(): pass", True),
        ("def test(): assert False", False),
        ("import pytest\n\n@pytest.mark.skip(reason='not here')\ndef test(): pass", False),
        ("", False),
    ],
)
def test_a_folder_whose_tests_sleep_has_not_passed(text, passes, tmp_path):
    (tmp_path / "test_it.py").write_text(text)
    assert (portable.tests(str(tmp_path), Run("native", 1)) == []) is passes


def test_only_what_changed_is_run(monkeypatch, capsys):
    monkeypatch.setattr(
        portable, "changed_since", lambda commit: {"07_solvers_and_the_k_budget"} if commit == "main" else None
    )
    assert [book.stem[:2] for book in portable.chosen([], "main")] == ["07"]
    assert portable.chosen([], "gone") == NOTEBOOKS and "gone is no commit here" in capsys.readouterr().out
    assert [book.stem[:2] for book in portable.chosen(["03", "11"], None)] == ["03", "11"]
