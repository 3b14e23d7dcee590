"""A new step rule and a new path are Python and its JavaScript twin, no more: all that lists, draws or checks finds them.

In a copy of the book two rules are added, one with a memory, and a path; then the laws, the comparison with JavaScript, the labs
and the menus of the explorers are asked what they know of them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NODE = Path(sys.executable).with_name("node")

RULES_PYTHON = '''

@rule(label="Midpoint", calls=2, order=2, velocity="start")
def midpoint(step: Step) -> Tensor:
    """Second order, two calls: the velocity in the middle of the step."""
    half = step.x + step.h / 2 * step.estimate.velocity(step.c_t)
    return step.x + step.h * step.slope(half, (step.t + step.s) / 2)


@rule(label="Adams-Bashforth 2", order=2, velocity="start")
def ab2(step: Step) -> Tensor:
    """Second order, one call: the last two velocities, extrapolated to the middle of the step. The first step is Euler's."""
    u = step.estimate.velocity(step.c_t)
    if step.before is None:
        return step.x + step.h * u
    half = step.h / (2 * (step.t - step.before.t))
    return step.x + step.h * ((1 + half) * u - half * step.before.estimate.velocity(step.before.c))
'''
RULES_JAVASCRIPT = """
export const midpoint = rule("midpoint", { label: "Midpoint", calls: 2, order: 2, velocity: "start" }, (step) => {
  const { x, h, t, s, estimate, cT } = step;
  return combine(1, x, h, slope(step, combine(1, x, h / 2, velocity(estimate, cT)), (t + s) / 2));
});

export const ab2 = rule("ab2", { label: "Adams-Bashforth 2", order: 2, velocity: "start" }, (step) => {
  const { x, h, t, estimate, cT, before } = step;
  const u = velocity(estimate, cT);
  if (before === null) return combine(1, x, h, u);
  const half = h / (2 * (t - before.t));
  return combine(1, x, h, combine(1 + half, u, -half, velocity(before.estimate, before.c)));
});
"""
PATH_PYTHON = '''

@path(label="slow")
@dataclass(frozen=True)
class SlowPath(_UnitClock):
    """alpha = t - bend t (1 - t), sigma = 1 - alpha: slow to leave the noise."""

    bend: float = 0.5

    def _curves(self, t, m):
        alpha, rise = t - self.bend * t * (1 - t), 1 - self.bend * (1 - 2 * t)
        return alpha, 1 - alpha, rise, -rise
