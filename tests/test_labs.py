"""The labs: an ordinary figure where nobody can move a control, and labelled controls that redraw it where somebody can."""

import ast
import functools
import itertools
import math
from importlib import import_module
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from classroom import labs
from classroom.labs import FRONT_ENDS, Knob, flow_paths, image_runs, lab, live, moons, solvers
from lib.data import batches
from lib.metrics import noise_floor
from lib.samplers import facts
from lib.training import fit
from tests.covering import covering

FILES = sorted((Path(__file__).parents[1] / "classroom" / "labs").glob("*.py"))
LABS = {path.stem: import_module(f"classroom.labs.{path.stem}") for path in FILES if path.stem != "__init__"}

# Every name that classroom.labs may take from ipywidgets, with the keywords it may use. Read off the signatures and traits of the
# installed ipywidgets 7.7.1 (Colab's) and 8.1.9, and each was run in both.
BOX = {"children", "layout"}
FIELD = {"options", "value", "description", "style", "layout", "continuous_update"}
SHARED = {
    "HBox": BOX,
    "VBox": BOX,
    "Label": {"value"},
    "Dropdown": FIELD - {"continuous_update"},
    "SelectionSlider": FIELD,
    "interactive_output": set(),
}


@pytest.fixture(autouse=True)
def front_end(monkeypatch):
    """No window, no front end of the machine's own, no figure left over."""
    mpl.use("Agg")
    for mark in (*FRONT_ENDS, "KNOB_LABS"):
        monkeypatch.delenv(mark, raising=False)
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


# What a draw does alike in every setting: how many points, pictures and calls, and which files it reads.
FEW = {"N": 10, "STOPS": 3, "CALLS": 5}  # image_runs judges as many of each digit
READ = ("digits", "mnist_subset", "load_model", "load_classifier", "load_autoencoder")


@pytest.fixture
def small(monkeypatch):
    """Few points, short training, every file read once: the settings are the point, and none of these is a source of errors."""

    def briefly(model, data, steps, **rest):
        return fit(model, data, min(steps, 2), **rest)  # the second has weights that a step has changed

    def slim(*data, size, **rest):
        return batches(*data, size=min(size, 8), **rest)

    def roughly(*parts, repeats, **rest):
        return noise_floor(*parts, repeats=min(repeats, 2), **rest)

    for module in (labs, *LABS.values()):  # distance and floor read the package's N
        for name, number in FEW.items():
            if isinstance(getattr(module, name, None), int):
                monkeypatch.setattr(module, name, number)
        for name, short in {"fit": briefly, "batches": slim, "noise_floor": roughly}.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, short)
        for name in READ:
            if hasattr(module, name):
                monkeypatch.setattr(module, name, functools.cache(getattr(module, name)))


@pytest.fixture
def one_figure(monkeypatch):
    """Axes that are emptied for the next draw: matplotlib makes new ones in more time than a setting takes to compute."""
    made, subplots = {}, plt.subplots

    def again(*shape, **options):
        key = repr((shape, options))
        if key not in made:
            made[key] = subplots(*shape, **options)
        figure, _ = made[key]
        for ax in figure.axes:
            for artist in (*ax.lines, *ax.collections, *ax.patches, *ax.images, *ax.texts):
                artist.remove()
            ax.relim()
            ax.autoscale()
        plt.figure(figure)
        return made[key]

    monkeypatch.setattr(plt, "subplots", again)


@pytest.fixture
def opened(monkeypatch):
    """Open a lab as a live notebook does; return its knobs, its plot and the widgets that were displayed."""

    def open_(module):
        shown, made = [], {}
        monkeypatch.setattr(module, "lab", lambda *parts: made.update(zip(("plot", "knobs"), parts, strict=True)))
        module.show()
        monkeypatch.setenv("KNOB_LABS", "live")
        monkeypatch.setattr("IPython.display.display", shown.append)
        calls = []
        lab(lambda **values: calls.append(values), made["knobs"])
        return made["knobs"], made["plot"], shown, calls

    return open_


