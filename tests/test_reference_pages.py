"""The pages around the chapters: counted sizes, and an API reference that leaves nothing out."""

import ast
import re
from pathlib import Path

import pytest

import lib
from tools.site import api_directive, sizes

ROOT = Path(__file__).parents[1]
PAGES = sorted(ROOT.glob("book/*.md"))
PUBLIC = [(module, name) for module in api_directive.modules() for name in api_directive.public(module)]
# What a docstring has to say: a shape, a formula, a dtype, or what comes out. A signature that ends in "-> float" says it too.
TELLS = re.compile(
    r"\([A-Z]\w*,[^)]*\)|\(B[,.)]|\bshape|\blike\b|->|float64|<->|[Rr]eturn"
    r"| = |\btensors\b|\bcopy of\b|\b(B|N|M), "
)


# --- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_sizes_are_counted_again(page):
    source = page.read_text()
    assert source.count("<!--lines:") == source.count("<!--/lines-->") == len(sizes.MARKER.findall(source))
    assert sizes.counted(source) == source, "run `python -m tools.site.sizes` on this page"


def test_the_extension_menu_counts_its_entries():
    found = sizes.MARKER.findall((ROOT / "book" / "extension_menu.md").read_text())
    names = {name for _, joined, _, _ in found for name in joined.split(",")}
    assert {"lib.samplers.rk4", "lib.diffusion.cosine_betas", "lib.flow_matching.VPPath", "lib.guidance.Guided",
            "lib.ema.EMA", "lib.nets.autoencoder", "lib.nets.embedding.LabelEmbedding"} <= names  # fmt: skip


def test_a_wrong_size_is_found():
    right = sizes.counted("<!--lines:lib.samplers.rk4-->0<!--/lines-->")
    assert right != "<!--lines:lib.samplers.rk4-->0<!--/lines-->"
    assert sizes.counted(right) == right


def test_names_are_joined_and_decorators_are_counted():
    assert sizes.size("lib.samplers.euler") == 3 and sizes.size("lib.samplers.euler,lib.samplers.heun") == 9
    assert sizes.size("lib.ema.EMA.update/newest") == 2
    with pytest.raises(ValueError, match=r"lib/ema.py has no 'Average'. It has EMA, places"):
        sizes.size("lib.ema.Average")


def test_what_is_a_line_of_code():
    source = '"""A module.\n\nOf words."""\n\n# a remark\nx = (  # more\n    1,\n)\n\n\n'
    source += 'def f():\n    """Says."""\n    return """a\n    b"""\n'
    assert sorted(sizes.code_lines(source)) == [6, 7, 8, 11, 13, 14]


# --- API reference ---------------------------------------------------------------------------------------------------


def test_the_reference_has_every_module_once():
    described = re.findall(r"^```\{api\} ([\w.]+)$", (ROOT / "book" / "api.md").read_text(), re.MULTILINE)
    assert sorted(described) == sorted(api_directive.modules())


def test_the_reference_has_every_public_name():
    exported = {
        name for name, thing in vars(lib).items() if not name.startswith("_") and not hasattr(thing, "__path__")
    }
    modules = {name for name in exported if getattr(getattr(lib, name), "__spec__", None)}
    assert {name for module, name in PUBLIC if module not in api_directive.APART} == exported - modules
    assert len(PUBLIC) > 50


def test_a_docstring_keeps_its_columns_and_its_sentences():
    text = "Small so\nthat cos is 1: yes.\nRaises ValueError.\n\nalpha  signal\nsigma  noise\n\n    x = 1\n"
    kinds = [(type(node).__name__, node.astext()) for node in api_directive.described(text)]
    assert kinds == [
        ("paragraph", "Small so that cos is 1: yes."),
        ("paragraph", "Raises ValueError."),
        ("literal_block", "alpha  signal\nsigma  noise"),
        ("literal_block", "x = 1"),
    ]


def documented(module: str, name: str) -> bool:
    """Whether a name's docstring, or what follows its arrow, says what comes out or which shapes go in."""
    node = api_directive.definitions(f"lib.{module}")[name]
    if isinstance(node, ast.Assign):
        return True
    text = ast.get_docstring(node) or ""
    returns = getattr(node, "returns", None)
    return len(text) > 20 and bool(TELLS.search(text) or (returns and ast.unparse(returns) != "None"))


@pytest.mark.parametrize(("module", "name"), PUBLIC, ids=lambda value: value)
def test_public_names_are_documented(module, name):
    assert documented(module, name)


def test_an_undocumented_name_is_found(monkeypatch):
    for source, good in {
        "def f(x): ...": False,
        'def f(x):\n    "Does something with a tensor."': False,
        'def f(x):\n    "Points (N, 2), moved to the right."': True,
        'def f(x) -> float:\n    "The distance of two samples."': True,
        'class f:\n    "A thing that does something."': False,
    }.items():
        monkeypatch.setattr(api_directive, "definitions", lambda name, node=ast.parse(source).body[0]: {"f": node})
        assert documented("any", "f") is good


def test_signatures_are_those_of_the_source():
    nodes = api_directive.definitions("lib.samplers")
    assert api_directive.signature(nodes["ddim"]) == "ddim(step: Step, eta: float=0.0) -> Tensor"
    assert api_directive.signature(nodes["State"]) == "State(t: float, x: Tensor, estimate: Estimate | None)"
    assert "attention: Callable=F.scaled_dot_product_attention," in api_directive.signature(
        api_directive.definitions("lib.nets.dit")["DiT"]
    )
