"""Trained image nets, read from their files.

    model = load_model("results/digits_flow.safetensors")      a DDPM or a FlowMatching around a DiT or a U-Net
    x = model.sample((16, *model.shape), calls=20, y=y)
    classifier = load_classifier("results/digit_classifier.safetensors")
    autoencoder = load_autoencoder("results/mnist_autoencoder.safetensors")

A model is trained on in two lines; its new weights are saved with `lib.trained.weights.save`:

    model = load_model("results/digits_flow.safetensors").requires_grad_(True)
    for progress in fit(model, batches(x, y, size=64), steps=200, lr=1e-4): ...

Images are scaled to [-1, 1]; latents have unit variance, and `decoder` makes images of them.
"""

import json
import warnings
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from lib.diffusion import DDPM, cosine_betas, linear_betas
from lib.flow_matching import FlowMatching, paths
from lib.nets.autoencoder import Autoencoder
from lib.nets.classifier import Classifier
from lib.nets.dit import DiT
from lib.nets.unet import UNet
from lib.trained.files import look
from lib.trained.weights import call, load

PARTS = (DDPM, FlowMatching, DiT, UNet, linear_betas, cosine_betas, *map(type, paths()))
AVERAGE = "ema."  # before the names of the averaged weights in a checkpoint
HINT = "`python -m lib.trained` makes such files."


def load_model(path: str | Path) -> DDPM | FlowMatching:
    """The model in a file of weights, or in a run's checkpoint.safetensors: there it is the averaged one, and a warning says
    how far an unfinished run is.

    It is frozen. To train it on: `model.requires_grad_(True)`, then `fit(model, ...)`.

    Raises ValueError, with the reason, for a file that is damaged or of another kind.
    """
    shapes, said = look(path, (), HINT)
    if not any(name.startswith(AVERAGE) for name in shapes):
        return load(path, PARTS, _older_model, HINT)
    model = load(path, PARTS, _older_model, HINT, AVERAGE)
    if "unfinished" in said:
        warnings.warn(f"{path} is of a run that is not finished: {said['unfinished']}.", stacklevel=2)
    return model


def load_autoencoder(path: str | Path) -> Autoencoder:
    """The autoencoder in a file of weights. Raises ValueError, with the reason, for one that is damaged or of another kind."""
    return load(path, (Autoencoder,), _older_autoencoder, "`python -m tools.results.autoencoder` makes it.")


def load_classifier(path: str | Path) -> Classifier:
    """The classifier in a file of weights. Raises ValueError, with the reason, for one that is damaged or of another kind."""
    return load(path, (Classifier,), _older_classifier, "`python -m tools.results.classifiers` makes it.")


def decoder(latents: str | Path) -> Callable[[Tensor], Tensor]:
    """What turns samples into images: the decoder in an autoencoder's file, or nothing to do where there is none ("")."""
    return load_autoencoder(latents).decode if latents else _unchanged


def _unchanged(x: Tensor) -> Tensor:
    return x


# ---- files from before there were recipes ------------------------------------------------------------------------------------


def _older_model(said: dict[str, str]) -> dict:
    config, (channels, *_, size) = json.loads(said["config"]), json.loads(said["shape"])
    shape = {name: config[name] for name in ("patch", "width", "depth", "heads")}
    if (process := config["process"]) not in ("ddpm", "flow", "fm"):
        raise ValueError(f"It is a net for {process!r}.")
    ddpm = process == "ddpm"
    net = call("DiT", size=size, channels=channels, classes=10, t_scale=1 if ddpm else 1000, **shape)
    if ddpm:
        betas = call(f"{config['betas']}_betas", T=1000)
        return call("DDPM", net=net, betas=betas, target=config["target"] or "v")
    return call("FlowMatching", net=net, target=config["target"] or "u")


def _older_autoencoder(said: dict[str, str]) -> dict:
    counts = {name: int(said[name]) for name in ("channels", "latent", "width")}
    return call("Autoencoder", **counts, beta=float(said["beta"]))


def _older_classifier(said: dict[str, str]) -> dict:
    return call("Classifier", size=int(said["size"]))