# --- which of the two cases --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "answer"),
    [
        ({}, False),
        ({"JPY_SESSION_NAME": "notebooks/02.ipynb"}, True),
        ({"COLAB_RELEASE_TAG": "release"}, True),
        ({"VSCODE_PID": "12"}, True),
        ({"TERM_PROGRAM": "vscode", "JPY_PARENT_PID": "12"}, False),  # a terminal; every kernel has the second
        ({"KNOB_LABS": "live"}, True),
        ({"KNOB_LABS": "static", "JPY_SESSION_NAME": "x", "COLAB_RELEASE_TAG": "y"}, False),
    ],
)
def test_live(variables, answer, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert live() is answer


def test_an_unknown_switch_is_refused(monkeypatch):
    monkeypatch.setenv("KNOB_LABS", "on")
    with pytest.raises(ValueError, match="'on'"):
        live()


# --- static ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LABS)
def test_static_draws_the_start_and_says_nothing(name, capsys, monkeypatch, small):
    monkeypatch.setattr("ipywidgets.Widget.__init__", lambda *_, **__: pytest.fail("a widget without a front end"))
    LABS[name].show()
    assert len(plt.get_fignums()) == 1
    assert all(ax.collections or ax.lines or ax.images or ax.patches for ax in plt.gcf().axes)
    assert all(any(digit in ax.get_title() for digit in "0123456789") for ax in plt.gcf().axes[:1])
    said = capsys.readouterr()
    assert said.out == said.err == ""  # the page says what the figure is


def test_static_draws_what_the_knobs_start_with():
    seen = []
    lab(lambda **values: seen.append(values), {"a": Knob("a", (1, 2), 2), "b": Knob("b", ("x", "y"), "x")})
    assert seen == [{"a": 2, "b": "x"}]


# --- live --------------------------------------------------------------------------------------------------------------


def controls(widget) -> list:
    """The controls of a widget tree, in order."""
    if hasattr(widget, "children"):
        return [found for child in widget.children for found in controls(child)]
    return [widget] if hasattr(widget, "options") else []


@pytest.mark.parametrize("name", LABS)
def test_live_controls_are_labelled_and_redraw(name, opened):
    knobs, _, (box,), calls = opened(LABS[name])
    assert len(controls(box)) == len(knobs)
    assert calls == [{key: knob.start for key, knob in knobs.items()}]
    for control, (key, knob) in zip(controls(box), knobs.items(), strict=True):
        assert 0 < len(control.description) <= 18  # 11 em: longer labels would be cut off
        assert control.style.description_width == "11em"
        for value in knob.choices:
            control.value = value
            assert calls[-1][key] == value
    assert len(calls) > len(knobs)


def test_sliders_wait_until_they_are_released(opened):
    _, _, (box,), _ = opened(moons)
    sliders = [control for control in controls(box) if hasattr(control, "continuous_update")]
    assert len(sliders) == 3 and not any(slider.continuous_update for slider in sliders)


def test_a_refusal_is_said_and_an_error_is_not_hidden(monkeypatch, capsys):
    monkeypatch.setenv("KNOB_LABS", "live")
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)

    def plot(kind):
        if kind != "fine":
            raise {"refused": ValueError, "broken": KeyError}[kind]("Take another.")

    lab(plot, {"kind": Knob("kind", ("fine", "refused", "broken"), "fine")})
    (box,) = shown
    (menu,) = controls(box)
    menu.value = "refused"
    assert capsys.readouterr().out.endswith("Not possible. Take another.\n")
    with pytest.raises(KeyError):
        menu.value = "broken"
    assert box.children[1].value == ""  # "running ..." is taken down even so


def walks(path, rule) -> bool:
    """Whether the path has a velocity wherever the rule looks at one."""
    looks, end = facts(rule).velocity, path.coeffs(path.t_data)
    return looks is None or (end.d_sigma is not None and (looks == "start" or math.isfinite(end.d_sigma)))


def refused(name: str, values: dict) -> bool:
    """The settings that the library is right to refuse."""
    if name == "schedules":
        too_steep = values["last"] * 1000 / values["T"] >= 1 and values["rescale"] == "times 1000/T"
        return values["calls"] > values["T"] or (values["name"] == "linear" and too_steep)
    if name == "solvers":
        return not walks(solvers.PATHS[values["path"]], solvers.RULES[values["rule"]])
    if name == "flow_paths":
        rule = flow_paths.RULES[values["rule"]]
        return not walks(flow_paths.PATHS[values["path"]], rule) or values["calls"] % facts(rule).calls != 0
    if name == "image_runs":
        of = facts(image_runs.RULES[values["rule"]])
        return (values["process"] == "DDPM" and of.velocity is not None) or values["calls"] % of.calls != 0
    return False


