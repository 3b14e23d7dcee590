"""The two small trained nets of the book's toy, as files: what they are stands in the file, beside the weights.

    model = load("results/toy_flow.safetensors")        a FlowMatching or a DDPM around a class-conditional MLPDenoiser

`tools/toy_nets.py` trains them. Weights are float16, which costs nothing measurable and halves what an explorer has to carry.
"""

from pathlib import Path

from lib.diffusion import DDPM, linear_betas
from lib.files import fill, halved, read, write
from lib.flow_matching import FlowMatching, LinearPath
from lib.mlp import MLPDenoiser

DROP = 0.2  # share of the labels; the net without a label sees few examples, and ends behind the others with less
SHAPE = ("width", "depth", "embed_dim", "classes")  # of the net, as whole numbers
KEYS = ("process", "path", "target", *SHAPE, "data", "seed", "steps", "command", "torch")  # what a file says
PATHS = {"flow": "LinearPath()", "ddpm": "linear_betas(1000)"}


def build(process: str, target: str, *, width: int, depth: int, embed_dim: int, classes: int):
    """An untrained model: "flow" on the straight path or "ddpm" on 1,000 linear betas."""
    t_scale = {"flow": 1000, "ddpm": 1}[process]
    net = MLPDenoiser(width=width, depth=depth, embed_dim=embed_dim, t_scale=t_scale, classes=classes)
    if process == "flow":
        return FlowMatching(net, LinearPath(), target, label_drop=DROP)
    return DDPM(net, linear_betas(1000), target, label_drop=DROP)


def save(model: FlowMatching | DDPM, path: str | Path, about: dict[str, str]) -> None:
    """Write the net's weights in float16 and `about`, a string for each of KEYS."""
    if missing := set(KEYS) - about.keys():
        raise ValueError(f"A net's file must also say: {', '.join(sorted(missing))}.")
    write(path, halved(model.net), about)


def load(path: str | Path) -> FlowMatching | DDPM:
    """The model in a file of `save`. Raises ValueError, with what is wrong, for a file that is damaged or another kind of net."""
    weights, about = read(path, KEYS, hint="`python tools/toy_nets.py` makes it.")
    process, target = about["process"], about["target"]
    if about["path"] != PATHS.get(process):
        raise ValueError(f"{path} is a net for {process!r} on {about['path']!r}; known are {PATHS}.")
    try:
        model = build(process, target, **{name: int(about[name]) for name in SHAPE})
    except ValueError as error:
        raise ValueError(f"What {path} says of its net makes no net: {error}") from None
    fill(model.net, weights, path)
    model.requires_grad_(False).eval()
    return model
