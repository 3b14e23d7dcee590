"""What explorers hand to the browser: a figure with a picture, a caption, its data and the script; mixtures, nets and
yardsticks as data."""

import base64
import html
import json
import struct
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import torch
from IPython.display import HTML
from torch import Tensor

from lib.data import two_moons, two_moons_mixture
from lib.diffusion import DDPM, DiscreteSchedule, linear_betas
from lib.flow_matching import FlowMatching, LinearPath
from lib.metrics import share_off, sliced_wasserstein, yardsticks
from lib.mixture import GaussianMixture
from lib.seeding import randn, seeded
from lib.trained.k_budget import REFERENCE

FOLDER = Path(__file__).parent
RARE = 0.01  # the share of the data's own points that counts as off the data
MANY = 20_000  # points that the shares of Gaussian and noise are counted from


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
        f"{script(name)}"
    )


# The explorers that have a bundle of their own, for the common one is full, and the folders that hold it.
APART = {"attention": "transformer", "copying": "copying", "decision_tree": "tree", "jump": "jump"}


def script(name: str) -> str:
    """The bundle that an explorer is in: the common one, or its own.

    It brings every figure of the page that it knows to life, so a page needs it once; a notebook's output brings its own.
    """
    folder = APART.get(name.replace("-", "_"), "")
    return f'<script type="module">{(FOLDER / folder / "bundle.js").read_text()}</script>'


def traits(shown: HTML) -> dict:
    """A figure as other hosts hand it to `render` of host.js: {explorer, data, alt, caption}."""
    reader = _Reader()
    reader.feed(shown.data)
    return reader.found | {"data": json.loads(reader.found["data"])}


class _Reader(HTMLParser):
    """Reads a figure's HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found, self.into = {"data": "", "caption": ""}, None

    def handle_starttag(self, tag: str, attrs: list) -> None:
        said = dict(attrs)
        if tag == "figure":
            self.found["explorer"] = said["data-explorer"]
        elif tag == "img":
            self.found["alt"] = said["alt"]
        self.into = "caption" if tag == "figcaption" else "data" if said.get("class") == "kx-data" else None

    def handle_endtag(self, tag: str) -> None:
        self.into = None

    def handle_data(self, text: str) -> None:
        if self.into:
            self.found[self.into] += text


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


@cache
def marks(points: int) -> dict:
    """What a sample of so many points of the two moons is read beside, as readMarks of payload.js reads it.

    Distances (mean and sd) of a perfect sample, the best Gaussian and N(0, I) to four times as many points, their shares of
    points off the moons, and the log density that `share_off` takes for the edge of the moons.
    """
    mixture = two_moons_mixture()

    def draw(n, generator):
        return two_moons(n, generator=generator)[0].double()

    found = yardsticks(sliced_wasserstein, draw, points, m=REFERENCE * points, repeats=100)
    data, z = draw(MANY, seeded(1)), randn((MANY, 2), generator=seeded(2)).double()
    gaussian = data.mean(0) + z @ torch.linalg.cholesky(data.T.cov()).T
    shares = [RARE, *(round(share_off(x, mixture, RARE), 2) for x in (gaussian, z))]
    return {name: rounded(mark) for name, mark in found._asdict().items()} | {
        "points": points,
        "off": shares,
        "edge": rounded([edge(mixture, RARE)])[0],
    }


def edge(mixture: GaussianMixture, rare: float) -> float:
    """The log density below which `rare` of the mixture's own points lie: a point below it is one that `share_off` counts."""
    own = mixture.sample(50_000, generator=seeded(9), dtype=torch.float64)[0]
    return mixture.log_prob(own).quantile(rare).item()


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
    return {
        "shape": [layers[0].in_features, *(layer.out_features for layer in layers)],
        "embed": net.time.dim,
        "scale": net.t_scale,
        "classes": net.classes or 0,
        "target": model.target,
        "weights": halves(torch.cat([tensor.detach().flatten() for tensor in tensors])),
    }


def halves(values: Tensor) -> str:
    """Half-precision numbers in base64, as `halves` of payload.js reads them."""
    return base64.b64encode(struct.pack(f"<{values.numel()}e", *values.flatten().tolist())).decode()