def few(choices: tuple) -> tuple:
    """The ends and two between, of a knob with many choices."""
    return choices if len(choices) < 10 else (*choices[:: len(choices) // 3][:3], choices[-1])


def curves(module) -> dict[str, tuple]:
    """The budgets at which a lab draws its curve, whatever the settings are."""
    return {name: it for name in ("BUDGETS", "CALLS") if isinstance(it := getattr(module, name, None), tuple)}


def values_held(name: str, knobs: dict[str, Knob]) -> list[dict]:
    """The start of a lab, and settings that hold all other values of its knobs."""
    start = {key: knob.start for key, knob in knobs.items()}
    choices = {key: knob.choices for key, knob in knobs.items()}
    return [start, *covering(choices, 1, lambda values: not refused(name, values), besides=[start])]


@pytest.mark.parametrize("name", LABS)
def test_every_value_of_every_knob_draws(name, opened, small):
    """Every value with the whole curve, and to the last pixel: fonts and layout may warn, and warnings are errors."""
    knobs, plot, _, _ = opened(LABS[name])
    for values in values_held(name, knobs):
        plt.close("all")
        plot(**values)
        assert "nan" not in "".join(ax.get_title() for ax in plt.gcf().axes)
        plt.gcf().canvas.draw()


@pytest.mark.parametrize("name", LABS)
def test_every_pair_of_values_draws_or_is_refused_with_reason(name, opened, small, one_figure, monkeypatch):
    """With a short curve: its budgets are values of a knob, too, and meet all others as such.

    The pairs in the settings of the test before are drawn there.
    """
    knobs, plot, _, _ = opened(LABS[name])
    choices = {key: few(knob.choices) for key, knob in knobs.items()}
    for curve, budgets in curves(LABS[name]).items():
        monkeypatch.setattr(LABS[name], curve, budgets[:3])
    drawn = covering(choices, 2, lambda values: not refused(name, values), besides=values_held(name, knobs))
    # Some refusals need three knobs, so the refused settings have a list of their own.
    wrong = covering(choices, 1, lambda values: refused(name, values))
    for values in drawn + [values for values in wrong if refused(name, values)]:
        if refused(name, values):
            with pytest.raises(ValueError, match=r"\w+ \w+.*\."):
                plot(**values)
            continue
        plot(**values)
        assert "nan" not in "".join(ax.get_title() for ax in plt.gcf().axes)


def test_every_budget_suits_every_rule():
    for budget, rule in itertools.product(solvers.BUDGETS, solvers.RULES.values()):
        assert budget % facts(rule).calls == 0
    assert all(path.grid(max(solvers.BUDGETS)).isfinite().all() for path in solvers.PATHS.values())


# --- only what ipywidgets 7.7.1 and 8.1 share ----------------------------------------------------------------------------


def strange_widgets(source: str) -> set[str]:
    """What a source takes from ipywidgets beyond SHARED: names, and keywords of their calls."""
    tree = ast.parse(source)
    names = {
        a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "ipywidgets" for a in n.names
    }
    found = names - SHARED.keys()
    found |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names if "ipywidgets" in a.name}
    spread = {"look": {"description", "style", "layout"}}
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)):
        if call.func.id in names & SHARED.keys():
            used = set().union(*({k.arg} if k.arg else spread[ast.unparse(k.value)] for k in call.keywords), set())
            found |= used - SHARED[call.func.id]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_shared_widgets_are_used(path):
    assert strange_widgets(path.read_text()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "from ipywidgets import Stack",
        "from ipywidgets import TagsInput",
        "import ipywidgets as widgets",
        "from ipywidgets import Dropdown\nDropdown(options=('a',), tooltip='b')",
    ],
)
def test_strange_widgets_are_found(source):
    assert len(strange_widgets(source)) == 1
