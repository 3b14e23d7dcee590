"""Train the nets of the explorer `jump`, and measure what is shipped.

    python -m tools.results.jump_nets        results/jump_nets.safetensors; five minutes on one core

Four recipes of few_steps, seed 0, all of them at its longest and in a net so small that a page carries four. The file says of
each net, by its float16 weights, what `judged` of few_steps measures.
"""

import json

import torch

from classroom.explorers.jump import FILE, NETS, load
from lib.flow_map import FlowMap
from lib.flow_matching import FlowMatching
from lib.trained.files import write
from tools.results.few_steps import LONG, RECIPES, RESULTS, judged, trained

TARGET = RESULTS / FILE
SEED, SHAPE = 0, {"width": 64, "embed_dim": 16}
RECIPE = {
    "flow": "flow matching",
    "reflow": "reflow on exact pairs",
    "lagrangian": "Lagrangian",
    "meanflow": "MeanFlow",
}


def put(nets: dict[str, FlowMatching | FlowMap], seconds: dict[str, int]) -> None:
    """Write the nets, and what they say of themselves: first what they are, and then what was measured on the file."""
    tensors = {f"{name}.{key}": w.half() for name, model in nets.items() for key, w in model.net.state_dict().items()}
    said = {
        name: {"t_scale": RECIPES[RECIPE[name]].t_scale, "steps": LONG, "seconds": seconds[name]} | SHAPE
        for name in NETS
    }
    about = {"data": "two_moons", "command": "python -m tools.results.jump_nets", "torch": torch.__version__}
    write(TARGET, tensors, about | {"nets": json.dumps(said)})
    for name, model in load(TARGET).items():
        said[name] |= judged(model, SEED)
        print(name, said[name], flush=True)
    write(TARGET, tensors, about | {"nets": json.dumps(said)})


def main() -> None:
    """Train, write, measure."""
    torch.set_num_threads(1)
    nets, seconds = {}, {}
    for name in NETS:
        recipe = RECIPES[RECIPE[name]]._replace(steps=LONG, **SHAPE)
        nets[name], taken = trained(recipe, SEED)
        seconds[name] = round(taken)
    put(nets, seconds)


if __name__ == "__main__":
    main()
