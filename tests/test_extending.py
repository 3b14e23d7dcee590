"""What is added to the book stands in two places, no more, and all that lists, draws or checks it finds it.

In a copy of the book two rules are added, one with a memory, and a path, each in Python and as its JavaScript twin; then the
laws, the comparison with JavaScript, the labs and the menus of the explorers are asked what they know of them. An exercise is
its file and its answers, and a line that says where it stands. An explorer is a .js and a .py.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.notebooks import build
from tools.site import explorers

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

EXERCISE_FILE = '''"""noise from signal

A variance-preserving path has `alpha`. Which `sigma` goes with it?

Hint: Squares.
"""

import torch

from classroom.exercises import Exercise, Mistake


# --- stub
def sigma_of(alpha):
    """alpha: (B,). The sigmas (B,)."""
    return ...


# --- solution
def solution(alpha):
    return (1 - alpha**2).sqrt()


# --- checker
check = Exercise(
    solution,
    lambda g: [(torch.arange(1, 6) / 6,)],
    see="02_noise_schedules: Recap",
    mistakes={
        "no squares": Mistake(lambda alpha: 1 - alpha, "The straight path sums to 1. Here the squares do."),
        "no root": Mistake(lambda alpha: 1 - alpha**2, "That is the variance. Take its root, which multiplies the noise."),
        "the other root": Mistake(lambda alpha: -(1 - alpha**2).sqrt(), "Noise counts positive, by convention: sigma > 0."),
    },
)
'''
EXERCISE_ANSWERS = """

ANSWERS["vp_sigma"] = Answers(
    right=[lambda alpha: ((1 - alpha) * (1 + alpha)) ** 0.5, lambda alpha: torch.sin(torch.arccos(alpha))],
    wrong={
        "no squares": lambda alpha: -alpha + 1,
        "no root": lambda alpha: 1 - alpha * alpha,
        "the other root": lambda alpha: -((1 - alpha * alpha) ** 0.5),
    },
)
"""

EXPLORER_JS = """\
export default {
  hint: "Move it.",
  prepare: () => ({}),
  controls: () => [],
  height: () => 100,
  paint: (view) => view.text(10, 10, "a new explorer"),
  say: () => "nothing moves",
};
"""
EXPLORER_PY = '''"""One sentence on a canvas."""

from IPython.display import HTML

from classroom.explorers.figure import figure


def show() -> HTML:
    """The sentence."""
    return figure("one_line", {"is": "new"}, alt="A sentence: a new explorer.", caption="It says that it is new.")
'''

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
solvers.plot("eight Gaussians", 0.1, "slow", "ab2", 4)
flow_paths.plot("slow", "independent", "midpoint", 4, 100)
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
    shutil.copytree(ROOT / "book" / "chapters", copy / "book" / "chapters")
    for name in ("pyproject.toml", "_config.yml"):
        shutil.copy(ROOT / name, copy)
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
    from_python = (
        "from tools.site.explorers import EXPLORERS, palette; (EXPLORERS / 'palette.js').write_text(palette())"
    )
    run(extended, sys.executable, "-c", from_python)  # what `make explorers` generates
    seen = json.loads(run(extended, NODE, "--input-type=module", "-e", MENUS))
    assert {("midpoint", "Midpoint"), ("ab2", "Adams-Bashforth 2")} <= set(map(tuple, seen["rules"]))
    assert ["slow", "slow flow path"] in seen["paths"] and "slow" in seen["flows"]
    assert {"midpoint", "ab2"} <= set(seen["styles"])
    assert {path for path, rules in seen["on"].items() if "ab2" in rules} == {"linear", "cosine", "vp", "slow"}


def test_a_new_exercise_is_its_file_and_its_answers(extended):
    """Its checker is tried like all others, and its cells stand in the chapter that names it."""
    (extended / "classroom" / "exercises" / "ch02" / "vp_sigma.py").write_text(EXERCISE_FILE)
    with (extended / "tests" / "exercises" / "ch02.py").open("a") as file:
        file.write(EXERCISE_ANSWERS)
    chapter = extended / "book" / "chapters" / "02_noise_schedules.md"
    chapter.write_text(chapter.read_text().replace("## Recap", "```{exercise} vp_sigma\n```\n\n## Recap", 1))
    said = run_tests(extended, "tests/exercises/test_checkers.py", "-k", "vp_sigma")
    assert said.startswith("4 passed"), said
    cells = [cell.source for cell in build.compose(chapter).cells]
    count = sum(source.count("### Exercise 2.") for source in cells)
    at = next(at for at, source in enumerate(cells) if f"### Exercise 2.{count}: noise from signal" in source)
    assert "def sigma_of(alpha)" in cells[at + 1] and "vp_sigma.check(sigma_of)" in cells[at + 1]
    assert "def solution(alpha)" in cells[at + 2] and "vp_sigma.check(solution)" in cells[at + 2]


def test_a_new_explorer_is_its_script_and_its_data(extended):
    """It is listed, drawn from and shown by name, and the bundle's entry brings it to life."""
    folder = extended / "classroom" / "explorers"
    (folder / "one_line.js").write_text(EXPLORER_JS)
    (folder / "one_line.py").write_text(EXPLORER_PY)
    (folder / "posters" / "one-line.png").write_bytes(explorers.BLANK)  # what `make explorers ARGS=--posters` draws
    shown = "from tools.site.gallery import explorer, gallery; print(gallery(), explorer('one_line'))"
    said = run(extended, sys.executable, "-c", shown)
    assert "'one_line'" in said and 'id="explorer-one-line" data-explorer="one-line"' in said
    (folder / "all.js").write_text(explorers.everything(folder))  # and this, `make explorers`
    menu = 'import("./classroom/explorers/all.js").then(({ EXPLORERS }) => console.log(EXPLORERS["one-line"].hint))'
    begin = "globalThis.matchMedia = () => ({});"
    assert run(extended, NODE, "--input-type=module", "-e", f"{begin} await {menu}").strip() == "Move it."
    assert "a new explorer" in explorers.bundle(folder / "main.js")
