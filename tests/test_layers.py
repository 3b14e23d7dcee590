"""The shape of lib: a module imports only what stands below it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIB = Path(__file__).parents[1] / "lib"

# From the bottom up; within a layer, a module may also import those to its left.
LAYERS = (
    ("claims", "seeding", "weights", "kernels"),
    ("prediction", "labels", "grids", "mixture"),
    ("embedding", "mlp", "ensemble", "diffusion_transformer", "vae", "classifier", "data", "samplers"),
    ("learned", "diffusion", "flow_matching", "oracle", "guidance"),
    ("metrics", "ema", "training", "k_budget", "toy", "image_models", "train_images"),
    ("plots", "explorers", "checks", "labs"),
)
TOP = LAYERS[-1]
FRONT_ENDS = {"matplotlib", "matplotlib_inline", "IPython", "ipywidgets"}
SLOW = {"numpy", "scipy", "sklearn"}  # imported where they are used, so that `import lib` stays quick
GLOBAL_STATE = {"os.environ", "os.getenv", "torch.manual_seed", "torch.seed", "random.seed", "np.random.seed"}
APART = {("diffusion", "flow_matching"), ("flow_matching", "diffusion")}  # two instances of one theory


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names of the modules a piece of code imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"lib.{alias.name}" for alias in node.names) if node.module == "lib" else (node.module or ".",)


def faults(module: str, source: str) -> list[str]:
    """The rules of this file that a module's source breaks."""
    tree = ast.parse(source)
    names = list(imported(tree))
    order = [name for layer in LAYERS for name in layer]
    if module == "__init__":
        below = set(order) - set(TOP)
    elif module in order:
        below = set(order[: order.index(module)])
    else:
        return [f"{module} has no layer: add it to LAYERS"]
    below = {module} | below - {other for one, other in APART if one == module}
    found = []
    for name in names:
        package, _, rest = name.partition(".")
        if package == "lib" and (other := rest.split(".")[0]) not in below:
            found.append(f"{module} imports {other}")
        if package in FRONT_ENDS and module not in TOP:
            found.append(f"{module} imports {package}, which only {', '.join(TOP)} may")
    at_import = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if module not in TOP:
        early = {name.split(".")[0] for node in at_import for name in imported(node)}
        found += [f"{module} imports {name} at its top" for name in sorted(early & SLOW)]
    if module != "labs":
        used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        found += [f"{module} uses {name}" for name in sorted(used & GLOBAL_STATE)]
    return found


MODULES = sorted(path for path in LIB.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(LIB).as_posix())
def test_a_module_imports_only_from_below(path):
    assert faults(path.relative_to(LIB).parts[0].removesuffix(".py"), path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("seeding", "from lib.samplers import walk"),
        ("seeding", "from lib import samplers"),
        ("labels", "from lib.mixture import GaussianMixture"),
        ("samplers", "def f():\n    import lib.oracle"),
        ("flow_matching", "from lib.diffusion import DDPM"),
        ("metrics", "from IPython.display import HTML"),
        ("data", "import numpy as np"),
        ("training", "import os\nhome = os.environ['HOME']"),
        ("training", "torch.manual_seed(0)"),
        ("__init__", "from lib.plots import INK"),
        ("unheard_of", ""),
    ],
)
def test_faults_are_found(module, source):
    assert len(faults(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("mixture", "from lib.prediction import solve"),
        ("data", "def digits():\n    from sklearn.datasets import load_digits"),
        ("plots", "import matplotlib"),
        ("data", "generator = torch.Generator().manual_seed(0)"),
    ],
)
def test_what_is_allowed_is_no_fault(module, source):
    assert faults(module, source) == []
