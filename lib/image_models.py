"""What an image run trains: a configuration, the model it describes, its data, and the file of the trained net.

    model = load_model("results/digits_fm.safetensors")      a DDPM or a FlowMatching around a DiT
    x = model.decode(model.sample((16, *model.shape), calls=20, y=y))

Images are scaled to [-1, 1]; latents have unit variance (see `lib.vae`). A file of weights says how it was made.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from lib.data import digits, from_hub, mnist_subset, split
from lib.diffusion import DDPM, cosine_betas, linear_betas
from lib.diffusion_transformer import DiT
from lib.files import fill, halved, read, write
from lib.flow_matching import FlowMatching
from lib.seeding import seeded
from lib.vae import load_autoencoder

DATA = {"digits": digits, "mnist_subset": mnist_subset, "mnist": partial(from_hub, "mnist"),
        "cifar10": partial(from_hub, "cifar10")}  # fmt: skip
HELD_OUT = {"digits": 500, "mnist_subset": 1000, "mnist": 5000, "cifar10": 5000}
BETAS = {"linear": linear_betas, "cosine": cosine_betas}
CLASSES = 10


@dataclass(frozen=True)
class Config:
    """What decides the weights of a run. The command line has an option for each."""

    data: str = "digits"
    process: str = "fm"
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

    def __post_init__(self):
        known = {"data": DATA, "process": ("ddpm", "fm"), "betas": BETAS}
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}; got {getattr(self, name)!r}.")
        for name in ("patch", "width", "depth", "heads", "steps", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")


def build(config: Config, channels: int, size: int) -> DDPM | FlowMatching:
    """The untrained model of a configuration, with an initialisation seeded by it."""
    ddpm = config.process == "ddpm"
    net = DiT(size, channels, patch=config.patch, width=config.width, depth=config.depth, heads=config.heads,
              t_scale=1 if ddpm else 1000, classes=CLASSES, generator=seeded(config.seed))  # fmt: skip
    if ddpm:
        return DDPM(net, BETAS[config.betas](1000), config.target or "v")
    return FlowMatching(net, target=config.target or "u")


def images(config: Config) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(x, y) to train on and (x, y) held out: images in [-1, 1], or their latents."""
    sets = split(*DATA[config.data](), HELD_OUT[config.data])
    if not config.latents:
        return sets
    encoder = load_autoencoder(config.latents)
    return tuple((torch.cat([encoder.encode(part) for part in x.split(500)]), y) for x, y in sets)


def decoder(latents: str | Path) -> Callable[[Tensor], Tensor]:
    """What turns samples into images: the decoder in an autoencoder's file, or nothing to do where there is none ("")."""
    return load_autoencoder(latents).decode if latents else _unchanged


def _unchanged(x: Tensor) -> Tensor:
    return x


def about(config: Config, step: int) -> dict[str, str]:
    """Provenance: what a file of weights says of itself."""
    options = [f"--{f.name.replace('_', '-')}" + ("" if f.type is bool else f" {getattr(config, f.name)}")
               for f in fields(config) if getattr(config, f.name) != f.default]  # fmt: skip
    return {
        "config": json.dumps(asdict(config)),
        "step": str(step),
        "command": " ".join(["python -m lib.train_images", *options]),
        "torch": torch.__version__.split("+")[0],
    }


def save_model(path: Path, config: Config, model: DDPM | FlowMatching, shape: tuple[int, ...]) -> None:
    """The net alone, in float16: what is sampled from and shipped."""
    write(path, halved(model.net), about(config, config.steps) | {"shape": json.dumps(list(shape))})


def load_model(path: str | Path) -> DDPM | FlowMatching:
    """The model in a `model.safetensors`, ready to sample: `shape` (channels, size, size) of one sample, `config`, `decode`.

    `decode` makes images of samples; a model of latents finds its autoencoder beside its own file. Raises ValueError, with the
    reason, for a file that is damaged or of another kind.
    """
    weights, said = read(path, ("config", "shape"), "`python -m lib.train_images` makes such files.")
    try:
        config, shape = Config(**json.loads(said["config"])), tuple(json.loads(said["shape"]))
        model = build(config, shape[0], shape[-1])
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(f"What {path} says of its run makes no model: {error}") from None
    fill(model.net, weights, path)
    model.shape, model.config = shape, config
    model.decode = decoder(config.latents and Path(path).parent / Path(config.latents).name)
    return model.requires_grad_(False).eval()
