"""The explorers: figures with sliders that run real samplers in the browser, with no kernel and no network.

Each function hands data to one explorer and returns its HTML: a picture of the first state with its caption, the data, and the
script that replaces the picture by a live one. Where scripts do not run (an untrusted notebook, a preview) the picture stays.

    from classroom import explorers
    explorers.k_budget()

The sources are the `.js` files beside this one; `make explorers` bundles them. Their mathematics mirrors `lib` module by module.
"""

import base64
import html
import json
import struct
from pathlib import Path

from IPython.display import HTML
from torch import Tensor

from lib.data import two_moons_mixture
from lib.diffusion import DDPM, DiscreteSchedule, linear_betas
from lib.flow_matching import FlowMatching, LinearPath
from lib.trained.k_budget import k_grid_floor

FOLDER = Path(__file__).parent
POINTS = 300  # what k_budget.js draws in a panel, and what its floor belongs to


def noising() -> HTML:
    """Two moons under x_t = alpha x_data + sigma eps, by schedule, time and T."""
    return _figure(
        "noising",
        {"mixture": _moons()},
        alt="Left, two moons half drowned in noise. Right, the falling signal and the rising noise over time "
        "with a moving cursor, and below them the log signal-to-noise ratio; the flat tail, a third of the "
        "way, is shaded.",
        caption="The same 500 points and the same noise at every time. The shaded steps hold less than one per "
        "cent of signal.",
    )


def targets() -> HTML:
    """The map (x, eps) -> (x_t, target), its determinant and its error gains, for every target and for a wrong one."""
    return _figure(
        "targets",
        {"time": 0.44},
        alt="A square of pairs of data and noise is mapped to a sliver that is almost a line. Beside it the "
        "determinant falls through zero half way between data and noise, and there the errors of data and "
        "noise both shoot up.",
        caption="The square is all pairs (x, ε) with both between −1 and 1. Where its image falls flat, the "
        "net's answer no longer tells data from noise.",
    )


def reverse(ddpm: DDPM | None = None) -> HTML:
    """DDPM and DDIM, step by step, from a start that the reader chooses. `ddpm`: a trained model to choose beside the oracle."""
    return _figure(
        "reverse",
        {"mixture": _moons(), "trained": _trained(ddpm=ddpm)},
        alt="Left, five jagged paths of DDPM leave one start and end at different points of the two moons, "
        "among the other samples. Right, the model's answers along these paths, which begin at the middle "
        "and move out to the moons.",
        caption="Left, the states; right, what the model answers at them. Five ways from one start share "
        "everything but the noise that the steps add.",
    )


def flow(flow: FlowMatching | None = None) -> HTML:
    """Conditional lines beside marginal paths and the velocity field. `flow`: a trained model to choose beside the oracle."""
    return _figure(
        "flow",
        {"mixture": _moons(), "trained": _trained(flow=flow)},
        alt="Left, straight lines from noise points to points of the two moons, crossing each other. Right, "
        "arrows of the mean velocity and particles from the same noise that follow it on bent paths which "
        "do not cross.",
        caption="Left, every pair of noise and data has a line of its own. Right, the particles follow the mean"
        " of all the velocities at the point where they are.",
    )


def k_budget(flow: FlowMatching | None = None, ddpm: DDPM | None = None) -> HTML:
    """The K-budget grid: one start, one target, five numbers of steps. `flow`, `ddpm`: trained models beside the oracle."""
    floor = k_grid_floor(POINTS)
    return _figure(
        "k-budget",
        {
            "mixture": _moons(),
            "floor": _round([floor.mean, floor.sd]),
            "trained": _trained(flow, ddpm),
        },
        alt="Five scatter plots from the same noise with 2, 5, 10, 50 and 200 steps: a blob, a filled band, and"
        " from 50 steps on two clean moons. Below, the distance to the target falls with the number of "
        "network calls until it meets the floor.",
        caption="The same start and the same target in every panel; only the number of steps differs. The grey "
        "band is what a perfect sample of 300 points scores.",
    )


def t_scale(dim: int = 64) -> HTML:
    """The sinusoidal time embedding over the clock [0, 1], and how many directions it has, by its scale.

    dim: where its menu starts, 32, 64 or 128. Raises ValueError for another.
    """
    if dim not in (32, 64, 128):
        raise ValueError(f"The menu of this explorer offers the dimensions 32, 64 and 128, got {dim}.")
    return _figure(
        "t-scale",
        {"dim": dim},
        alt="Left, the embedding of t in [0, 1] as a picture in which only the first few columns change from "
        "row to row. Right, its singular values fall like a steep staircase: two directions hold 99.9 per "
        "cent.",
        caption="Left, a row for every time and a column for every dimension, blue positive and orange "
        "negative. Right, the singular values of that picture, each column without its mean; in grey "
        "those of t_scale 1,000, DDPM's own range.",
    )


def guidance(flow: FlowMatching | None = None, ddpm: DDPM | None = None) -> HTML:
    """Classifier-free guidance on two moons, by weight and interval. `flow`, `ddpm`: conditional models beside the oracle."""
    return _figure(
        "guidance",
        {"mixture": _moons(), "trained": _trained(flow, ddpm)},
        alt="Left, two classes of points sampled with guidance: each has drawn back to the part of its moon "
        "that is far from the other. Right, adherence to the class near one and a spread below one at w = "
        "3.",
        caption="Both classes start from the same noise. Strong guidance keeps the points on their class, and "
        "away from the parts that the other class could claim.",
    )