'''
PATH_JAVASCRIPT = """
export const slowPath = path("slow", "slow", (bend = 0.5) => (t) => {
  const [alpha, rise] = [t - bend * t * (1 - t), 1 - bend * (1 - 2 * t)];
  return { alpha, sigma: 1 - alpha, dAlpha: rise, dSigma: -rise };
});
"""
PLACES = {
    "lib/samplers.py": RULES_PYTHON,
    "classroom/explorers/core/samplers.js": RULES_JAVASCRIPT,
    "lib/flow_matching.py": PATH_PYTHON,
    "classroom/explorers/core/flow_matching.js": PATH_JAVASCRIPT,
}

CROOKED = {
    "lib/samplers.py": """

@rule(label="Crooked", order=1, velocity="start")
def crooked(step: Step) -> Tensor:
    return step.x + step.h * step.estimate.velocity(step.c_t)
""",
    "classroom/explorers/core/samplers.js": """
export const crooked = rule("crooked", { label: "Crooked", order: 1, velocity: "start" }, ({ x, h, estimate, cT }) =>
  combine(1, x, h / 2, velocity(estimate, cT)),
);
""",
}

SEEN = """\
import json
import matplotlib; matplotlib.use("Agg")
from classroom.labs import flow_paths, image_runs, solvers
from classroom.plots import RULES, style_of
solvers.draw("eight Gaussians", 0.1, "slow", "ab2", 4)
flow_paths.draw("slow", "independent", "midpoint", 4, 100)
styles = [*RULES.values(), style_of("midpoint"), style_of("ab2")]
print(json.dumps({
    "rules": [list(part.RULES) for part in (flow_paths, image_runs, solvers)],
    "paths": [list(part.PATHS) for part in (flow_paths, solvers)],
    "markers": len({style.marker for style in styles}) - len(RULES),
}))
"""
MENUS = """\
globalThis.matchMedia = () => ({});
const { FLOW_PATHS, PATHS, RULE, listed, rulesOn } = await import("./classroom/explorers/choices.js");
const on = Object.fromEntries(Object.entries(PATHS).map(([id, { make }]) => [id, rulesOn(make())]));
const styles = Object.keys(RULE).filter((id) => RULE[id].style);
console.log(JSON.stringify({ rules: listed(RULE), paths: listed(PATHS), flows: FLOW_PATHS, on, styles }));
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> Path:
    """A copy of the book, with the two rules and the path."""
    copy = tmp_path_factory.mktemp("book")
    for folder in ("lib", "classroom", "tests", "tools", "results"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for place, text in PLACES.items():
        with (copy / place).open("a") as file:
            file.write(text)
    return copy


def run(folder: Path, *command) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def run_tests(folder: Path, *arguments: str) -> str:
    """The last line of pytest, which runs no test that does not see the copy."""
    plugins = ["--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "pytest_timeout"]
    assert run(folder, sys.executable, "-c", "import lib; print(lib.__file__)").startswith(str(folder))
    return run(folder, sys.executable, "-m", "pytest", "-q", *plugins, *arguments).strip().splitlines()[-1]


@pytest.mark.timeout(900)
def test_new_rules_and_a_new_path_are_held_to_every_law(extended):
    """Order, number of calls, velocities they look at, noise; and the path through all that holds for paths."""
    said = run_tests(extended, "tests/laws/test_walk.py", "-k", "midpoint or ab2")
    assert said.startswith("12 passed"), said
    said = run_tests(extended, "tests/laws/test_one_solve.py", "tests/laws/test_schedules.py", "-k", "slow")
    assert said.startswith("9 passed"), said


@pytest.mark.timeout(900)
def test_new_rules_and_a_new_path_are_compared_with_javascript(extended):
    """They agree; and of a third rule, whose twin takes half a step, it is found that they do not."""
    for place, text in CROOKED.items():
        with (extended / place).open("a") as file:
            file.write(text)
    with pytest.raises(AssertionError, match=r"1 failed, \d+ passed") as failure:
        run_tests(extended, "tests/test_explorer_parity.py")
    assert set(re.findall(r"'rule': '(\w+)'", str(failure.value))) == {"crooked"}
    for place, text in CROOKED.items():
        (extended / place).write_text((extended / place).read_text().removesuffix(text))


def test_new_rules_and_a_new_path_stand_in_every_lab(extended):
    seen = json.loads(run(extended, sys.executable, "-c", SEEN))
    assert all({"midpoint", "ab2"} <= set(rules) for rules in seen["rules"]) and seen["markers"] == 2
    assert all("slow" in paths for paths in seen["paths"])


def test_new_rules_and_a_new_path_stand_in_every_menu(extended):
    from_python = "from tools.explorers import EXPLORERS, palette; (EXPLORERS / 'palette.js').write_text(palette())"
    run(extended, sys.executable, "-c", from_python)  # what `make explorers` generates
    seen = json.loads(run(extended, NODE, "--input-type=module", "-e", MENUS))
    assert {("midpoint", "Midpoint"), ("ab2", "Adams-Bashforth 2")} <= set(map(tuple, seen["rules"]))
    assert ["slow", "slow flow path"] in seen["paths"] and "slow" in seen["flows"]
    assert {"midpoint", "ab2"} <= set(seen["styles"])
    assert {path for path, rules in seen["on"].items() if "ab2" in rules} == {"linear", "cosine", "vp", "slow"}
