"""What an image run trains: a configuration, the model it describes, its data, and what its file says of it."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lib.checks import check_number, check_whole, told
from lib.data import digits, from_hub, mnist_subset, split
from lib.diffusion import DDPM, DiscreteSchedule, cosine_betas, linear_betas
from lib.flow_matching import FlowMatching, LinearPath
from lib.nets.dit import DiT
from lib.nets.unet import UNet
from lib.pictures import EMOJI, FACES, FASHION, emoji, faces, fashion_mnist
from lib.prediction import determinant
from lib.seeding import seeded
from lib.trained.files import look
from lib.trained.images import HINT, decoder, load_autoencoder

Pair = tuple[Tensor, Tensor]  # images (N, *shape) in [-1, 1], labels (N,)


class DataSet(NamedTuple):
    """Images to train on."""

    load: Callable[[], Pair]
    shape: tuple[int, int, int]  # of an image: channels, height, width
    classes: tuple[str, ...]  # what the labels 0, 1, ... mean
    held_out: int  # so many are kept from training
    classifier: str  # what reads them: results/<classifier>_classifier.safetensors
    last: bool = False  # the last ones, as the data set's authors meant it; else some drawn at random, always the same

    def sides(self) -> tuple[Pair, Pair]:
        """(x, y) to train on and (x, y) held out."""
        x, y = self.load()
        if not self.last:
            return split(x, y, self.held_out)
        return (x[: -self.held_out], y[: -self.held_out]), (x[-self.held_out :], y[-self.held_out :])


DIGITS = tuple("0123456789")
CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DATA = {
    "digits": DataSet(digits, (1, 8, 8), DIGITS, 500, "digit"),
    "mnist_subset": DataSet(mnist_subset, (1, 28, 28), DIGITS, 1000, "mnist"),
    "fashion": DataSet(fashion_mnist, (1, 28, 28), FASHION, 10_000, "fashion", last=True),
    "emoji": DataSet(emoji, (3, 32, 32), EMOJI, 137, "emoji"),
    "faces": DataSet(faces, (3, 32, 32), FACES, 15, "faces"),
    "mnist": DataSet(partial(from_hub, "mnist"), (1, 28, 28), DIGITS, 5000, "mnist"),
    "cifar10": DataSet(partial(from_hub, "cifar10"), (3, 32, 32), CIFAR, 5000, "cifar10"),
}
# What older files do not know of.
LATER = {"flip": False, "shift": 0, "accumulate": 1, "clip": 0.0, "weight_decay": 0.0, "sample_batch": 256,
         "net": "dit", "t_scale": 0.0}  # fmt: skip
BETAS = {"linear": linear_betas, "cosine": cosine_betas}
# The least that a number may be, if not 1.
LOW = {"seed": -(2**63), "lr": 0, "label_drop": 0, "ema": 0, "shift": 0, "clip": 0, "weight_decay": 0, "t_scale": 0}
HIGH = {"seed": 2**63 - 1, "depth": 1000, "label_drop": 1, "ema": 1}
OF_DIT = ("patch", "depth", "heads")  # options that a U-Net does not have
MOST = 10**10  # weights of a net: with their average, gradients and moments 200 GB


@dataclass(frozen=True)
class Config:
    """What decides the weights of a run. The command line has an option for each."""

    data: str = "digits"
    process: str = "flow"
    latents: str = ""
    betas: str = "cosine"
    target: str = ""
    patch: int = 2
    width: int = 96
    depth: int = 6
    heads: int = 4
    steps: int = 4000
    batch: int = 128
    lr: float = 1e-3
    label_drop: float = 0.1
    ema: float = 0.998
    seed: int = 0
    bf16: bool = False
    flip: bool = False
    shift: int = 0
    accumulate: int = 1
    clip: float = 0.0
    weight_decay: float = 0.0
    sample_batch: int = 256
    net: str = "dit"
    t_scale: float = 0.0

    def __post_init__(self):
        for field in fields(self):
            self._check(field.name, field.type)
        known = {"data": DATA, "process": ("ddpm", "flow"), "betas": BETAS, "net": ("dit", "unet")}
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}; got {getattr(self, name)!r}.")
        if self.ema == 1:
            raise ValueError("ema must be below 1: an average of decay 1 never moves.")
        unet = self.net == "unet"
        if (weights := (800 if unet else 18 * self.depth) * self.width**2) > MOST:
            raise ValueError(f"depth={self.depth} and width={self.width} make {weights:.1g} weights: take less.")
        if unet and (
            meant := [f.name for f in fields(self) if f.name in OF_DIT and getattr(self, f.name) != f.default]
        ):
            raise ValueError(
                f"A U-Net has no {meant[0]}; its size is --width, the channels at full size. Leave --{meant[0]} out."
            )
        if self.batch % self.accumulate:
            raise ValueError(
                f"A batch of {self.batch} does not split into accumulate={self.accumulate} equal parts. Let one divide the other."
            )
        side = min(DATA[self.data].shape[1:])
        if self.shift >= side:
            raise ValueError(f"shift must lie in 0 ... {side - 1} for {self.data}, got {self.shift}.")
        if self.latents and self.augmented:
            raise ValueError("--flip and --shift move pixels, and latents are none. Leave them out, or --latents.")
        if determinant(self.answers, (path := self.path).coeffs(path.t_noise)) == 0:
            raise ValueError(
                f'A net for "{self.answers}" cannot be sampled on the path of {self.process}: at pure noise, where sampling '
                "begins, its answer says nothing of the data. Use --target v, x0 or, for flow, u."
            )

    def _check(self, name: str, kind: type) -> None:
        """Raise unless an option is of its kind and within its bounds; NumPy's numbers become Python's, which JSON knows."""
        value = getattr(self, name)
        if kind is int:
            check_whole(name, value, LOW.get(name, 1), high=HIGH.get(name, 10**9))
        elif kind is float:
            check_number(name, value, LOW[name], HIGH.get(name, math.inf))
        elif not isinstance(value, kind):
            raise TypeError(f"{name} must be {'True or False' if kind is bool else 'text'}, got {told(value)}.")
        object.__setattr__(self, name, kind(value))

    @property
    def answers(self) -> str:
        """What the net predicts."""
        return self.target or ("v" if self.process == "ddpm" else "u")

    @property
    def augmented(self) -> bool:
        """Whether pictures are moved at random (see lib.pictures.augment)."""
        return self.flip or self.shift > 0

    @property
    def path(self) -> DiscreteSchedule | LinearPath:
        """The path that it learns on."""
        return DiscreteSchedule(BETAS[self.betas](1000)) if self.process == "ddpm" else LinearPath()


def build(config: Config, channels: int, size: int) -> DDPM | FlowMatching:
    """The untrained model of a configuration, with an initialisation seeded by it."""
    ddpm = config.process == "ddpm"
    shared = {"width": config.width, "t_scale": config.t_scale or (1 if ddpm else 1000), "generator": seeded(config.seed),
              "classes": len(DATA[config.data].classes)}  # fmt: skip
    if config.net == "unet":
        net = UNet(size, channels, **shared)
    else:
        net = DiT(size, channels, patch=config.patch, depth=config.depth, heads=config.heads, **shared)
    if ddpm:
        return DDPM(net, config.path.betas, config.answers)
    return FlowMatching(net, config.path, config.answers)


def images(config: Config) -> tuple[Pair, Pair]:
    """(x, y) to train on and (x, y) held out: images in [-1, 1], or their latents."""
    sets = DATA[config.data].sides()
    if not config.latents:
        return sets
    encoder = load_autoencoder(config.latents)
    return tuple((torch.cat([encoder.encode(part) for part in x.split(500)]), y) for x, y in sets)


def about(config: Config, step: int) -> dict[str, str]:
    """Provenance: what a file of weights says of itself."""
    options = [f"--{f.name.replace('_', '-')}" + ("" if f.type is bool else f" {getattr(config, f.name)}")
               for f in fields(config) if getattr(config, f.name) != f.default]  # fmt: skip
    return {
        "config": json.dumps(asdict(config)),
        "step": str(step),
        "data": config.data,
        "command": " ".join(["python -m lib.trained", *options]),
        "torch": torch.__version__.split("+")[0],
    }


def config_of(path: str | Path) -> Config:
    """The configuration of the run that wrote a file of weights. Raises ValueError for a file of another kind."""
    said = look(path, ("config",), HINT)[1]
    try:
        return Config(**stored(said))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"The config in {path} is none of a run ({error}). {HINT}") from None


def stored(said: dict[str, str]) -> dict:
    """The options that a file names; older ones call flow matching fm, and lack some, which were then as they are here."""
    options = LATER | json.loads(said["config"])
    return options | ({"process": "flow"} if options["process"] == "fm" else {})


def decoder_of(path: str | Path) -> Callable[[Tensor], Tensor]:
    """What makes images of the samples of the model in a file; an autoencoder is looked for beside that file."""
    latents = config_of(path).latents
    return decoder(latents and Path(path).parent / Path(latents).name)
