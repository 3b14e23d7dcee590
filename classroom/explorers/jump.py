"""One jump: where four nets land a noise point that the reader drags, beside the exact flow from it."""

import json
from pathlib import Path

from IPython.display import HTML

from classroom.explorers.figure import figure
from classroom.explorers.shipped import packed_weights
from lib.flow_map import FlowMap, two_times
from lib.flow_matching import FlowMatching
from lib.nets.mlp import MLPDenoiser
from lib.trained.files import read

FILE = "jump_nets.safetensors"
HINT = "`python -m tools.results.jump_nets` makes it."
NETS = {"flow": False, "reflow": False, "lagrangian": True, "meanflow": True}  # name in jump.js: is told two times


def load(path: str | Path) -> dict[str, FlowMatching | FlowMap]:
    """The nets of results/jump_nets.safetensors as models, by the names of NETS. Raises ValueError for another file."""
    tensors, about = read(path, ("nets",), HINT)
    return {name: _model(name, tensors, said) for name, said in json.loads(about["nets"]).items()}


def _model(name: str, tensors: dict, said: dict) -> FlowMatching | FlowMap:
    net = MLPDenoiser(width=said["width"], embed_dim=said["embed_dim"], t_scale=said["t_scale"])
    net = two_times(net) if NETS[name] else net
    weights = {key.removeprefix(f"{name}."): w.float() for key, w in tensors.items() if key.startswith(f"{name}.")}
    net.load_state_dict(weights)
    net.requires_grad_(False)
    return FlowMap(net) if NETS[name] else FlowMatching(net)


def show(path: str | Path) -> HTML:
    """Drag a noise point: the exact flow from it, where four nets land it in 1, 2 or 4 jumps, and how far that is off.

    path  results/jump_nets.safetensors, written by tools/results/jump_nets.py
    """
    return figure(
        "jump",
        {"nets": {name: _handed_over(model) for name, model in load(path).items()}},
        alt="A plane of noise, blue where a net's one jump lands on the upper moon and orange where it lands on the lower one; "
        "black dots, which say how far each landing is from the exact end, are large along the border of the two colours "
        "and small elsewhere. A blue curve is the exact path of one noise point to a moon; four straight lines lead from the "
        "same point to where four nets land, and bars on the right say how far from the exact end that is.",
        caption="One jump. The same point, followed exactly (blue curve) and carried by four nets of the same size in one "
        "call each: flow matching, whose single Euler step ends between the moons; reflow, on pairs of the exact flow; and "
        "two flow maps, trained by the Lagrangian condition and as MeanFlow. The bars are the distances to the exact end. "
        "The plane is coloured by the moon on which the chosen map lands what starts there, paler where a time before 1 leaves "
        "that open and where hardly any points are; the dots grow with the distance from the exact end. The error sits where the "
        "boundary is: there the exact map parts neighbours, and a net, which is smooth, has to stretch across the gap.",
    )


def in_book(results: Path) -> HTML:
    """With the shipped nets."""
    return show(results / FILE)


def _handed_over(model: FlowMatching | FlowMap) -> dict:
    """A net as `readNet` of jump.js reads it; a gap of 0 for one that is told one time."""
    time = model.net.time
    gap = time.gap.t_scale if isinstance(model, FlowMap) else 0
    return {"scale": model.net.t_scale, "gap": gap, **packed_weights(model.net)}
