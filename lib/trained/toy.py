"""The two small trained nets of the book's toy.

    model = load("results/toy_flow.safetensors")        a FlowMatching or a DDPM around a class-conditional MLPDenoiser

`tools/results/toy_nets.py` trains them. Weights are float16, which costs nothing measurable and halves what an explorer has to
carry.
"""

from pathlib import Path

from lib.diffusion import DDPM, linear_betas
from lib.flow_matching import FlowMatching, paths
from lib.nets.mlp import MLPDenoiser
from lib.trained import weights

PARTS = (DDPM, FlowMatching, MLPDenoiser, linear_betas, *map(type, paths()))
HINT = "`python -m tools.results.toy_nets` makes it."


def load(path: str | Path) -> FlowMatching | DDPM:
    """The model in a file of weights. Raises ValueError, with the reason, for one that is damaged or of another kind."""
    return weights.load(path, PARTS, _older, HINT)


def _older(said: dict[str, str]) -> dict:
    """Files from before there were recipes: the flow on the straight path, DDPM on 1,000 linear betas."""
    net = {name: int(said[name]) for name in ("width", "depth", "embed_dim", "classes")}
    process, target, of = said["process"], said["target"], said["path"]
    if (process, of) == ("flow", "LinearPath()"):
        net = weights.call("MLPDenoiser", **net, t_scale=1000)
        return weights.call("FlowMatching", net=net, target=target, label_drop=0.2)
    if (process, of) == ("ddpm", "linear_betas(1000)"):
        net = weights.call("MLPDenoiser", **net, t_scale=1)
        return weights.call("DDPM", net=net, target=target, label_drop=0.2)
    raise ValueError(f"It is a net for {process!r} on {of!r}.")