def digits(frames: Tensor, steps: list[int], scales: list[float], labels: list[str], alt: str, caption: str) -> HTML:
    """Images by number of steps, guidance weight and class, sampled beforehand.

    frames (len(steps), len(scales), len(labels), samples, height, width) with values in [-1, 1], rounded to sixteen grey
    levels. Raises ValueError for another shape. `alt` and `caption` say what these images show.
    """
    expected = (len(steps), len(scales), len(labels))
    if frames.ndim != 6 or tuple(frames.shape[:3]) != expected:
        raise ValueError(
            f"frames must have the shape {(*expected, 'samples', 'height', 'width')}, got {tuple(frames.shape)}."
        )
    levels = ((frames.clamp(-1, 1) + 1) * 7.5).round().byte().flatten().tolist()
    pairs = zip(levels[::2], levels[1::2] + [0] * (len(levels) % 2))
    samples, height, width = frames.shape[3:]
    data = {"steps": steps, "scales": scales, "labels": labels, "samples": samples, "height": height, "width": width}
    pixels = base64.b64encode(bytes(16 * high + low for high, low in pairs)).decode()
    return _figure("digits", data | {"pixels": pixels}, alt, caption)


def decision_tree(root: str = "../") -> HTML:
    """Which knob to turn, one question at a time. `root` leads from the page to the folder that holds book/ and notebooks/."""

    def part(name: str, text: str) -> str:
        return f'<span class="kx-{name}">{text}</span>'

    def branch(node: dict) -> str:
        if "ask" in node:
            answers = "".join(
                f"<li>{part('answer', html.escape(a['answer']))} {branch(a)}</li>" for a in node["answers"]
            )
            return f"{part('ask', html.escape(node['ask']))}<ul>{answers}</ul>"
        page, _, anchor = node["see"].partition("#")
        more = f'<a href="{root}{page}.html{"#" * bool(anchor)}{anchor}">Read on.</a>'
        return part("advice", f"{html.escape(node['advice'])} {more}")

    tree = json.loads((FOLDER / "decision_tree.json").read_text())
    return HTML(
        '<figure class="kx" id="explorer-decision-tree" data-explorer="decision-tree">\n'
        f'<div class="kx-poster">{branch(tree)}</div>\n'
        "<figcaption>Every end of the tree says what to do and where the book shows why.</figcaption>\n"
        f"</figure>\n{_script()}"
    )


# ---- what the functions share --------------------------------------------------------------------------------------------------


def _figure(name: str, data: dict, alt: str, caption: str) -> HTML:
    """One explorer as a self-contained piece of HTML. The same arguments give the same bytes."""
    poster = (FOLDER / "posters" / f"{name}.png").read_bytes()
    width, height = (length // 2 for length in _size(poster))  # drawn at two pixels a CSS pixel
    # "</" would end the script element wherever it stands.
    payload = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("</", "<\\/")
    return HTML(
        f'<figure class="kx" id="explorer-{name}" data-explorer="{name}">\n'
        f'<img class="kx-poster" alt="{html.escape(alt)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{base64.b64encode(poster).decode()}">\n'
        f'<script type="application/json" class="kx-data">{payload}</script>\n'
        f"<figcaption>{html.escape(caption)}</figcaption>\n"
        f"</figure>\n"
        f"{_script()}"
    )


def _script() -> str:
    """The bundle. It brings every explorer of the page to life, so a page needs it once; a notebook's output brings its own."""
    return f'<script type="module">{(FOLDER / "bundle.js").read_text()}</script>'


def _size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG image, from its header."""
    return struct.unpack(">II", png[16:24])


def _moons() -> dict:
    """The two moons as readMixture of payload.js reads a mixture."""
    mixture = two_moons_mixture()
    columns = {"weights": mixture.weights, "means": mixture.means, "variances": mixture.variances}
    return {name: _round(column.flatten().tolist()) for name, column in columns.items()} | {
        "labels": mixture.labels.tolist()
    }


def _round(values: list[float]) -> list[float]:
    """Seven significant digits: parity with `lib` needs four."""
    return [float(f"{value:.7g}") for value in values]


def _trained(flow: FlowMatching | None = None, ddpm: DDPM | None = None) -> dict:
    """The trained models that were given, by the name of their path in choices.js, which knows these two."""
    if flow is not None and flow.path != LinearPath():
        raise ValueError("The browser runs a trained flow on LinearPath only: give a FlowMatching model on that path.")
    if ddpm is not None and ddpm.path != DiscreteSchedule(linear_betas(1000)):
        raise ValueError("The browser runs a trained DDPM on linear_betas(1000) only: give a model on that schedule.")
    return {name: _net(model) for name, model in (("linear", flow), ("ddpm", ddpm)) if model is not None}


def _net(model: DDPM | FlowMatching) -> dict:
    """A trained model's MLPDenoiser as readNet of payload.js reads it: all numbers in half precision."""
    net = model.net
    layers = [layer for layer in net.layers if hasattr(layer, "weight")]
    tensors = [tensor for layer in layers for tensor in (layer.weight, layer.bias)]
    if net.label is not None:
        tensors.append(net.label.table.weight)
    values = [value for tensor in tensors for value in tensor.detach().flatten().tolist()]
    return {
        "shape": [layers[0].in_features, *(layer.out_features for layer in layers)],
        "embed": net.time.dim,
        "scale": net.t_scale,
        "classes": net.classes or 0,
        "target": model.target,
        "weights": base64.b64encode(struct.pack(f"<{len(values)}e", *values)).decode(),
    }
