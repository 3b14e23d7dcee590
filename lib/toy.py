"""The two small trained nets of the book's toy, as files: what they are stands in the file, beside the weights.

    model = load("results/toy_flow.safetensors")        a FlowMatching or a DDPM around a class-conditional MLPDenoiser

`tools/toy_nets.py` trains them. Weights are float16, which costs nothing measurable and halves what an explorer has to carry.
"""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from lib.diffusion import DDPM, linear_betas
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
    save_file({name: w.half().contiguous() for name, w in model.net.state_dict().items()}, path, metadata=about)


def load(path: str | Path) -> FlowMatching | DDPM:
    """The model in a file of `save`. Raises ValueError, with what is wrong, for a file that is damaged or another kind of net."""
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118, not a dict
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}. `python tools/toy_nets.py` makes it.") from None
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}). `python tools/toy_nets.py` makes it anew.") from None

    if missing := [key for key in KEYS if key not in about]:
        raise ValueError(f"{path} does not say its {', '.join(missing)}: it is not a toy net of this book.")
    process, target = about["process"], about["target"]
    if about["path"] != PATHS.get(process):
        raise ValueError(f"{path} is a net for {process!r} on {about['path']!r}; known are {PATHS}.")
    try:
        model = build(process, target, **{name: int(about[name]) for name in SHAPE})
        model.net.load_state_dict(weights)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"The weights in {path} do not fit what the file says of them: {error}") from None
    if not all(w.isfinite().all() for w in weights.values()):
        raise ValueError(f"{path} has NaN or infinite weights. `python tools/toy_nets.py` makes it anew.")
    model.requires_grad_(False).eval()
    return model
