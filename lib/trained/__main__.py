"""The command line of image runs.

python -m lib.trained --data digits --process flow --out runs/digits
python -m lib.trained --data digits --process flow --out runs/digits --resume
python -m lib.trained --preset faces --steps 500 --out runs/faces
torchrun --standalone --nproc_per_node 8 -m lib.trained --preset cifar10 --out runs/cifar10
"""

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path

from lib.trained.checkpoint import CHANGEABLE
from lib.trained.config import DATA, Config
from lib.trained.folder import CHECKPOINT
from lib.trained.loop import train
from lib.trained.processes import one_line

HELP = {
    "data": f"{', '.join(DATA)}; the last two are fetched from Hugging Face, as is fashion without Debian's package of it",
    "process": "ddpm or flow (flow matching on the straight path)",
    "latents": "a trained autoencoder's file: diffuse in its latents",
    "betas": "linear or cosine, for ddpm",
    "target": 'what the net predicts; empty: "v" for ddpm, "u" for flow; sample "eps" on cosine betas with lib.Clipped',
    "patch": "side of a patch",
    "lr": "highest learning rate of AdamW; warm-up, then a half cosine to 0",
    "label_drop": "share of the labels withheld, for guidance",
    "ema": "decay of the averaged weights",
    "bf16": "autocast to bfloat16",
    "flip": "augmentation: mirror left and right, one picture in two",
    "shift": "augmentation: move each picture by up to so many pixels each way",
    "batch": "images a step, of all processes together",
    "accumulate": "parts of a batch that are computed one after the other, where all of it would not fit into the memory",
    "clip": "the longest gradient: one of a larger norm is scaled down to it; 0 clips none",
    "weight_decay": "AdamW's, of all weights; 0 is Adam",
    "sample_batch": "pictures that are drawn at a time",
    "net": "dit, or unet, of width channels at full size and without patch, depth and heads",
    "t_scale": "factor on the times that the net is told; 0: 1 for ddpm, 1000 for flow",
}
# Each line is a name and its options.
PRESETS = {
    name: options
    for name, *options in map(str.split, Path(__file__).with_name("presets.txt").read_text().splitlines())
    if name != "#"
}


def change(text: str) -> tuple[str, float]:
    """ "lr=3e-4" -> ("lr", 0.0003)."""
    name, _, value = text.partition("=")
    if name not in CHANGEABLE:
        raise argparse.ArgumentTypeError(f"{name} would make another run; {', '.join(CHANGEABLE)} can be changed")
    kind = next((field.type for field in fields(Config) if field.name == name), int)
    try:
        return name, kind(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} should be like {name}={'3e-4' if kind is float else 8000}") from None


def parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m lib.trained",
        description="Train a Diffusion Transformer, or a U-Net, on images.",
        epilog="presets:\n" + "\n".join(f"  {name:8} {' '.join(options)}" for name, options in PRESETS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preset", choices=PRESETS, help="options that stand before the others, which win; see below")
    for field in fields(Config):
        name = "--" + field.name.replace("_", "-")
        text = HELP.get(field.name, field.name)
        if field.type is bool:  # with --no-flip, for what a preset switches on
            parser.add_argument(name, action=argparse.BooleanOptionalAction, help=text)
            parser.set_defaults(**{field.name: field.default})
        else:
            parser.add_argument(
                name, type=field.type, default=field.default, help=f"{text} (default: {field.default!r})"
            )
    parser.add_argument("--out", required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out, or start it")
    parser.add_argument("--change", nargs="+", type=change, default=[], metavar="NAME=VALUE",
                        help=f"on resuming, another {', '.join(CHANGEABLE)}, as in --change lr=3e-4 steps=8000")  # fmt: skip
    parser.add_argument("--compile", action="store_true", help="torch.compile the net")
    parser.add_argument("--log-every", type=int, default=50, help="steps between rows of log.csv")
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints and sample grids")
    parser.add_argument("--keep", type=int, default=0, help="so many older checkpoints stay beside the last one")
    return parser


def typed(arguments: list[str]) -> dict:
    """What was typed, by name, after what its preset says."""
    if preset := parser().parse_args(arguments).preset:
        arguments = [*PRESETS[preset], *arguments]
    options = vars(parser().parse_args(arguments))
    return {name: value for name, value in options.items() if name != "preset"}


def main(arguments: list[str] | None = None) -> None:
    """The command line. What goes wrong is one line on stderr."""
    options = typed(sys.argv[1:] if arguments is None else arguments)
    names = ("out", "resume", "change", "compile", "log_every", "save_every", "keep")
    ours = {name: options.pop(name) for name in names}

    def kept() -> str:
        saved = os.path.isfile(Path(ours["out"]) / CHECKPOINT)  # False also where one may not look
        return "What was saved is whole: continue with --resume." if saved else ""

    with one_line(kept):
        train(Config(**options), **ours | {"change": dict(ours["change"])})


if __name__ == "__main__":
    main()
