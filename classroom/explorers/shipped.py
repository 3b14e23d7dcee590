"""Trained nets with one byte a number: transformers as a page loads them on demand, in a script that hands them over.

A matrix is kept as whole numbers from -127 to 127 and one factor for each row; what has one dimension is kept in single
precision. `core/weights.js` unpacks. A script, because from `file://` a page can load nothing else.

    python -m classroom.explorers.shipped digits_flow build/weights     writes build/weights/digits_flow.js, 1.5 MB
"""

import argparse
import base64
import json
from pathlib import Path

import torch
from torch import Tensor, nn

from lib.flow_matching import FlowMatching, LinearPath
from lib.nets.dit import DiT
from lib.trained.images import load_model
from lib.trained.shipped import RESULTS

LARGEST = 127  # of a byte with a sign, and the same on both sides
SIZES = ("size", "channels", "patch", "width", "depth", "heads", "t_scale", "classes")


def quantised(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix (rows, ...) as one factor for each row, in float32, and whole numbers in int8 of the same shape."""
    rows = weight.float().flatten(1)
    factors = rows.abs().amax(1) / LARGEST
    steps = rows / factors.where(factors > 0, 1)[:, None]  # a row of zeros stays one
    return factors, steps.round().to(torch.int8).reshape(weight.shape)


def restored(weight: Tensor) -> Tensor:
    """What a page makes of a weight: the numbers that `core/weights.js` unpacks."""
    if weight.ndim == 1:
        return weight.float()
    factors, whole = quantised(weight)
    return (factors[:, None] * whole.flatten(1)).reshape(weight.shape)


def packed(model: FlowMatching) -> dict:
    """A transformer as `dit` of transformer.js and `unpackWeights` of weights.js read it: {sizes, target, tensors, data}.

    Raises ValueError for a model that is no DiT on the straight path.
    """
    if not (isinstance(model, FlowMatching) and model.path == LinearPath() and isinstance(model.net, DiT)):
        raise ValueError("The browser runs a DiT that was trained by flow matching on LinearPath: give such a model.")
    return {
        "sizes": {name: getattr(model.net, name) for name in SIZES},
        "target": model.target,
        **packed_weights(model.net),
    }


def packed_weights(net: nn.Module) -> dict:
    """All parameters of a net as `unpackWeights` of weights.js reads them: {tensors, data}."""
    weights = {name: weight.detach() for name, weight in net.named_parameters()}
    whole = [part for weight in weights.values() for part in _parts(weight)]
    return {
        "tensors": [{"name": name, "shape": list(weight.shape)} for name, weight in weights.items()],
        "data": base64.b64encode(b"".join(part.contiguous().numpy().tobytes() for part in whole)).decode(),
    }


def _parts(weight: Tensor) -> tuple[Tensor, ...]:
    return quantised(weight) if weight.ndim > 1 else (weight.float(),)


def script(name: str, model: FlowMatching) -> str:
    """A script after which `knobWeights[name]` is the model. The same model gives the same bytes."""
    content = json.dumps(packed(model), separators=(",", ":"))
    return f'(globalThis.knobWeights ??= {{}})["{name}"] = {content};\n'


def main() -> None:
    """Write the script of a shipped model into a folder."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("name", help="of a file in results/, without its ending")
    arguments.add_argument("folder", type=Path)
    arguments = arguments.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    text = script(arguments.name, load_model(RESULTS / f"{arguments.name}.safetensors"))
    (path := arguments.folder / f"{arguments.name}.js").write_text(text)
    print(f"shipped: {path}, {len(text) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
