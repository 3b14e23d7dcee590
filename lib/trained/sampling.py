"""What decides the pictures that are drawn from a model's file, and the pictures.

    found, settings = source(Sampling("results/digits_flow.safetensors", calls=20, scale=2.0), device)
    x = pictures(found, range(0, 100), device)       (100, C, H, W) in [-1, 1]

Everything random about picture i comes from two streams, seeded by (seed, i): one for its start, one for the noise of its steps.
So it depends on neither the batch that it is drawn in nor the process, but for the last bits of a sum; and the first 100 of 1000
pictures are those of one who asks for 100.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lib.clipping import Clipped
from lib.guidance import Guided
from lib.prediction import Model
from lib.samplers import Rule, Step, facts, rules, sample, steps_for, walk
from lib.seeding import randn, stream
from lib.trained.config import DATA, config_of
from lib.trained.files import mark
from lib.trained.images import load_autoencoder, load_model

START, STEPS = "start", "steps"  # what a stream is for: a word, since a number is a part of a batch (batch.py)
RULES = {rule.__name__: rule for rule in rules()} | {
    f"{rule.__name__} {name}={value}": partial(rule, **{name: value})
    for rule in rules()
    for option in facts(rule).options
    for name, value in option.items()
}


@dataclass(frozen=True)
class Sampling:
    """What decides the pictures. The command line has an option for each."""

    model: str
    count: int = 100
    rule: str = "ddim"
    calls: int = 20
    scale: float = 1.0
    interval: tuple[float, float] | None = None
    classes: tuple[int, ...] = ()
    clip: bool | None = None
    seed: int = 0
    autoencoder: str = ""

    def __post_init__(self):
        if self.rule not in RULES:
            raise ValueError(f"rule must be one of {', '.join(RULES)}; got {self.rule!r}.")
        if self.count < 1:
            raise ValueError(f"count must be at least 1, got {self.count}.")
        if self.interval and self.scale == 1:
            raise ValueError(
                "An interval says where guidance acts, and --scale 1 is none. Add --scale 2, or leave it out."
            )


class Source(NamedTuple):
    """Where pictures come from, once everything about it was looked at."""

    model: Model  # guided and clipped as asked
    start: tuple[int, ...]  # shape of the noise of one
    decode: Callable[[Tensor], Tensor] | None  # latents -> pictures
    classes: tuple[int, ...]  # in turn; () where the net takes no labels
    rule: Rule
    calls: int
    seed: int

    def labels(self, rows: range) -> Tensor | None:
        """The labels (B,) of the pictures `rows`: the classes in turn."""
        return torch.tensor([self.classes[i % len(self.classes)] for i in rows]) if self.classes else None


def source(asked: Sampling, device: torch.device) -> tuple[Source, dict]:
    """Where the pictures come from, and the settings in full, which with equal files make equal pictures.

    Raises ValueError, with what to ask instead, for files that are missing or of another kind, a rule that does not fit the path,
    calls that the rule cannot make, classes that there are not, and guidance of a net without labels.
    """
    model, config = load_model(asked.model), config_of(asked.model)
    data, autoencoder, file = DATA[config.data], None, None
    if config.latents:
        file = _autoencoder_file(asked, config.latents)
        autoencoder = load_autoencoder(file)
        if (autoencoder.latent, autoencoder.channels) != (model.shape[0], data.shape[0]):
            raise ValueError(
                f"{file} decodes {autoencoder.latent} channels to {autoencoder.channels}, and {asked.model} makes "
                f"{model.shape[0]} for {data.shape[0]}. Name the autoencoder that it was trained with: --autoencoder."
            )
    elif asked.autoencoder:
        raise ValueError(f"{asked.model} was trained on pixels, and needs no autoencoder. Leave --autoencoder out.")
    if asked.clip and autoencoder is not None:
        raise ValueError(f"{asked.model} makes latents, which have no range to be clipped to. Leave --clip out.")
    clip = autoencoder is None if asked.clip is None else asked.clip
    known = getattr(model.net, "classes", None)
    if known is None and (asked.scale != 1 or asked.classes):
        what = "guidance steers towards a class" if asked.scale != 1 else "there are no classes to ask for"
        raise ValueError(f"{asked.model} was trained without labels: {what}. Leave --scale and --classes out.")
    if wrong := [label for label in asked.classes if not 0 <= label < known]:
        there = ", ".join(f"{label} {name}" for label, name in enumerate(data.classes[:known]))
        raise ValueError(f"There is no class {wrong[0]} of {config.data}: choose of {there}.")
    classes = asked.classes or tuple(range(known or 0))

    model.to(device)
    guided = model if asked.scale == 1 else Guided(model, asked.scale, asked.interval)
    clipped, decode = Clipped(guided) if clip else guided, autoencoder and autoencoder.to(device).decode
    found = Source(clipped, model.shape, decode, classes, RULES[asked.rule], asked.calls, asked.seed)
    _try(found, device)
    settings = {name: value for name, value in asdict(asked).items() if name not in ("model", "autoencoder")}
    settings |= {"classes": list(classes), "clip": clip, "interval": asked.interval and list(asked.interval)}
    return found, settings | {"data": config.data, "files": [mark(path) for path in (asked.model, file) if path]}


def _try(source: Source, device: torch.device) -> None:
    """Ask the net once, at the start of one picture: what does not fit is said before anything is written."""
    x, y, steps = _start(source, range(1), device), source.labels(range(1)), steps_for(source.calls, source.rule)
    next(walk(source.model, x, source.model.path.grid(steps), source.rule, None if y is None else y.to(device)))


def _autoencoder_file(asked: Sampling, latents: str) -> Path:
    """The autoencoder that is named; else the one of the model's training, beside the model's file or where it was then."""
    beside = Path(asked.model).parent / Path(latents).name
    return Path(asked.autoencoder or (beside if beside.exists() else latents))


# ---- pictures ------------------------------------------------------------------------------------------------------------------


class OwnNoise(Step):
    """A step that draws each row's noise from a stream of its own: `generator` is a list of them."""

    def noise(self) -> Tensor:
        """Standard normal numbers like x."""
        rows = [randn(self.x.shape[1:], generator=generator) for generator in self.generator]
        return torch.stack(rows).to(self.x)


def _with_streams(rule: Rule, streams: list[torch.Generator]) -> Rule:
    """The rule, with a stream for each row."""

    def one_step(step: Step) -> Tensor:
        return rule(OwnNoise(*step._replace(generator=streams)))

    one_step.facts = facts(rule)
    return one_step


def _start(source: Source, rows: range, device: torch.device) -> Tensor:
    return torch.stack([randn(source.start, generator=stream(source.seed, i, START)) for i in rows]).to(device)


@torch.no_grad()
def pictures(source: Source, rows: range, device: torch.device) -> Tensor:
    """The pictures `rows`, (B, C, H, W) in [-1, 1], on the CPU. Each depends on the seed and its number alone."""
    streams = [stream(source.seed, i, STEPS) for i in rows]
    y, rule = source.labels(rows), _with_streams(source.rule, streams)
    x = sample(source.model, _start(source, rows, device), source.calls, rule, None if y is None else y.to(device))
    return (source.decode(x) if source.decode else x).clamp(-1, 1).cpu()
