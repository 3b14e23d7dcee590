"""The shape of lib: a module imports only what stands below it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the bottom up; within a layer, a module may also import those to its left. The classroom stands on all of lib.
LAYERS = (
    ("kernels", "checks", "seeding", "trained.files", "trained.weights", "trained.shipped"),
    ("prediction", "labels", "grids", "mixture"),
    (
        "nets.embedding",
        "nets.mlp",
        "nets.ensemble",
        "nets.dit",
        "nets.unet",
        "nets.autoencoder",
        "nets.classifier",
        "data",
        "pictures",
        "samplers",
    ),
    ("ema", "learned", "diffusion", "flow_matching", "flow_map", "oracle", "clipping", "guidance"),
    ("metrics", "training", "likelihood"),
    ("memorisation",),
    (
        "trained.toy",
        "trained.images",
        "trained.k_budget",
        "trained.config",
        "trained.batch",
        "trained.processes",
        "trained.folder",
        "trained.checkpoint",
        "trained.stack",
        "trained.loop",
        "trained.__main__",
        "trained.sampling",
        "trained.sample",
        "trained.image_metrics",
        "trained.evaluate",
    ),
)
CLASSROOM = ("claims", "plots", "tables", "exam", "explorers", "exercises", "labs")
PACKAGES = ("lib", "lib.nets", "lib.trained", "classroom")
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
            inside = node.module in PACKAGES
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if inside else (node.module or ".",)


def faults(module: str, source: str) -> list[str]:
    """The rules of this file that a module's source breaks; `module` is its dotted name without lib, or with classroom."""
    tree = ast.parse(source)
    names = list(imported(tree))
    order = [f"lib.{name}" for layer in LAYERS for name in layer]
    order += [f"classroom.{name}" for name in CLASSROOM]
    own = module if module.startswith("classroom") else f"lib.{module}"
    if own in ("lib.__init__", "classroom.__init__", "lib.nets.__init__", "lib.trained.__init__"):
        below = {name for name in order if name.startswith("lib.")}
    elif own in order:
        below = set(order[: order.index(own)])
    else:
        return [f"{module} has no layer: add it to LAYERS"]
    below = {own} | below - {f"lib.{other}" for one, other in APART if one == module}
    found = []
    for name in names:
        parts = name.split(".")
        known = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
        if parts[0] in ("lib", "classroom") and not below & set(known):
            found.append(f"{module} imports {name}")
        if parts[0] in FRONT_ENDS and not own.startswith("classroom"):
            found.append(f"{module} imports {parts[0]}, which only the classroom may")
    at_import = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if not own.startswith("classroom"):
        early = {name.split(".")[0] for node in at_import for name in imported(node)}
        found += [f"{module} imports {name} at its top" for name in sorted(early & SLOW)]
    if module != "classroom.labs":
        used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        found += [f"{module} uses {name}" for name in sorted(used & GLOBAL_STATE)]
    return found


MODULES = sorted(path for wing in ("lib", "classroom") for path in (ROOT / wing).rglob("*.py"))


def dotted(path: Path) -> str:
    """The name by which LAYERS knows a file: all of a package of the classroom is one module."""
    wing, *parts = path.relative_to(ROOT).with_suffix("").parts
    return f"classroom.{parts[0]}" if wing == "classroom" else ".".join(parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_from_below(path):
    assert faults(dotted(path), path.read_text()) == []


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
        ("__init__", "from classroom.plots import INK"),
        ("trained.loop", "from classroom import labs"),
        ("nets.mlp", "from lib.nets import dit"),
        ("classroom.plots", "from classroom.labs import Knob"),
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
        ("classroom.plots", "import matplotlib"),
        ("trained.loop", "from lib.trained import config"),
        ("classroom.labs", "from lib.trained.images import load_model"),
        ("data", "generator = torch.Generator().manual_seed(0)"),
    ],
)
def test_what_is_allowed_is_no_fault(module, source):
    assert faults(module, source) == []
