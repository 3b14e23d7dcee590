"""What explorers hand to the browser: a figure with a picture, a caption, its data and the script; mixtures and nets as data."""

import base64
import html
import json
import struct
from pathlib import Path

from IPython.display import HTML

from lib.data import two_moons_mixture
from lib.diffusion import DDPM, DiscreteSchedule, linear_betas
from lib.flow_matching import FlowMatching, LinearPath

FOLDER = Path(__file__).parent


def figure(name: str, data: dict, alt: str, caption: str, mark: str = "") -> HTML:
    """One explorer as a self-contained piece of HTML. The same arguments give the same bytes.

    mark    distinguishes several of one name, in the id of the figure; it may have a poster of its own
    """
    name = name.replace("_", "-")
    own = f"explorer-{name}-{mark}" if mark else f"explorer-{name}"
    drawn, shared = (FOLDER / "posters" / f"{stem}.png" for stem in (own.removeprefix("explorer-"), name))
    poster = (drawn if drawn.exists() else shared).read_bytes()
    width, height = (length // 2 for length in _size(poster))  # drawn at two pixels a CSS pixel
    # "</" would end the script element wherever it stands.
    payload = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("</", "<\\/")
    return HTML(
        f'<figure class="kx" id="{own}" data-explorer="{name}">\n'
        f'<img class="kx-poster" alt="{html.escape(alt)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{base64.b64encode(poster).decode()}">\n'
        f'<script type="application/json" class="kx-data">{payload}</script>\n'
        f"<figcaption>{html.escape(caption)}</figcaption>\n"
        f"</figure>\n"
        f"{script()}"
    )


def script() -> str:
    """The bundle. It brings every explorer of the page to life, so a page needs it once; a notebook's output brings its own."""
    return f'<script type="module">{(FOLDER / "bundle.js").read_text()}</script>'


def _size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG image, from its header."""
    return struct.unpack(">II", png[16:24])


def moons() -> dict:
    """The two moons as readMixture of payload.js reads a mixture."""
    mixture = two_moons_mixture()
    columns = {"weights": mixture.weights, "means": mixture.means, "variances": mixture.variances}
    return {name: rounded(column.flatten().tolist()) for name, column in columns.items()} | {
        "labels": mixture.labels.tolist()
    }


def rounded(values: list[float]) -> list[float]:
    """Seven significant digits: parity with `lib` needs four."""
    return [float(f"{value:.7g}") for value in values]


def trained(flow: FlowMatching | None = None, ddpm: DDPM | None = None) -> dict:
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
